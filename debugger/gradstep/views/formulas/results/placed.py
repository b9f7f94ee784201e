"""Results of ops that put values into places of a tensor: scatter, index_add, copies in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gradstep.views.formulas import bags, shape
from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.results.along import averaged
from gradstep.views.formulas.results.elementwise import Work
from gradstep.views.formulas.results.rearranged import taken
from gradstep.views.formulas.rule import Worked, number, summed


def _kept(call: Call, place: Place) -> Worked:
    value = call.at(0, place)
    return Worked(f"a {number(value)}  (nothing was put here)", value, abs(value))


def came(call: Call, place: Place) -> Array:
    """Give the numbers of the source's elements that a scatter along `dim` puts at a place."""
    import numpy as np

    index = call.array(1)
    dim = int(call.option("dim", 0)) % max(index.ndim, 1)
    near = tuple(slice(None) if d == dim else slice(at, at + 1) for d, at in enumerate(place))
    rows = index[near]
    if 0 in rows.shape:
        return np.zeros((0, index.ndim), int)
    offset = [0 if d == dim else at for d, at in enumerate(place)]
    found: Array = np.argwhere(rows == place[dim]) + offset
    return found


def _sources(call: Call, where: Array) -> Array:
    import numpy as np

    source = call.arguments[2] if len(call.arguments) > 2 else call.option("value")
    if source is None:
        raise Unknown("the source is not known")
    if np.ndim(source) == 0:
        return np.full(len(where), float(np.asarray(source)))
    return np.array([float(call.array(2)[tuple(at)]) for at in where])


def _scatter(call: Call, place: Place) -> Worked:
    where = came(call, place)
    values = _sources(call, where)
    if not values.size:
        return _kept(call, place)
    value = float(values[-1])
    return taken(value, tuple(int(i) for i in where[-1]), "source")


def _scatter_add(call: Call, place: Place) -> Worked:
    return _added(call, place, _sources(call, came(call, place)))


def _added(call: Call, place: Place, values: Array, factor: float = 1.0) -> Worked:
    import numpy as np

    terms = np.array([call.at(0, place), *(factor * values)])
    before = "" if factor == 1 else f"{factor:g} · "
    return summed(lambda i: (before if i else "") + number(terms[i] / (factor if i else 1)), terms)


def _scatter_reduce(call: Call, place: Place) -> Worked:
    values = _sources(call, came(call, place))
    how = str(call.option("reduce", "sum"))
    own = [] if call.option("include_self") is False else [call.at(0, place)]
    import numpy as np

    found = np.array([*own, *values])
    if not values.size:
        return _kept(call, place)
    if how in ("amax", "amin"):
        value = float(found.max() if how == "amax" else found.min())
        word = "largest" if how == "amax" else "smallest"
        return Worked(f"the {word} of {', '.join(number(v) for v in found[:3])}", value, abs(value))
    if how == "prod":
        value = float(found.prod())
        return Worked(" · ".join(number(v) for v in found[:3]), value, abs(value))
    total = summed(lambda i: number(found[i]), found)
    return averaged(total, found.size) if how == "mean" else total


def _index_add(call: Call, place: Place) -> Worked:
    import numpy as np

    dim = int(call.option("dim", 0)) % max(len(place), 1)
    which = np.flatnonzero(call.array(1).reshape(-1) == place[dim])
    source = call.array(2)
    values = np.array([
        float(source[tuple(int(i) if d == dim else at for d, at in enumerate(place))])
        for i in which
    ])  # fmt: skip
    return _added(call, place, values, float(call.option("alpha", 1)))


def _at_key(call: Call) -> Array:
    """Number the places that an index names, −1 elsewhere: the last source that came to each."""
    import numpy as np

    a = call.array(0)
    key = shape.key_of(call)
    if key is None:
        raise Unknown("the index is not known")
    went = np.full(a.shape, -1)
    part = went[key]
    went[key] = np.arange(part.size).reshape(part.shape)
    return went


def _source_at(call: Call, which: int) -> tuple[float, str]:
    """Give an element of what was put in, by its number in the places that the index names."""
    import numpy as np

    if len(call.arguments) < 2 or call.arguments[1] is None:
        value = call.option("value")
        if value is None:
            raise Unknown("the source is not known")
        return float(value), ""
    source = call.array(1)
    if source.size == 1:
        return float(source.reshape(-1)[0]), ""
    shown = call.array(0)[shape.key_of(call)].shape
    spread = np.broadcast_to(source, shown) if source.ndim <= len(shown) else source
    if call.op.name.startswith("masked_scatter"):
        spread = source
    return float(spread.reshape(-1)[which]), ""


def _put(call: Call, place: Place) -> Worked:
    went = _at_key(call)
    if int(went[place]) < 0:
        return _kept(call, place)
    value, _ = _source_at(call, int(went[place]))
    if not call.option("accumulate", False):
        return Worked(f"{number(value)}  (put here)", value, abs(value))
    import numpy as np

    key = shape.key_of(call)
    ids = np.arange(call.array(0).size).reshape(call.array(0).shape)
    hits = np.flatnonzero(np.asarray(ids[key]).reshape(-1) == int(ids[place]))
    return _added(call, place, np.array([_source_at(call, int(i))[0] for i in hits]))


def _filled(call: Call, place: Place) -> Worked:
    value = call.at(1, place) if len(call.arguments) > 1 else float(call.option("value", 0))
    return Worked(number(value), value, abs(value))


def _drawn(call: Call, place: Place) -> Worked:
    """Show a number that was drawn: what the op notes of it is all that there is."""
    import re

    text = str(call.options.get("values", "")).removeprefix("array(")
    found = [float(v) for v in re.findall(r"-?\d+\.?\d*(?:e[-+]?\d+)?", text)]
    out = call.output()
    if len(found) != out.size:
        raise Unknown("a number drawn by chance")
    import numpy as np

    value = found[int(np.ravel_multi_index(place, out.shape)) if place else 0]
    recorded = float(out[place])
    if abs(value - recorded) <= 1e-6 * abs(recorded):
        value = recorded  # what is noted has eight figures
    return Worked(f"{number(value)} was drawn", value, abs(value))


def _pad_sequence(call: Call, place: Place) -> Worked:
    out = call.output()
    fill = float(call.option("value", 0) or 0)
    for sample, time in ((place[0], place[1]), (place[1], place[0])):
        if sample >= len(call.arguments):
            continue
        a = call.array(sample)
        lead = call.option("length", out.shape[1])
        first = int(lead) - a.shape[0] if call.option("left", False) else 0
        at = (time - first, *place[2:])
        value = float(a[at]) if 0 <= time - first < a.shape[0] else fill
        if value == float(out[place]):
            if value == fill and not 0 <= time - first < a.shape[0]:
                return Worked(f"{fill:g}  (padding)", fill, abs(fill))
            return taken(value, at, f"sequence {sample} at ")
    raise Unknown("the order of the sequences is not known")


WORKS: Final[Mapping[str, Work]] = {
    "scatter": _scatter,
    "scatter_add": _scatter_add,
    "scatter_reduce": _scatter_reduce,
    "index_add": _index_add,
    **dict.fromkeys(
        (
            *("index_copy", "index_fill", "index_put", "masked_scatter", "put", "setitem_"),
            *("select_scatter", "slice_scatter", "diagonal_scatter"),
        ),
        _put,
    ),
    **dict.fromkeys(("fill_", "zero_", "copy_"), _filled),
    **dict.fromkeys(("normal", "poisson", "bernoulli", "uniform_", "normal_"), _drawn),
    "pad_sequence": _pad_sequence,
    "embedding_bag": bags.bag_result,
    "fold": bags.folded,
}
