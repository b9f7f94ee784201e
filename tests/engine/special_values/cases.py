"""Operations by the number of their operands, to be fed with zeros, infinities and NaN.

One operand, two operands, or rows of three elements that are reduced or scanned along dimension 1.
"""

from __future__ import annotations

import math
from typing import Any


def _methods(names: str) -> dict[str, Any]:
    return {name: lambda _, x, name=name: getattr(x, name)() for name in names.split()}


def _layers(**options: dict[str, Any]) -> dict[str, Any]:
    return {
        name: lambda e, x, name=name, given=given: getattr(e.nn.functional, name)(x, **given)
        for name, given in options.items()
    }


def _pairs(names: str) -> dict[str, Any]:
    return {name: lambda e, a, b, name=name: getattr(e, name)(a, b) for name in names.split()}


def _losses(names: str) -> dict[str, Any]:
    return {
        name: lambda e, a, b, name=name: getattr(e.nn.functional, name)(a, b, reduction="none")
        for name in names.split()
    }


ONE: dict[str, Any] = (
    _methods(
        "abs acos acosh asin asinh atan atanh ceil clone cos cosh deg2rad digamma erf erfc erfinv "
        "exp exp2 expm1 floor frac i0 isfinite lgamma log log10 log1p log2 logit nan_to_num neg "
        "positive rad2deg reciprocal relu round rsqrt sgn sigmoid sign signbit sin sinc sinh sqrt "
        "square tan tanh trunc"
    )
    | {
        f"special_{name}": lambda e, x, name=name: getattr(e.special, name)(x)
        for name in ("entr", "expit", "i0e", "i1", "i1e", "ndtr")
    }
    | {
        f"power {n}": lambda _, x, n=n: x**n
        for n in (0, 1, 2, 3, 4, -1, -2, 0.5, -0.5, 1.5, 2.5, -1.5)
    }
    | {f"{n} to the": lambda _, x, n=n: n**x for n in (0, 1, 2, 0.5, -1, 2.5)}
    | {
        "polygamma": lambda e, x: e.polygamma(1, x),
        "logit_eps": lambda _, x: x.logit(0.1),
        "float_power number": lambda e, x: e.float_power(x, 2),
        "frexp": lambda _, x: x.frexp()[0],
        "number over": lambda _, x: 2 / x,
        "zero over": lambda _, x: 0 / x,
        "number minus": lambda _, x: 2 - x,
        "times zero": lambda _, x: x * 0,
        "over zero": lambda _, x: x / 0,
        "over number": lambda _, x: x / 3,
        "remainder": lambda _, x: x % 0.4,
        "remainder_negative": lambda _, x: x % -0.4,
        "remainder_zero": lambda _, x: x % 0,
        "remainder_infinite": lambda _, x: x.remainder(math.inf),
        "fmod": lambda _, x: x.fmod(0.4),
        "fmod_infinite": lambda _, x: x.fmod(math.inf),
        "div_trunc number": lambda e, x: e.div(x, 0.3, rounding_mode="trunc"),
        "div_floor number": lambda e, x: e.div(x, 0.3, rounding_mode="floor"),
        "round_decimals": lambda e, x: e.round(x, decimals=1),
        "clamp": lambda _, x: x.clamp(-0.5, 1.2),
        "clamp_min": lambda _, x: x.clamp(min=0.5),
        "clamp_max": lambda _, x: x.clamp(max=0.5),
        "clamp_nan": lambda _, x: x.clamp(min=math.nan),
        "masked_fill": lambda _, x: x.masked_fill(x > 0, 0.5),
        "nan_to_num_others": lambda _, x: x.nan_to_num(1, 2, 3),
        "where itself": lambda e, x: e.where(x > 0, x, -x),
        "where_sqrt": lambda e, x: e.where(x > 0, x.sqrt(), 0.0),
        "xlogy_number": lambda e, x: e.xlogy(2.0, x),
        "half": lambda _, x: x.half(),
        "double": lambda _, x: x.double(),
        "prelu": lambda e, x: e.nn.functional.prelu(x, e.tensor([0.25])),
    }
    | _layers(
        celu={"alpha": 0.7}, elu={"alpha": 1.3}, hardshrink={}, hardsigmoid={}, hardswish={},
        hardtanh={"min_val": -0.4, "max_val": 0.3}, leaky_relu={"negative_slope": 0.2},
        logsigmoid={}, mish={}, relu6={}, selu={}, silu={}, softplus={}, softshrink={},
        softsign={}, tanhshrink={}, threshold={"threshold": 0.1, "value": 0.7}, rrelu={},
    )
)  # fmt: skip

TWO: dict[str, Any] = (
    _pairs(
        "add atan2 copysign dist div eq fmax fmin fmod ge hypot isclose ldexp "
        "logaddexp logaddexp2 logical_and logical_xor lt max maximum min minimum mul ne nextafter "
        "pow remainder rsub sub xlogy float_power"
    )
    | _losses("mse_loss l1_loss smooth_l1_loss huber_loss poisson_nll_loss")
    | {
        "add_alpha": lambda e, a, b: e.add(a, b, alpha=2),
        "div_floor": lambda e, a, b: e.div(a, b, rounding_mode="floor"),
        "div_trunc": lambda e, a, b: e.div(a, b, rounding_mode="trunc"),
        "heaviside": lambda e, a, b: e.heaviside(a.detach(), b.detach()),
        "where": lambda e, a, b: e.where(a > b, a, b),
        "lerp": lambda e, a, b: e.lerp(a, b, 0.3),
        "lerp_far": lambda e, a, b: e.lerp(a, b, 0.8),
        "lerp_whole": lambda e, a, b: e.lerp(a, b, 1.0),
        "lerp_tensor": lambda e, a, b: e.lerp(a, b, b),
        "clamp_tensors": lambda _, a, b: a.clamp(b, b + 0.3),
        "clamp_min_tensor": lambda _, a, b: a.clamp(min=b),
        "clamp_max_tensor": lambda _, a, b: a.clamp(max=b),
        "clamp_swapped": lambda _, a, b: a.clamp(b + 1, b),
        "addcmul": lambda e, a, b: e.addcmul(a, b, a, value=0.5),
        "addcdiv": lambda e, a, b: e.addcdiv(a, b, a, value=0.5),
        "xlog1py": lambda e, a, b: e.special.xlog1py(a, b),
        "kl_div": lambda e, a, b: e.nn.functional.kl_div(a, b.abs(), reduction="none"),
        "kl_div_log": lambda e, a, b: e.nn.functional.kl_div(
            a, b, reduction="none", log_target=True
        ),
        "logits": lambda e, a, b: e.nn.functional.binary_cross_entropy_with_logits(
            a, b, reduction="none"
        ),
        "logits_weighted": lambda e, a, b: e.nn.functional.binary_cross_entropy_with_logits(
            a, b.detach(), reduction="none", pos_weight=e.tensor([2.0])
        ),
        "poisson_full": lambda e, a, b: e.nn.functional.poisson_nll_loss(
            a, b.detach(), reduction="none", full=True
        ),
        "poisson_plain": lambda e, a, b: e.nn.functional.poisson_nll_loss(
            a, b, log_input=False, reduction="none"
        ),
        "soft_margin_loss": lambda e, a, b: e.nn.functional.soft_margin_loss(
            a, b.detach(), reduction="none"
        ),
        "hinge_embedding_loss": lambda e, a, b: e.nn.functional.hinge_embedding_loss(
            a, b.detach().sign(), reduction="none"
        ),
        "gaussian_nll_loss": lambda e, a, b: e.nn.functional.gaussian_nll_loss(
            a, a * 0 + 1, b.abs(), reduction="none"
        ),
        "margin_ranking_loss": lambda e, a, b: e.nn.functional.margin_ranking_loss(
            a, b, e.tensor([1.0]), margin=0.5, reduction="none"
        ),
    }
)


def _norms() -> dict[str, Any]:
    return {
        f"norm {p}": lambda _, x, p=p: x.norm(p=p, dim=1)
        for p in (0, 0.5, 1, 2, 3, -1, math.inf, -math.inf)
    }


def _each(names: str) -> dict[str, Any]:
    """Return reductions of all elements, row by row."""
    return {
        f"{name} of all": lambda e, x, name=name: e.stack([getattr(row, name)() for row in x])
        for name in names.split()
    }


def _along(names: str) -> dict[str, Any]:
    return {name: lambda _, x, name=name: getattr(x, name)(1) for name in names.split()}


def _first(names: str) -> dict[str, Any]:
    return {
        f"{name} value": lambda _, x, name=name: getattr(x, name)(1)[0] for name in names.split()
    }


def _labelled(name: str, **options: Any) -> Any:
    """Return the loss `name` of rows whose class is the first."""
    return lambda e, x: getattr(e.nn.functional, name)(
        x, e.zeros(len(x), dtype=e.int64), reduction="none", **options
    )


def _scattered(reduce: str) -> Any:
    return lambda e, x: e.zeros(len(x), 2).scatter_reduce(
        1, e.zeros(len(x), 3, dtype=e.int64), x, reduce
    )


ROWS: dict[str, Any] = (
    _along(
        "sum mean nansum nanmean prod var std logsumexp softmax log_softmax cumsum cumprod "
        "logcumsumexp amax amin argmax argmin all any count_nonzero"
    )
    | _first("max min cummax cummin median nanmedian")
    | _each("max min median nanmedian prod std norm")
    | _norms()
    | {
        "var_biased": lambda _, x: x.var(1, unbiased=False),
        "aminmax": lambda e, x: e.stack(list(x.aminmax(dim=1)), 1),
        "max index": lambda _, x: x.max(1)[1],
        "cummax index": lambda _, x: x.cummax(1)[1],
        "sort": lambda _, x: x.sort(1)[0],
        "sort_stable": lambda _, x: x.sort(dim=1, stable=True)[1],
        "sort_descending": lambda _, x: x.sort(1, descending=True)[0],
        "topk": lambda _, x: x.topk(2, 1)[0],
        "topk_smallest": lambda _, x: x.topk(2, 1, largest=False)[0],
        "kthvalue": lambda _, x: x.kthvalue(2, 1)[0].detach(),
        "mode": lambda _, x: x.nan_to_num(7.0).mode(1)[0],
        "unique": lambda e, x: e.tensor([len(row.unique()) for row in x]),
        "quantile": lambda _, x: x.quantile(0.3, dim=1),
        "quantile_half": lambda _, x: x.quantile(0.5, dim=1),
        "quantile_lower": lambda _, x: x.quantile(0.3, dim=1, interpolation="lower"),
        "nanquantile": lambda _, x: x.nanquantile(0.3, dim=1),
        "renorm": lambda _, x: x.renorm(2, 0, 1.0),
        "diff": lambda _, x: x.diff(dim=1),
        "trapezoid": lambda e, x: e.trapezoid(x, dim=1),
        "normalize": lambda e, x: e.nn.functional.normalize(x, dim=1),
        "softmin": lambda e, x: e.nn.functional.softmin(x, 1),
        "glu": lambda e, x: e.nn.functional.glu(x[:, :2], 1),
        "nll_loss": _labelled("nll_loss"),
        "cross_entropy": _labelled("cross_entropy"),
        "cross_entropy_smooth": _labelled("cross_entropy", label_smoothing=0.1),
        "multi_margin_loss": _labelled("multi_margin_loss"),
        "cdist": lambda e, x: e.cdist(x[:, None], e.ones(len(x), 1, 3))[:, 0, 0],
        "cosine_similarity": lambda e, x: e.nn.functional.cosine_similarity(x, x * 0 + 1, dim=1),
        "pairwise_distance": lambda e, x: e.nn.functional.pairwise_distance(x, x * 0 + 1),
        "scatter_add": lambda e, x: e.zeros(len(x), 2).scatter_add(
            1, e.zeros(len(x), 3, dtype=e.int64), x
        ),
        "scatter_amax": _scattered("amax"),
        "scatter_mean": _scattered("mean"),
        "scatter_prod": _scattered("prod"),
        "tril": lambda _, x: x.tril(),
        "gather": lambda e, x: x.gather(1, e.zeros(len(x), 1, dtype=e.int64)),
    }
)
