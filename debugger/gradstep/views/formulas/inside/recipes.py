"""The steps of composite ops: products, functions and picks, beside the losses."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from gradstep.views.formulas.call import Unknown
from gradstep.views.formulas.inside import classes, losses
from gradstep.views.formulas.inside.tape import Tape, Value
from gradstep.views.formulas.window_sizes import sizes

Recipe = Callable[[Tape], Value]


def _normalize(t: Tape) -> Value:
    a = t.leaf(0, "a")
    norm = t.norm("n", a, t.option("p", 2.0), int(t.option("dim", 1)), keepdim=True)
    return t.div("out", a, t.clamp_min("m", norm, t.option("eps", 1e-12)))


def _softsign(t: Tape) -> Value:
    a = t.leaf(0, "a")
    return t.div("out", a, t.add("s", t.abs("e", a), 1.0))


def _tanhshrink(t: Tape) -> Value:
    import numpy as np

    a = t.leaf(0, "a")
    return t.sub("out", a, t.unary("t", "tanh", "Tanh", "tanh a", np.tanh(a.array), a))


def _number_over(t: Tape) -> Value:
    number = t.call.option("number")
    if not isinstance(number, (int, float)):
        raise Unknown("the number was not recorded")
    a = t.leaf(0, "a")
    inverse = t.unary("r", "reciprocal", "Reciprocal", "1/a", 1 / a.array, a)
    return t.mul("out", inverse, float(number))


def _outer(t: Tape) -> Value:
    a = t.leaf(0, "a")
    column = t.shaped("c", a, (a.array.size, 1), "Unsqueeze")
    return t.mul("out", column, t.leaf(1, "b"))


def _baddbmm(t: Tape) -> Value:
    base, a, b = (t.leaf(i, name) for i, name in enumerate("cab"))
    alpha, beta = t.option("alpha", 1), t.option("beta", 1)
    product = t.mm("p", a, b, "Bmm")
    if alpha != 1:
        product = t.mul("q", product, alpha)
    if beta != 1:
        base = t.mul("d", base, beta)
    return t.add("out", base, product)


def _matmul(t: Tape) -> Value:
    a, b = t.leaf(0, "a"), t.leaf(1, "b")
    vectors = a.array.ndim == 1, b.array.ndim == 1
    left = t.shaped("l", a, (1, a.array.size), "Unsqueeze") if vectors[0] else a
    right = t.shaped("r", b, (b.array.size, 1), "Unsqueeze") if vectors[1] else b
    if left.array.ndim > 2 and right.array.ndim == 2:
        sizes = left.array.shape
        rows = t.shaped("m", left, (-1, sizes[-1]))
        product = t.mm("p", rows, right)
        shape = sizes[:-1] if vectors[1] else (*sizes[:-1], right.array.shape[1])
        return t.shaped("out", product, shape)
    product = t.mm("p", left, right, "Bmm")
    for axis, is_vector in ((-2, vectors[0]), (-1, vectors[1])):
        if is_vector:
            shape = tuple(n for i, n in enumerate(product.array.shape)
                          if i != product.array.ndim + axis)  # fmt: skip
            product = t.shaped("out", product, shape, "Squeeze")
    return product


def _diff(t: Tape) -> Value:
    a = t.leaf(0, "a")
    axis = int(t.option("dim", -1)) % a.array.ndim
    for _ in range(int(t.option("n", 1))):
        size = a.array.shape[axis] - 1
        lead = (slice(None),) * axis
        before = t.picked("before", a, (*lead, slice(0, size)), "Slice")
        after = t.picked("after", a, (*lead, slice(1, size + 1)), "Slice")
        a = t.sub("out", after, before)
    return a


def _cov(t: Tape) -> Value:
    a = t.leaf(0, "a")
    if a.array.ndim != 2 or len(t.call.arguments) > 1:
        raise Unknown("with weights, or of a single row")
    mean = t.step("m", "Mean", "mean", "mean a", a.array.mean(axis=1, keepdims=True), a, dim=(1,))
    apart = t.sub("d", a, mean)
    turned = t.turned("dᵀ", apart, (1, 0), "T")
    count = a.array.shape[1] - t.option("correction", 1)
    return t.div("out", t.mm("p", apart, turned), max(count, 0.0))


def _cdist(t: Tape) -> Value:
    a, b = t.leaf(0, "a"), t.leaf(1, "b")

    def spread(name: str, value: Value, axis: int) -> Value:
        shape = list(value.array.shape)
        shape.insert(len(shape) + 1 + axis, 1)
        return t.shaped(name, value, tuple(shape), "Unsqueeze")

    apart = t.sub("d", spread("p", a, -2), spread("q", b, -3))
    return t.norm("out", apart, t.option("p", 2.0), -1, keepdim=False)


def _renorm(t: Tape) -> Value:
    a = t.leaf(0, "a")
    axis, power, limit = int(t.option("dim", 0)), t.option("p", 2), t.option("maxnorm", 1)
    others = tuple(i for i in range(a.array.ndim) if i != axis % a.array.ndim)
    norms = (abs(a.array) ** power).sum(axis=others, keepdims=True) ** (1 / power)
    short = norms <= limit
    long = t.masked("b", a, short)
    array = (abs(long.array) ** power).sum(axis=others, keepdims=True) ** (1 / power)
    norm = t.step("n", "LinalgVectorNorm", "norm", "‖b‖", array, long, p=power, dim=others)
    root = t.add("s", norm, 1e-7)
    inverse = t.unary("r", "reciprocal", "Reciprocal", "1/s", 1 / root.array, root)
    factor = t.masked("g", t.mul("f", inverse, limit), short, 1.0)
    return t.mul("out", a, factor)


def _prelu(t: Tape) -> Value:
    import numpy as np

    a, w = t.leaf(0, "a"), t.leaf(1, "w")
    if w.array.size > 1 and a.array.ndim > 1:
        shape = (-1,) + (1,) * (a.array.ndim - 2)
        w = t.shaped("w", w, shape)
    elif a.array.ndim > 1 and w.array.ndim == 1:
        w = t.shaped("w", w, (1,) * (a.array.ndim - 1)) if a.array.ndim > 2 else w
    array = np.where(a.array > 0, a.array, w.array * a.array)
    return t.step("out", "PreluKernel", "prelu", "a if a > 0 else w·a", array, a, w)


def _pixel_shuffle(t: Tape) -> Value:
    a = t.leaf(0, "a")
    out = t.call.output().shape
    factor = out[-1] // a.array.shape[-1]
    *lead, channels, height, width = a.array.shape
    n = len(lead)
    shape = (*lead, channels // factor**2, factor, factor, height, width)
    turned = t.turned("t", t.shaped("s", a, shape), (*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return t.shaped("out", turned, out)


def _quantile(t: Tape) -> Value:
    import numpy as np

    a = t.leaf(0, "a")
    dim = t.call.option("dim")
    noted = str(t.call.options.get("fractions", "")).removeprefix("np.float64(")
    try:
        fraction = float(noted.removesuffix(")"))
    except ValueError:
        raise Unknown("of several fractions at once, or of unknown ones") from None
    if t.call.option("interpolation", "linear") != "linear":
        raise Unknown("which quantile is not recorded")
    if dim is None or t.call.option("keepdim", False):
        raise Unknown("of all elements, or with its dimension kept")
    n, axis = a.array.ndim, int(dim) % a.array.ndim
    swap = list(range(n))
    swap[axis], swap[-1] = swap[-1], swap[axis]
    flat = t.turned("t", a, tuple(swap), "Transpose")
    ordered = t.step("s", "Sort", "sort", "t in order", np.sort(flat.array), flat, dim=-1)
    place = fraction * (ordered.array.shape[-1] - 1)
    picks = []
    for name, which in (("low", math.floor(place)), ("high", math.ceil(place))):
        index = np.full((*ordered.array.shape[:-1], 1), which)
        picks.append(t.gathered(name, ordered, index, -1))
    low, high = picks
    weight = place - math.floor(place)
    array = low.array + weight * (high.array - low.array)
    mixed = t.step("m", "Lerp", "lerp", "low + w·(high − low)", array, low, high, weight)
    turned = t.turned("u", mixed, tuple(swap), "Transpose")
    order = (axis, *(i for i in range(n) if i != axis))
    return t.picked("out", t.turned("v", turned, order), (0,), "Select")


def _solve(t: Tape) -> Value:
    import numpy as np

    a, b = t.leaf(0, "a"), t.leaf(1, "b")
    column = t.shaped("c", b, (*b.array.shape, 1), "Unsqueeze")
    array = np.linalg.solve(a.array, column.array)
    found = t.step("x", "LinalgSolveEx", "solve", "a⁻¹ c", array, a, column)
    return t.shaped("out", found, b.array.shape, "Squeeze")


def _lp_pool(t: Tape) -> Value:
    import numpy as np

    a, power = t.leaf(0, "a"), t.option("norm_type", 2)
    kernel, stride = t.call.option("kernel_size"), t.call.option("stride")
    if t.call.option("ceil_mode", False) or kernel is None:
        raise Unknown("windows that stand out")
    kernels = sizes(kernel, 2, 1)
    strides = kernels if stride in (None, ()) else sizes(stride, 2, 1)
    raised = t.step("p", "Pow", "pow", f"a^{power:g}", a.array**power, a, exponent=power)
    views = np.lib.stride_tricks.sliding_window_view(raised.array, kernels, axis=(-2, -1))
    means = views[..., :: strides[0], :: strides[1], :, :].mean(axis=(-2, -1))
    mean = t.step("m", "AvgPool2D", "avg_pool2d", "mean of each window of p", means, raised,
                  kernel_size=kernels, stride=strides)  # fmt: skip
    sign = t.unary("s", "sign", "Sign", "sign m", np.sign(mean.array), mean)
    product = t.mul("q", sign, t.abs("|m|", mean))
    total = t.mul("t", product, float(kernels[0] * kernels[1]))
    root = 1 / power
    return t.step("out", "Pow", "pow", f"t^{root:g}", total.array**root, total, exponent=root)


RECIPES: Final[Mapping[str, Recipe]] = {
    **losses.RECIPES,
    "cross_entropy": classes.cross_entropy,
    "normalize": _normalize,
    "softsign": _softsign,
    "tanhshrink": _tanhshrink,
    "div": _number_over,
    "outer": _outer,
    "baddbmm": _baddbmm,
    "matmul": _matmul,
    "diff": _diff,
    "cov": _cov,
    "cdist": _cdist,
    "renorm": _renorm,
    "prelu": _prelu,
    "pixel_shuffle": _pixel_shuffle,
    "quantile": _quantile,
    "solve": _solve,
    "lp_pool2d": _lp_pool,
}


def worked_inside(call: Any) -> Tape:
    """Work a composite op out again.

    Raises:
        Unknown: it is none of those known here, or was called in a way that is not foreseen.
    """
    recipe = RECIPES.get(call.op.name)
    if recipe is None:
        raise Unknown(f"the steps of {call.op.name} are not known")
    tape = Tape(call)
    recipe(tape)
    return tape
