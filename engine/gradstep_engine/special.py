"""Special functions, as `torch.special`: most are functions of `torch` under their other names."""

from __future__ import annotations

import math
from typing import Any

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.report import composite
from gradstep_engine.missing import missing
from gradstep_engine.ops import bessel, special

_SAME = frozenset(
    """
    digamma erf erfc erfinv exp2 expm1 i0 log1p logit log_softmax logsumexp polygamma round sinc
    softmax xlogy
    """.split()  # noqa: SIM905 (a wall of quotes reads worse)
)
_OTHER_NAMES = {
    "expit": "sigmoid",
    "gammainc": "igamma",
    "gammaincc": "igammac",
    "gammaln": "lgamma",
    "multigammaln": "mvlgamma",
    "psi": "digamma",
}


def entr(input: Any) -> Any:
    """Return −x ln x, 0 at 0 and −∞ below."""
    return apply(special.Entr, input)


def i0e(input: Any) -> Any:
    """Return the modified Bessel function of order 0, times e^(−|x|)."""
    return apply(bessel.I0e, input)


def i1(input: Any) -> Any:
    """Return the modified Bessel function of order 1."""
    return apply(bessel.I1, input)


def i1e(input: Any) -> Any:
    """Return the modified Bessel function of order 1, times e^(−|x|)."""
    return apply(bessel.I1e, input)


@composite("ndtr")
def ndtr(input: Any) -> Any:
    """Return the probability of the standard normal distribution below x."""
    return (input * -math.sqrt(0.5)).erfc() / 2


@composite("xlog1py")
def xlog1py(input: Any, other: Any) -> Any:
    """Return x · ln(1 + y), 0 where x is 0."""
    shifted = other + 1
    if isinstance(input, (int, float)):
        return shifted.new_tensor(input).xlogy(shifted)
    return input.xlogy(shifted)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    known = name if name in _SAME else _OTHER_NAMES.get(name)
    if known is None:
        raise missing(f"torch.special.{name}")
    import gradstep_engine

    return getattr(gradstep_engine, known)
