"""Results along dimensions: sums, spreads, extremes, running sums, softmax, what sorting picks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.results.elementwise import Work
from gradstep.views.formulas.rule import Worked, listed, number, summed, telling


def row(call: Call, place: Place) -> Array:
    """Give the elements of the argument that a reduction made the output's element from."""
    a = call.array(0)
    dims = call.option("dim", call.option("axis"))
    out = call.output()
    if dims is None:
        if out.size > 1:
            raise Unknown("the reduced dimensions are not known")
        return a.reshape(-1)
    chosen = {d % max(a.ndim, 1) for d in (dims if isinstance(dims, (list, tuple)) else (dims,))}
    if not a.ndim:
        return a.reshape(-1)
    kept = iter(place)
    whole = out.ndim == a.ndim
    index: list[int | slice] = []
    for d in range(a.ndim):
        if d not in chosen:
            index.append(next(kept))
            continue
        index.append(slice(None))
        if whole:
            next(kept)
    return a[tuple(index)].reshape(-1)


def line_of(array: Array, place: Place, dim: int) -> tuple[Array, int]:
    """Give all elements along one dimension through a place, and the place among them."""
    if not array.ndim:
        return array.reshape(-1), 0
    axis = dim % array.ndim
    index = tuple(slice(None) if d == axis else at for d, at in enumerate(place))
    return array[index], place[axis]


def numbers_of(values: Array) -> Callable[[int], str]:
    """Write a value by its number, to be handed to `summed`."""
    return lambda i: number(values[i])


def several(values: Array, between: str = ", ") -> str:
    """Write some of the values, and how many more there are."""
    shown = [number(values[i]) for i in telling(values)]
    return listed(shown, values.size, between, "value")


def _sum(call: Call, place: Place) -> Worked:
    values = row(call, place)
    return summed(numbers_of(values), values)


def averaged(found: Worked, count: float) -> Worked:
    """Divide a sum by how many terms it has."""
    if count == 1:
        return found
    return Worked(f"({found.text}) / {count:g}", found.value / count, found.scale / count)


def _mean(call: Call, place: Place) -> Worked:
    return averaged(_sum(call, place), row(call, place).size)


def _nansum(call: Call, place: Place) -> Worked:
    values = row(call, place)
    values = values[values == values]
    return summed(numbers_of(values), values)


def _prod(call: Call, place: Place) -> Worked:
    values = row(call, place)
    return Worked(several(values, " · "), float(values.prod()), abs(float(values.prod())))


def _squares(call: Call, place: Place) -> tuple[Worked, float]:
    values = row(call, place)
    mean = float(values.mean())
    apart = (values - mean) ** 2
    found = summed(lambda i: f"({number(values[i])} − {number(mean)})²", apart)
    correction = call.option("correction", 1)
    count = values.size - float(correction if isinstance(correction, (int, float)) else 1)
    if count <= 0:
        raise Unknown("a division by zero")
    return found, count


def _var(call: Call, place: Place) -> Worked:
    return averaged(*_squares(call, place))


def _std(call: Call, place: Place) -> Worked:
    found, count = _squares(call, place)
    value = math.sqrt(found.value / count)
    return Worked(f"√(({found.text}) / {count:g})", value, value)


def _norm(call: Call, place: Place) -> Worked:
    import numpy as np

    values = row(call, place)
    power = call.option("p", call.option("ord", 2))
    sizes = np.abs(values)
    if str(power) in ("inf", "Infinity") or power == math.inf:
        value = float(sizes.max())
        return Worked(f"the largest of {several(sizes)}", value, value)
    if not isinstance(power, (int, float)) or power <= 0:
        raise Unknown("a norm of another kind")
    if power == 1:
        return summed(lambda i: f"|{number(values[i]).strip('()')}|", sizes)
    raised = sizes**power
    sign = "²" if power == 2 else f"^{power:g}"
    found = summed(lambda i: f"{number(values[i] if power == 2 else sizes[i])}{sign}", raised)
    value = found.value ** (1 / power)
    text = f"√({found.text})" if power == 2 else f"({found.text})^(1/{power:g})"
    return Worked(text, value, value)


def log_of_sum(values: Array) -> Worked:
    """Work ln Σ e^x out, shifted by the largest so that nothing overflows."""
    import numpy as np

    top = float(values.max())
    if not math.isfinite(top):
        raise Unknown("a value is not finite")
    shares = np.exp(values - top)
    found = summed(lambda i: f"e^{number(values[i])}", shares)
    value = top + math.log(found.value)
    return Worked(f"ln({found.text})", value, abs(top) + math.log(max(values.size, 2)))


def _logsumexp(call: Call, place: Place) -> Worked:
    return log_of_sum(row(call, place))


def _axis(call: Call, default: int = -1) -> int:
    dim = call.option("dim")
    if isinstance(dim, int):
        return dim
    found = call.integers()
    return found[0] if found else default


def softmax_of(values: Array, at: int) -> Worked:
    """Work one share of a softmax out."""
    import numpy as np

    raised = np.exp(values - values.max())
    found = summed(lambda i: f"e^{number(values[i])}", raised)
    value = float(raised[at] / raised.sum())
    return Worked(f"e^{number(values[at])} / ({found.text})", value, value)


def _softmax(call: Call, place: Place) -> Worked:
    return softmax_of(*line_of(call.array(0), place, _axis(call)))


def _log_softmax(call: Call, place: Place) -> Worked:
    values, at = line_of(call.array(0), place, _axis(call))
    found = log_of_sum(values)
    own = float(values[at])
    return Worked(f"{number(own)} − {found.text}", own - found.value, abs(own) + found.scale)


def _extreme(sign: int) -> Work:
    def work(call: Call, place: Place) -> Worked:
        values = row(call, place)
        value = float(values.max() if sign > 0 else values.min())
        word = "largest" if sign > 0 else "smallest"
        return Worked(f"the {word} of {several(values)}", value, abs(value))

    return work


def _ranked(rank: Callable[[Call, Place, Array], tuple[str, float]]) -> Work:
    def work(call: Call, place: Place) -> Worked:
        text, value = rank(call, place, row(call, place))
        return Worked(text, value, abs(value))

    return work


def _median(call: Call, place: Place, values: Array) -> tuple[str, float]:
    import numpy as np

    if call.op.name == "nanmedian":
        values = values[values == values]
    middle = (values.size - 1) // 2
    return f"the middle one of {several(values)}", float(np.sort(values)[middle])


def _mode(call: Call, place: Place, values: Array) -> tuple[str, float]:
    import numpy as np

    found, counts = np.unique(values, return_counts=True)
    most = int(counts.max())
    return f"most frequent ({most} of {values.size})", float(found[int(counts.argmax())])


def _kthvalue(call: Call, place: Place, values: Array) -> tuple[str, float]:
    import numpy as np

    k = int(call.option("k", 1))
    return f"number {k} from below of {several(values)}", float(np.sort(values)[k - 1])


def _in_order(call: Call, place: Place) -> Worked:
    import numpy as np

    values, _ = line_of(call.array(0), place, int(call.option("dim", -1)))
    axis = int(call.option("dim", -1)) % max(call.array(0).ndim, 1)
    rank = place[axis] if place else 0
    down = bool(call.option("descending", call.option("largest", call.op.name == "topk")))
    value = float(np.sort(values)[-1 - rank if down else rank])
    word = "largest" if down else "smallest"
    return Worked(f"number {rank + 1} of the {word} of {several(values)}", value, abs(value))


def _up_to(work: Callable[[Array], Worked]) -> Work:
    def running(call: Call, place: Place) -> Worked:
        values, at = line_of(call.array(0), place, int(call.option("dim", 0)))
        return work(values[: at + 1])

    return running


def _product(values: Array) -> Worked:
    value = float(values.prod())
    return Worked(several(values, " · "), value, abs(value))


def _largest(values: Array) -> Worked:
    return Worked(f"the largest of {several(values)}", float(values.max()), 1.0)


def _smallest(values: Array) -> Worked:
    return Worked(f"the smallest of {several(values)}", float(values.min()), 1.0)


def _trace(call: Call, place: Place) -> Worked:
    values = call.array(0).diagonal()
    return summed(numbers_of(values), values)


def _truth(word: str) -> Work:
    def work(call: Call, place: Place) -> Worked:
        values = row(call, place) != 0
        count = int(values.sum())
        value = float(count == values.size if word == "all" else count > 0)
        return Worked(f"{word}: {count} of {values.size} hold", value, 1.0)

    return work


def _argument(sign: int) -> Work:
    def work(call: Call, place: Place) -> Worked:
        values = sign * row(call, place)
        word = "largest" if sign > 0 else "smallest"
        return Worked(f"where the {word} of {values.size} stands", float(values.argmax()), 1.0)

    return work


WORKS: Final[Mapping[str, Work]] = {
    "sum": _sum,
    "mean": _mean,
    "nansum": _nansum,
    "prod": _prod,
    "var": _var,
    "std": _std,
    "norm": _norm,
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    **dict.fromkeys(("max", "amax"), _extreme(1)),
    **dict.fromkeys(("min", "amin"), _extreme(-1)),
    **dict.fromkeys(("median", "nanmedian"), _ranked(_median)),
    "mode": _ranked(_mode),
    "kthvalue": _ranked(_kthvalue),
    **dict.fromkeys(("sort", "topk"), _in_order),
    "cumsum": _up_to(lambda values: summed(numbers_of(values), values)),
    "cumprod": _up_to(_product),
    "cummax": _up_to(_largest),
    "cummin": _up_to(_smallest),
    "logcumsumexp": _up_to(log_of_sum),
    "trace": _trace,
    "all": _truth("all"),
    "any": _truth("any"),
    "argmax": _argument(1),
    "argmin": _argument(-1),
}
