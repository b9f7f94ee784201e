"""Gradients of ops that put values into places: what was replaced, and what each source gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from gradstep.views.formulas import shape
from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.results.placed import came
from gradstep.views.formulas.rule import Rule, Worked, number, summed
from gradstep.views.numbers import index as written

Work = Callable[[Call, int, Place], Worked]

_REPLACED: Final = Worked("0  (it was replaced)", 0.0, 0.0)
_OVERWRITTEN: Final = Worked("0  (a later one went to the same place)", 0.0, 0.0)


def _arrived(call: Call, at: Place, factor: float = 1.0) -> Worked:
    value = float(call.incoming()[at])
    before = "" if factor == 1 else f"{factor:g} · "
    text = f"{before}grad_out{written(at)} {number(value)}"
    return Worked(text, factor * value, abs(factor * value))


def _target(call: Call, place: Place) -> Place:
    dim = int(call.option("dim", 0)) % max(len(place), 1)
    index = int(call.array(1)[place])
    return tuple(index if d == dim else at for d, at in enumerate(place))


def _scatter(call: Call, position: int, place: Place) -> Worked:
    if position == 0:
        return _REPLACED if len(came(call, place)) else _arrived(call, place)
    if position == 1:
        raise Unknown("an index has no gradient")
    # As in torch the gradient goes to every source, even one that another has replaced.
    return _arrived(call, _target(call, place))


def _scatter_add(call: Call, position: int, place: Place) -> Worked:
    return _arrived(call, place if position == 0 else _target(call, place))


def _scatter_reduce(call: Call, position: int, place: Place) -> Worked:
    import numpy as np

    how = str(call.option("reduce", "sum"))
    at = place if position == 0 else _target(call, place)
    where = came(call, at)
    if not len(where) and position == 0:
        return _arrived(call, at)
    included = call.option("include_self", True) is not False
    if position == 0 and not included:
        return _REPLACED
    count = len(where) + int(included)
    if how == "sum":
        return _arrived(call, at)
    found = _arrived(call, at)
    if how == "mean":
        return Worked(f"{found.text} / {count}", found.value / count, found.scale)
    if how not in ("amax", "amin"):
        raise Unknown("a product")
    best = float(call.output()[at])
    values = [float(call.array(2)[tuple(i)]) for i in where]
    values += [float(call.array(0)[at])] if included else []
    hits = int((np.array(values) == best).sum())
    mine = float(call.array(position)[place])
    if mine != best:
        return Worked("0  (it was not chosen)", 0.0, 0.0)
    share = "" if hits == 1 else f" / {hits}"
    return Worked(found.text + share, found.value / hits, found.scale)


def _index_add(call: Call, position: int, place: Place) -> Worked:
    if position == 0:
        return _arrived(call, place)
    dim = int(call.option("dim", 0)) % max(len(place), 1)
    index = int(call.array(1).reshape(-1)[place[dim]])
    at = tuple(index if d == dim else i for d, i in enumerate(place))
    return _arrived(call, at, float(call.option("alpha", 1)))


def _key(call: Call) -> Any:
    key = shape.key_of(call)
    if key is None:
        raise Unknown("the index is not known")
    return key


def _put(call: Call, position: int, place: Place) -> Worked:
    """Work out what an index puts: the tensor keeps what was not named, a source gets its place."""
    import numpy as np

    a, grad = call.array(0), call.incoming()
    key = _key(call)
    adds = bool(call.option("accumulate", False))
    if position == 0:
        named = np.zeros(a.shape, bool)
        named[key] = True
        return _REPLACED if named[place] and not adds else _arrived(call, place)
    source = call.array(1)
    part = grad[key]
    if call.op.name == "masked_scatter":
        which = int(np.ravel_multi_index(place, source.shape)) if place else 0
        flat = np.asarray(part).reshape(-1)
        if which >= flat.size:
            return Worked("0  (not taken)", 0.0, 0.0)
        return Worked(number(flat[which]), float(flat[which]), abs(float(flat[which])))
    terms = _copies(np.asarray(part), source, place)
    return summed(lambda i: number(terms[i]), terms)


def _copies(part: Array, source: Array, place: Place) -> Array:
    """Give the gradients of all places that one element of a broadcast source was put into."""
    lead = part.ndim - source.ndim
    index: list[int | slice] = [slice(None)] * lead
    for at, size, wide in zip(place, source.shape, part.shape[lead:], strict=True):
        index.append(slice(None) if size == 1 and wide != 1 else at)
    return part[tuple(index)].reshape(-1)


def _filled(call: Call, position: int, place: Place) -> Worked:
    if position == 0:
        return _REPLACED
    grad = call.incoming()
    source = call.array(1)
    terms = _copies(grad, source, place)
    return summed(lambda i: number(terms[i]), terms)


_INTO: Final = ("grad_a = grad_out, 0 where it was replaced",)
_SOURCE: Final = "grad_source = grad_out of the place that it went to"
_ADDED: Final = ("grad_a = grad_out",)


def _rule(forward: str, first: tuple[str, ...], work: Work, *, indexed: bool = True) -> Rule:
    middle = ("an index has no gradient",) if indexed else ()
    return Rule(forward, (*first, *middle, _SOURCE), work)


_PLACED: Final = _rule("out = a, with the source put in", _INTO, _put, indexed=False)
_WRITTEN: Final = _rule("out = the source", ("grad_a = 0: it was overwritten",), _filled,
                        indexed=False)  # fmt: skip

RULES: Final[Mapping[str, Rule]] = {
    "scatter": _rule("out = a, with the source put where the index says", _INTO, _scatter),
    "scatter_add": _rule("out = a, with the source added where it says", _ADDED, _scatter_add),
    "scatter_reduce": _rule("out = a and the source, put together", _INTO, _scatter_reduce),
    "index_add": _rule("out = a, with slices of the source added", _ADDED, _index_add),
    **dict.fromkeys(
        (
            *("index_copy", "index_fill", "index_put", "masked_scatter", "put", "setitem_"),
            *("select_scatter", "slice_scatter", "diagonal_scatter"),
        ),
        _PLACED,
    ),
    **dict.fromkeys(("fill_", "zero_", "copy_"), _WRITTEN),
}
"""By the name of the op."""
