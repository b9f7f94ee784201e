"""Results that are elements of the argument, in other places: which one stands where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gradstep.views.formulas import bags, moving, shape
from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.results.elementwise import Work
from gradstep.views.formulas.rule import Worked, number
from gradstep.views.numbers import hyper
from gradstep.views.numbers import index as written

Move = Callable[[Call, Array], Array]


def taken(value: float, at: Place, letter: str = "a") -> Worked:
    """Say of which element a value is."""
    return Worked(f"{letter}{written(at)} {number(value)}", value, abs(value))


def _moved(move: Move) -> Work:
    """Send the elements' numbers through the op and look which one came to the place."""

    def work(call: Call, place: Place) -> Worked:
        import numpy as np

        a = call.array(0)
        went = np.asarray(move(call, np.arange(a.size).reshape(a.shape)))
        went = went if went.shape == call.output().shape else went.reshape(call.output().shape)
        which = int(went[place])
        if which < 0:
            fill = float(call.option("value", 0) or 0)
            return Worked(f"{hyper(fill)}  (no element of a)", fill, abs(fill))
        at = tuple(int(i) for i in np.unravel_index(which, a.shape))
        return taken(float(a[at]), at)

    return work


def _first(pieces: Callable[[Call, Array], list[Array]]) -> Work:
    return _moved(lambda call, ids: pieces(call, ids)[0])


def _cat(call: Call, place: Place) -> Worked:
    dims = call.integers()
    axis = (dims[0] if dims else 0) % call.output().ndim
    left = place[axis]
    for position in range(len(call.arguments)):
        a = call.array(position)
        if a.ndim != len(place):
            continue
        if left < a.shape[axis]:
            at = (*place[:axis], left, *place[axis + 1 :])
            return taken(float(a[at]), at, f"piece {position} at ")
        left -= a.shape[axis]
    raise Unknown("a piece was not recorded")


def _stack(call: Call, place: Place) -> Worked:
    dims = call.integers()
    axis = (dims[0] if dims else 0) % len(place)
    at = (*place[:axis], *place[axis + 1 :])
    a = call.array(place[axis])
    return taken(float(a[at]), at, f"piece {place[axis]} at ")


def _block_diag(call: Call, place: Place) -> Worked:
    row, column = place
    for position in range(len(call.arguments)):
        a = call.array(position)
        rows, columns = (1, a.size) if a.ndim < 2 else a.shape
        if 0 <= row < rows and 0 <= column < columns:
            at = (row, column)[2 - a.ndim :]
            return taken(float(a[at]), at, f"block {position} at ")
        row, column = row - rows, column - columns
    return Worked("0  (outside of the blocks)", 0.0, 0.0)


def _gather(call: Call, place: Place) -> Worked:
    dim = int(call.option("dim", 0)) % max(len(place), 1)
    index = int(call.array(1)[place])
    at = tuple(index if d == dim else i for d, i in enumerate(place))
    return taken(float(call.array(0)[at]), at)


def _embedding(call: Call, place: Place) -> Worked:
    at = (int(call.array(1)[place[:-1]]), place[-1])
    return taken(float(call.array(0)[at]), at, "w")


def pixel_shuffle(call: Call, ids: Array) -> Array:
    """Spread channels over places; by how much, the shapes tell."""
    shape = call.output().shape
    factor = shape[-1] // ids.shape[-1]
    *lead, channels, height, width = ids.shape
    spread = ids.reshape(*lead, channels // factor**2, factor, factor, height, width)
    n = len(lead)
    order = (*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return spread.transpose(order).reshape(shape)


def _picked(call: Call, ids: Array) -> Array:
    return ids[shape.key_of(call)] if shape.key_of(call) is not None else shape.select(call, ids)


_SAME: Final = (
    *("view", "reshape", "flatten", "unflatten", "unsqueeze", "squeeze", "view_as", "contiguous"),
    *("ravel", "detach"),
)


def _unfold(call: Call, place: Place) -> Worked:
    """Tell the method, a sliding window, from the function, blocks of images, by their options."""
    work = bags.unfolded if "blocks" in call.options else _moved(moving.windows)
    return work(call, place)


MOVES: Final[Mapping[str, Move]] = {
    **dict.fromkeys(_SAME, shape.same_order),
    **dict.fromkeys(("transpose", "t"), shape.transpose),
    "permute": shape.permute,
    **dict.fromkeys(("expand", "broadcast_to"), shape.expand),
    **dict.fromkeys(("getitem", "select", "narrow", "masked_select", "take"), _picked),
    "flip": moving.by_numpy("flip", "dims"),
    "roll": moving.by_numpy("roll", "shifts", "dims"),
    "rot90": moving.by_numpy("rot90", "k", "dims"),
    **dict.fromkeys(("tril", "triu"), moving.triangle),
    "repeat": moving.repeat,
    "repeat_interleave": moving.repeat_each,
    "diagonal": moving.diagonal,
    "index_select": moving.chosen,
    "pad": moving.padded,
    "as_strided": moving.strided,
    "diag_embed": moving.embedded,
    "pack_padded_sequence": moving.packed,
    "pad_packed_sequence": moving.unpacked,
    "pixel_shuffle": pixel_shuffle,
}

WORKS: Final[Mapping[str, Work]] = {
    **{name: _moved(move) for name, move in MOVES.items()},
    "unfold": _unfold,
    "split": _first(moving.split),
    "chunk": _first(moving.chunk),
    "unbind": _first(moving.unbind),
    "cat": _cat,
    "stack": _stack,
    "block_diag": _block_diag,
    "gather": _gather,
    "embedding": _embedding,
}
