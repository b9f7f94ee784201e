"""Functions of one and two operands, element by element, against PyTorch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.engine.parity import arrays, assert_same, assert_same_again

pytestmark = pytest.mark.torch

SHAPES: list[tuple[int, ...]] = [(), (2, 0), (2, 3)]
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -2.5, math.inf, -math.inf, math.nan])

# Every element between 0.2 and 1.8.
UNARY: dict[str, Any] = {
    "abs": lambda _, x: (x - 1).abs(),
    "acos": lambda _, x: (x / 2).acos(),
    "acosh": lambda _, x: (x + 1).acosh(),
    "asin": lambda _, x: (x / 2).asin(),
    "asinh": lambda _, x: (x - 1).asinh(),
    "atan": lambda _, x: (x - 1).atan(),
    "atanh": lambda _, x: (x / 2).atanh(),
    "ceil": lambda _, x: x.ceil(),
    "cos": lambda _, x: x.cos(),
    "cosh": lambda _, x: x.cosh(),
    "deg2rad": lambda _, x: x.deg2rad(),
    "erf": lambda _, x: (x - 1).erf(),
    "erfc": lambda _, x: (x - 1).erfc(),
    "exp": lambda _, x: x.exp(),
    "exp2": lambda _, x: x.exp2(),
    "expm1": lambda _, x: x.expm1(),
    "fix": lambda _, x: (x - 1).fix(),
    "floor": lambda _, x: x.floor(),
    "frac": lambda _, x: (x - 1).frac(),
    "log": lambda _, x: x.log(),
    "log10": lambda _, x: x.log10(),
    "log1p": lambda _, x: x.log1p(),
    "log2": lambda _, x: x.log2(),
    "logit": lambda _, x: (x / 2).logit(),
    "logit_eps": lambda _, x: (x / 1.6).logit(0.2),
    "nan_to_num": lambda _, x: (x - 1).nan_to_num(),
    "neg": lambda _, x: -x,
    "pow_3": lambda _, x: x**3,
    "pow_half": lambda _, x: x**0.5,
    "pow_minus_2": lambda _, x: x**-2,
    "pow_of_number": lambda _, x: 2**x,
    "rad2deg": lambda _, x: x.rad2deg(),
    "reciprocal": lambda _, x: x.reciprocal(),
    "round": lambda _, x: x.round(),
    "rsqrt": lambda _, x: x.rsqrt(),
    "sgn": lambda _, x: (x - 1).detach().sgn(),
    "sign": lambda _, x: (x - 1).sign(),
    "sin": lambda _, x: x.sin(),
    "sinc": lambda _, x: (x - 1).sinc(),
    "sinh": lambda _, x: x.sinh(),
    "sqrt": lambda _, x: x.sqrt(),
    "square": lambda _, x: x.square(),
    "tan": lambda _, x: (x / 2).tan(),
    "trunc": lambda _, x: x.trunc(),
    "xlogy_number": lambda e, x: e.xlogy(x, 2.5),
    "xlogy_of_number": lambda e, x: e.xlogy(2.5, x),
    "copysign_number": lambda e, x: e.copysign(x, -2.0),
    "fmod_number": lambda e, x: e.fmod(x * 3, 2),
    "rsub_number": lambda e, x: e.rsub(x, 2, alpha=3),
    "add_number_first": lambda e, x: e.add(2, x),
    "div_floor": lambda e, x: e.div(x * 4 - 3, 1.5, rounding_mode="floor"),
    "div_trunc": lambda e, x: e.div(x * 4 - 3, 1.5, rounding_mode="trunc"),
    "clamp_number": lambda _, x: x.clamp(0.5, 1.2),
}

BINARY: dict[str, Any] = {
    "add": lambda e, a, b: e.add(a, b, alpha=0.5),
    "atan2": lambda e, a, b: e.atan2(a - 1, b),
    "arctan2": lambda e, a, b: e.arctan2(a, b - 1),
    "copysign": lambda e, a, b: e.copysign(a - 1, b - 1),
    "div": lambda e, a, b: a / b,
    "div_floor": lambda e, a, b: e.div(a, b - 1, rounding_mode="floor"),
    "float_power": lambda e, a, b: e.float_power(a, b),
    "fmax": lambda e, a, b: e.fmax(a, b),
    "fmin": lambda e, a, b: e.fmin(a, b),
    "fmod": lambda e, a, b: e.fmod(a * 3 - 3, b),
    "hypot": lambda e, a, b: e.hypot(a, b),
    "logaddexp": lambda e, a, b: e.logaddexp(a, b * 3),
    "logaddexp2": lambda e, a, b: e.logaddexp2(a, b * 3),
    "maximum": lambda e, a, b: e.maximum(a, b),
    "minimum": lambda e, a, b: e.minimum(a, b),
    "maximum_equal": lambda e, a, b: e.maximum(a + b, b + a),
    "mul": lambda e, a, b: a * b,
    "pow": lambda e, a, b: a**b,
    "remainder": lambda e, a, b: e.remainder(a * 3 - 3, b),
    "rsub": lambda e, a, b: e.rsub(a, b, alpha=2),
    "sub": lambda e, a, b: a - b,
    "xlogy": lambda e, a, b: e.xlogy(a, b),
    "clamp": lambda e, a, b: e.clamp(a, b * 0.5, b),
    "clamp_low": lambda e, a, b: a.clamp(min=b),
    "clamp_high": lambda e, a, b: a.clamp(max=b),
    "heaviside": lambda e, a, b: e.heaviside((a - 1).detach(), b.detach()),
    "nextafter": lambda e, a, b: e.nextafter(a.detach(), b.detach()),
}

PAIRS = [((), ()), ((2, 3), (3,)), ((2, 1), (1, 3)), ((0,), (1,)), ((), (2, 0))]

INTEGERS: dict[str, Any] = {
    "and": lambda _, a, b: a & b,
    "floordiv": lambda _, a, b: a // b,
    "gcd": lambda e, a, b: e.gcd(a, b),
    "fmod": lambda e, a, b: e.fmod(a, b),
    "div": lambda _, a, b: a / b,
    "div_trunc": lambda e, a, b: e.div(a, b, rounding_mode="trunc"),
    "lcm": lambda e, a, b: e.lcm(a, b),
    "left_shift": lambda _, a, b: a << (b * b),
    "mod": lambda _, a, b: a % b,
    "or": lambda _, a, b: a | b,
    "power": lambda _, a, b: a ** (b * b),
    "right_shift": lambda _, a, b: a >> (b * b),
    "shift_number": lambda _, a, b: a << 2,
    "number_shifted": lambda _, a, b: 2 << (b * b),
    "xor": lambda _, a, b: a ^ b,
    "float_power": lambda e, a, b: e.float_power(a, 2),
    "exp": lambda _, a, b: a.exp(),
    "floor": lambda _, a, b: a.floor(),
    "sigmoid": lambda _, a, b: a.sigmoid(),
    "true_divide": lambda e, a, b: e.true_divide(a, 2),
    "ldexp": lambda e, a, b: e.ldexp(a, b),
    "copysign": lambda e, a, b: e.copysign(a, b),
    "signbit": lambda _, a, b: a.signbit(),
    "logical_xor": lambda e, a, b: e.logical_xor(a, b),
}

QUESTIONS = ["isnan", "isinf", "isfinite", "isposinf", "isneginf", "signbit", "logical_not"]
LIMITS = ["abs", "exp", "sqrt", "log", "sin", "tan", "floor", "frac", "nan_to_num", "sign", "trunc",
          "sinc", "erf", "erfc", "asinh", "atan", "cosh", "reciprocal", "rsqrt", "exp2", "expm1",
          "log1p", "logit", "square", "neg", "round", "sgn"]  # fmt: skip
IN_PLACE = ["abs_", "acos_", "atan_", "ceil_", "cos_", "cosh_", "deg2rad_", "erf_", "exp2_",
            "exp_", "expm1_", "floor_", "frac_", "log10_", "log1p_", "log2_", "log_", "logit_",
            "neg_", "reciprocal_", "round_", "rsqrt_", "sigmoid_", "sign_", "sin_", "sinc_",
            "sinh_", "sqrt_", "square_", "tan_", "tanh_", "trunc_", "nan_to_num_"]  # fmt: skip
NAMELESS = {"float_power", "rsub_number", "floordiv", "maximum_equal"}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", UNARY)
def test_one_operand(name: str, shape: tuple[int, ...]) -> None:
    assert_same(UNARY[name], arrays(shape), names=name not in NAMELESS)


@pytest.mark.parametrize("name", sorted({*UNARY} - {"sgn"}))
def test_second_derivatives_of_one_operand(name: str) -> None:
    assert_same_again(UNARY[name], arrays((2, 3)))


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("name", UNARY)
def test_one_operand_keeps_its_type(name: str, dtype: str) -> None:
    # A step away from each jump of the rounding functions, where types may disagree.
    data = [np.array([0.31, 0.77, 1.23]).astype(dtype), np.array(0.9).astype(dtype)]
    for array in data:
        tolerance = {"float16": 2e-2, "float32": 2e-5}[dtype]
        assert_same(UNARY[name], [array], names=False, tolerance=tolerance)


@pytest.mark.parametrize("shapes", PAIRS, ids=str)
@pytest.mark.parametrize("name", BINARY)
def test_two_operands(name: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    assert_same(BINARY[name], arrays(*shapes), names=name not in NAMELESS)


@pytest.mark.parametrize("shapes", PAIRS[:3], ids=str)
@pytest.mark.parametrize("name", sorted({*BINARY} - {"heaviside", "nextafter"}))
def test_second_derivatives_of_two_operands(name: str, shapes: Any) -> None:
    assert_same_again(BINARY[name], arrays(*shapes))


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64"])
@pytest.mark.parametrize("name", INTEGERS)
def test_whole_numbers(name: str, dtype: str) -> None:
    data = [np.array([7, -7, 6, 0, 5]).astype(dtype), np.array([2, 2, -1, 1, -2]).astype(dtype)]
    if name == "number_shifted" and dtype != "int64":
        pytest.skip("torch computes a number shifted by a tensor in a type of its own")
    assert_same(INTEGERS[name], data, names=False, tolerance=1e-6)


@pytest.mark.parametrize("name", QUESTIONS)
def test_questions(name: str) -> None:
    assert_same(lambda _, x: getattr(x, name)(), [SPECIAL])
    assert_same(lambda e, x: getattr(e, name)(x.detach()), [np.array([0, -1, 2])])


@pytest.mark.parametrize("name", LIMITS)
def test_infinities_and_what_is_not_a_number(name: str) -> None:
    assert_same(lambda _, x: getattr(x.detach(), name)(), [SPECIAL])


@pytest.mark.parametrize("name", ["fmax", "fmin", "maximum", "minimum", "fmod", "remainder",
                                  "hypot", "logaddexp", "xlogy", "atan2", "copysign"])  # fmt: skip
def test_pairs_with_infinities(name: str) -> None:
    left, right = np.meshgrid(SPECIAL, SPECIAL)
    assert_same(lambda e, a, b: getattr(e, name)(a.detach(), b.detach()), [left, right])


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_is_the_same_as_out_of_place(name: str) -> None:
    def function(_: Any, x: Any) -> Any:
        y = x * 0.5
        result = getattr(y, name)()
        assert result is y
        return y

    assert_same(function, arrays((2, 3)))


IN_PLACE_PAIRS: dict[str, Any] = {
    "atan2_": lambda _, a, b: (a * 1).atan2_(b),
    "clamp_": lambda _, a, b: (a * 1).clamp_(b * 0.5, b),
    "clamp_max_": lambda _, a, b: (a * 1).clamp_max_(0.7),
    "copysign_": lambda _, a, b: (a * 1).copysign_(b),
    "fmod_": lambda _, a, b: (a * 3).fmod_(b),
    "hypot_": lambda _, a, b: (a * 1).hypot_(b),
    "imod": lambda _, a, b: _changed(a * 3, b, "__imod__"),
    "lerp_": lambda _, a, b: (a * 1).lerp_(b, 0.25),
    "pow_": lambda _, a, b: (a * 1).pow_(b),
    "remainder_": lambda _, a, b: (a * 3).remainder_(b),
    "xlogy_": lambda _, a, b: (a * 1).xlogy_(b),
    "floor_divide_": lambda _, a, b: a.detach().clone().floor_divide_(b.detach()),
    "lt_": lambda _, a, b: a.detach().clone().lt_(b.detach()),
    "addr_": lambda _, a, b: (a * 1).addr_(a[:, 0], b),
    "float_power_": lambda _, a, b: (a * 1).float_power_(b),
    "ldexp_": lambda _, a, b: (a * 1).ldexp_(b.detach().round().int()),
    "renorm_": lambda _, a, b: (a * b).renorm_(2, 0, 0.5),
    "cumsum_": lambda _, a, b: (a * b).cumsum_(0),
    "cumprod_": lambda _, a, b: (a * b).cumprod_(-1),
}


def _changed(a: Any, b: Any, name: str) -> Any:
    return getattr(a, name)(b)


@pytest.mark.parametrize("name", IN_PLACE_PAIRS)
def test_in_place_with_another(name: str) -> None:
    assert_same(IN_PLACE_PAIRS[name], arrays((2, 3), (3,)), names=False)


def test_views_that_do_not_lie_in_order() -> None:
    for function in (UNARY["exp"], UNARY["sinc"], UNARY["logit"]):
        assert_same(lambda e, x, f=function: f(e, x.t()[:, ::2]), arrays((4, 3)), names=False)


def test_bits_in_place() -> None:
    def function(e: Any, a: Any, b: Any) -> Any:
        c = a.clone()
        c &= b
        c |= 8
        c ^= b
        c <<= 1
        c >>= 2
        return c

    assert_same(function, [np.array([12, 7, 3]), np.array([6, 5, 1])])
