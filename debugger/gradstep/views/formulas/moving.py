"""Further ops that rearrange, pick or repeat elements: each gets back what its copies received."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.rule import Rule, Worked, number, summed
from gradstep.views.numbers import index as written

Pieces = Callable[[Call, Array], list[Array]]
"""Where the numbered elements of the argument went: one array for each output."""


def _sent(pieces: Pieces) -> Callable[[Call, int, Place], Worked]:
    """Work a gradient out by sending the elements' numbers through the op; −1 is no element."""

    def work(call: Call, position: int, place: Place) -> Worked:
        import numpy as np

        if position:
            raise Unknown("only the first argument has a gradient")
        a = call.array(0)
        ids = np.arange(a.size).reshape(a.shape)
        texts, terms = [], []
        outputs = pieces(call, ids)
        several = len(outputs) > 1
        for number_of, (went, grad) in enumerate(zip(outputs, call.grad_outputs, strict=False)):
            if grad is None:
                continue
            for at in np.argwhere(np.asarray(went).reshape(grad.shape) == int(ids[place])).tolist():
                value = float(grad[tuple(at)])
                which = f"grad_out {number_of}" if several else "grad_out"
                texts.append(f"{which}{written(at)} {number(value)}")
                terms.append(value)
        if not terms:
            return Worked("0  (not taken)", 0.0, 0.0)
        return summed(texts.__getitem__, np.array(terms))

    return work


def _one(move: Callable[[Call, Array], Array]) -> Pieces:
    return lambda call, ids: [move(call, ids)]


def _dims(call: Call, name: str = "dims") -> tuple[int, ...]:
    found = call.option(name)
    if isinstance(found, int):
        return (found,)
    if not isinstance(found, tuple) or not all(isinstance(item, int) for item in found):
        raise Unknown("the dimensions are not known")
    return found


def by_numpy(name: str, *options: str) -> Callable[[Call, Array], Array]:
    """Send numbers through numpy's function of the same meaning."""

    def move(call: Call, ids: Array) -> Array:
        import numpy as np

        return getattr(np, name)(ids, *(_given(call, option) for option in options))

    return move


def _given(call: Call, option: str) -> Any:
    found = call.option(option)
    if found is None or isinstance(found, str):
        raise Unknown(f"{option} is not known")
    return found


def triangle(call: Call, ids: Array) -> Array:
    """Keep what lies on one side of a diagonal; elsewhere there is no element."""
    import numpy as np

    # +1 and −1: what is outside of the triangle holds no element, not the first.
    cut = np.triu if call.option("upper") else np.tril
    return cut(ids + 1, int(call.option("diagonal", 0))) - 1


def repeat(call: Call, ids: Array) -> Array:
    """Repeat the whole along each dimension."""
    import numpy as np

    return np.tile(ids, _dims(call, "repeats"))


def repeat_each(call: Call, ids: Array) -> Array:
    """Repeat each slice, some times."""
    import numpy as np

    text = str(call.option("repeats"))
    try:
        times = ast.literal_eval(text.removeprefix("array(").removesuffix(")"))
    except (SyntaxError, ValueError):
        raise Unknown("repeats are not known") from None
    return np.repeat(ids, times, call.option("dim"))


def split(call: Call, ids: Array) -> list[Array]:
    """Cut into pieces of given sizes."""
    import numpy as np

    ends = np.cumsum(_dims(call, "sizes"))[:-1]
    return list(np.split(ids, ends, axis=int(call.option("dim", 0))))


def chunk(call: Call, ids: Array) -> list[Array]:
    """Cut into so many pieces."""
    import numpy as np

    axis = int(call.option("dim", -1))
    return list(np.split(ids, int(_given(call, "chunks")), axis=axis))


def unbind(call: Call, ids: Array) -> list[Array]:
    """Cut into slices."""
    import numpy as np

    return list(np.moveaxis(ids, int(call.option("dim", 0)), 0))


def diagonal(call: Call, ids: Array) -> Array:
    """Take a diagonal."""
    options = (int(call.option(name, other)) for name, other in
               (("offset", 0), ("dim1", 0), ("dim2", 1)))  # fmt: skip
    return ids.diagonal(*options)


def chosen(call: Call, ids: Array) -> Array:
    """Take the slices that an index names."""
    return ids.take(call.array(1).astype(int), axis=int(_given(call, "dim")))


def padded(call: Call, ids: Array) -> Array:
    """Put a border round it; a border of constants holds no element."""
    import numpy as np

    pads = call.option("pad")
    if not isinstance(pads, tuple) or not all(isinstance(item, tuple) for item in pads):
        raise Unknown("the widths are not known")
    widths = [(0, 0)] * (ids.ndim - len(pads)) + list(pads)
    modes = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    mode = modes.get(str(call.option("mode", "constant")))
    if mode is None:
        return np.pad(ids, widths, constant_values=-1)
    return np.pad(ids, widths, mode=mode)  # type: ignore[call-overload]


def windows(call: Call, ids: Array) -> Array:
    """Show it through a sliding window."""
    import numpy as np

    axis, size = int(_given(call, "dim")) % ids.ndim, int(_given(call, "size"))
    step = int(call.option("step", 1))
    found = np.lib.stride_tricks.sliding_window_view(ids, size, axis=axis)
    return found[(slice(None),) * axis + (slice(None, None, step),)]


def strided(call: Call, ids: Array) -> Array:
    """See the elements through strides."""
    import numpy as np

    size, stride = call.option("size"), call.option("stride")
    if not isinstance(size, tuple) or not isinstance(stride, tuple):
        raise Unknown("its strides are not known")
    found = np.full(size, int(call.option("start", call.option("storage_offset", 0)) or 0))
    for d, (length, step) in enumerate(zip(size, stride, strict=True)):
        along = (np.arange(length) * step).reshape((-1,) + (1,) * (len(size) - d - 1))
        found = found + along
    return found


def embedded(call: Call, ids: Array) -> Array:
    """Put the last dimension onto a diagonal; elsewhere there is no element."""
    import numpy as np

    offset, one, two = (int(call.option(name, other)) for name, other in
                        (("offset", 0), ("dim1", -2), ("dim2", -1)))  # fmt: skip
    shape = call.incoming().shape if call.out is None else call.out.shape
    found = np.full(shape, -1)
    found_at = np.moveaxis(found, (one, two), (-2, -1))
    rows = np.arange(ids.shape[-1]) + max(-offset, 0)
    found_at[..., rows, rows + offset] = ids
    return found


def _batches(call: Call) -> tuple[int, ...]:
    found = call.option("batch_sizes")
    if not isinstance(found, tuple):
        raise Unknown("the lengths are not known")
    return found


def packed(call: Call, ids: Array) -> Array:
    """Leave the padding out."""
    import numpy as np

    return np.concatenate([ids[t, :count] for t, count in enumerate(_batches(call))])


def unpacked(call: Call, ids: Array) -> Array:
    """Put sequences side by side; padding holds no element."""
    import numpy as np

    batches = _batches(call)
    found = np.full((int(call.option("time", len(batches))), batches[0], *ids.shape[1:]), -1)
    for t, count in enumerate(batches):
        first = sum(batches[:t])
        found[t, :count] = ids[first : first + count]
    return found


def _trace(call: Call, position: int, place: Place) -> Worked:
    value = float(call.incoming()) if place[0] == place[1] else 0.0
    return Worked(number(value) if value else "0  (not on the diagonal)", value, abs(value))


_BACK: Final = ("grad_a = grad_out, put back where it came from",)
_COPIES: Final = ("grad_a = Σ of grad_out over the copies",)
_OWN: Final = ("grad_a = each piece's own grad_out, joined again",)
_KEPT: Final = ("grad_a = grad_out where it was kept, 0 elsewhere",)


def _moves(forward: str, backward: tuple[str, ...], move: Callable[[Call, Array], Array]) -> Rule:
    return Rule(forward, backward, _sent(_one(move)))


_PIECES: Final = Rule("out = the pieces of a", _OWN, _sent(split))
_PADDED: Final = _moves("out = a with a border", ("grad_a = Σ of grad_out where a stands",), padded)

RULES: Final[Mapping[str, Rule]] = {
    "Flip": _moves("out = a, turned round", _BACK, by_numpy("flip", "dims")),
    "Roll": _moves("out = a, moved round the end", _BACK, by_numpy("roll", "shifts", "dims")),
    "Rot90": _moves("out = a, turned by 90°", _BACK, by_numpy("rot90", "k", "dims")),
    "Tril": _moves("out = a below the diagonal, else 0", _KEPT, triangle),
    "Triu": _moves("out = a above the diagonal, else 0", _KEPT, triangle),
    "Repeat": _moves("out = a, repeated as a whole", _COPIES, repeat),
    "RepeatInterleave": _moves("out = each element of a, repeated", _COPIES, repeat_each),
    "Split": _PIECES,
    "SplitWithSizes": _PIECES,
    "UnsafeSplit": Rule("out = the pieces of a", _OWN, _sent(chunk)),
    "Unbind": Rule("out = the slices of a", _OWN, _sent(unbind)),
    "Diagonal": _moves("out = the diagonal of a", _KEPT, diagonal),
    "IndexSelect": _moves(
        "out = the slices that the indices name",
        ("grad_a = Σ of grad_out where the index names it",),
        chosen,
    ),
    "Unfold": _moves("out = the windows of a", ("grad_a = Σ over its windows",), windows),
    "Trace": Rule(
        "out = Σ of the diagonal", ("grad_a = grad_out on the diagonal, else 0",), _trace
    ),
    **dict.fromkeys(
        (
            "ConstantPadNd",
            *(f"{kind}Pad{n}D" for kind in ("Reflection", "Replication") for n in (1, 2, 3)),
        ),
        _PADDED,
    ),
}

BY_OP: Final[Mapping[str, Rule]] = {
    "as_strided": _moves("out = a, seen through other strides", _COPIES, strided),
    "diag_embed": _moves("out = a on a diagonal, else 0", _BACK, embedded),
    "pack_padded_sequence": _moves("out = a without its padding", _BACK, packed),
    "pad_packed_sequence": _moves("out = a with padding", _BACK, unpacked),
    "pad": _PADDED,
}
"""Ops whose nodes' names do not tell."""
