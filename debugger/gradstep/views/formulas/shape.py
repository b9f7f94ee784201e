"""Ops that only rearrange, pick or join elements: their gradient goes back the same way."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.rule import Rule, Worked, number, summed
from gradstep.views.numbers import index as written


def _moved(forward: Callable[[Call, Array], Array]) -> Callable[[Call, int, Place], Worked]:
    """Work out where an element went by sending the elements' numbers through the op."""

    def work(call: Call, position: int, place: Place) -> Worked:
        import numpy as np

        if position:
            raise Unknown("only the first argument has a gradient")
        shape = call.array(0).shape
        grad = call.incoming()
        ids = np.arange(call.array(0).size).reshape(shape)
        went = np.argwhere(forward(call, ids).reshape(grad.shape) == int(ids[place]))
        if not len(went):
            return Worked("0  (not taken)", 0.0, 0.0)
        terms = np.array([grad[tuple(at)] for at in went])
        places = went.tolist()
        return summed(lambda i: f"grad_out{written(places[i])} {number(terms[i])}", terms)

    return work


def same_order(call: Call, ids: Array) -> Array:
    """Leave the elements in their order: only the shape is another."""
    return ids


def transpose(call: Call, ids: Array) -> Array:
    """Swap two dimensions."""
    if ids.ndim < 2 or call.op.name == "t":
        return ids.T
    if "dims" in call.options:
        return permute(call, ids)
    dims = call.integers()
    if len(dims) < 2:
        if ids.ndim == 2:
            return ids.T
        raise Unknown("the swapped dimensions are not known")
    return ids.swapaxes(dims[0], dims[1])


def permute(call: Call, ids: Array) -> Array:
    """Put the dimensions into another order."""
    dims = call.integers()
    if sorted(d % ids.ndim for d in dims) != list(range(ids.ndim)):
        raise Unknown("the order of dimensions is not known")
    return ids.transpose(dims)


def expand(call: Call, ids: Array) -> Array:
    """Repeat along dimensions of size one."""
    import numpy as np

    shape = call.incoming().shape if call.out is None else call.out.shape
    return np.broadcast_to(ids, shape)


def select(call: Call, ids: Array) -> Array:
    """Pick by an index."""
    key = key_of(call)
    if key is None:
        dims = call.integers()
        if len(dims) != 2:
            raise Unknown("the index is not known")
        return ids.take(dims[1], axis=dims[0])
    return ids[key]


def key_of(call: Call) -> Any:
    """Read an index that was recorded as its repr: numbers, slices, None, `...`, tensors."""
    tensors = [call.array(i).astype(int) for i in range(1, len(call.arguments))]
    if "index" not in call.options and "key" not in call.options:
        return tuple(tensors) if tensors else None
    text = call.options.get("index", call.options.get("key"))
    if isinstance(text, int):
        return None if "dim" in call.options else text
    if "dim" in call.options:
        return None
    try:
        return _literal(ast.parse(str(text), mode="eval").body)
    except (SyntaxError, ValueError):
        raise Unknown("the index is not known") from None


def _literal(node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "slice":
        return slice(*(_literal(argument) for argument in node.args))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "array":
        import numpy as np

        return np.array(ast.literal_eval(node.args[0]))
    if isinstance(node, ast.Tuple):
        return tuple(_literal(item) for item in node.elts)
    if isinstance(node, ast.Name) and node.id == "Ellipsis":
        return Ellipsis
    return ast.literal_eval(node)


def _cat(call: Call, position: int, place: Place) -> Worked:
    dims = call.integers()
    axis = dims[0] if dims else 0
    grad = call.incoming()
    axis %= grad.ndim
    before = sum(call.array(i).shape[axis] for i in range(position))
    at = tuple(i + before if d == axis else i for d, i in enumerate(place))
    return summed([f"grad_out{written(at)} {number(grad[at])}"], grad[at])


def _stack(call: Call, position: int, place: Place) -> Worked:
    dims = call.integers()
    grad = call.incoming()
    axis = (dims[0] if dims else 0) % grad.ndim
    at = (*place[:axis], position, *place[axis:])
    return summed([f"grad_out{written(at)} {number(grad[at])}"], grad[at])


_RESHAPED: Final = Rule(
    "out = a, seen in another shape",
    ("grad_a = grad_out, seen in the shape of a",),
    _moved(same_order),
)
_TURNED: Final = ("grad_a = grad_out, turned back",)
_TRANSPOSED: Final = Rule("out = aᵀ", _TURNED, _moved(transpose))
PICKED: Final = Rule(
    "out = a[index]", ("grad_a = grad_out where it was taken, 0 elsewhere",), _moved(select)
)
_JOINED: Final = ("grad_i = its own piece of grad_out",)

RULES: Final[Mapping[str, Rule]] = {
    **dict.fromkeys(
        ("View", "UnsafeView", "Reshape", "ReshapeAlias", "Flatten", "Unsqueeze", "Squeeze"),
        _RESHAPED,
    ),
    "T": _TRANSPOSED,
    "Transpose": _TRANSPOSED,
    "Permute": Rule("out = a with its dimensions in another order", _TURNED, _moved(permute)),
    "Expand": Rule(
        "out = a, repeated", ("grad_a = Σ of grad_out over the copies",), _moved(expand)
    ),
    "Select": PICKED,
    "Index": PICKED,
    "Slice": PICKED,
    "Take": PICKED,
    "MaskedSelect": PICKED,
    "Cat": Rule("out = the pieces, joined", _JOINED, _cat),
    "Stack": Rule("out = the pieces, on a new dimension", _JOINED, _stack),
}
