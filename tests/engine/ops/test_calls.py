"""How operations may be called: `out=`, keywords, numbers first, numpy; and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradstep_engine
from tests.engine.parity import assert_same, torch_or_skip

pytestmark = pytest.mark.torch
ours: Any = gradstep_engine

# Called with each engine; both raise the same type with the same first line.
ERRORS: dict[str, Any] = {
    "abs_bool": lambda e: e.tensor([True]).abs(),
    "add_dtype_out": lambda e: e.add(e.ones(3), 1.5, out=e.ones(3, dtype=e.int64)),
    "add_out_grad": lambda e: e.add(e.ones(3, requires_grad=True), 1, out=e.ones(3)),
    "amax_empty": lambda e: e.amax(e.ones(0)),
    "amax_empty_dim": lambda e: e.amax(e.ones(0, 2), 0),
    "and_floats": lambda e: e.ones(2) & e.ones(2),
    "argmax_empty": lambda e: e.ones(0, 2).argmax(0),
    "bmm_ranks": lambda e: e.bmm(e.ones(2, 2), e.ones(2, 2)),
    "bmm_sizes": lambda e: e.bmm(e.ones(2, 2, 3), e.ones(2, 2, 3)),
    "broadcast": lambda e: e.ones(2, 3) * e.ones(2),
    "broadcast_inplace": lambda e: e.ones(2).add_(e.ones(3)),
    "clamp": lambda e: e.ones(2).clamp(),
    "cumprod_dim": lambda e: e.ones(2).cumprod(1),
    "diff_number": lambda e: e.tensor(1.0).diff(),
    "div_mode": lambda e: e.div(e.ones(2), 2, rounding_mode="up"),
    "dot_types": lambda e: e.ones(2) @ e.ones(2, dtype=e.float64),
    "einsum_few": lambda e: e.einsum("ij,jk", e.ones(2, 2)),
    "einsum_letter": lambda e: e.einsum("ij->k", e.ones(2, 2)),
    "einsum_sizes": lambda e: e.einsum("ij,jk->ik", e.ones(2, 3), e.ones(2, 3)),
    "exp_of_a_string": lambda e: e.exp("a"),
    "exp_of_nothing": lambda e: e.exp(),
    "floordiv_zero": lambda e: e.tensor([5]) // 0,
    "inner_sizes": lambda e: e.inner(e.ones(2, 3), e.ones(2)),
    "kthvalue": lambda e: e.ones(3).kthvalue(4),
    "lshift_floats": lambda e: e.ones(2) << 1,
    "matmul_number": lambda e: e.ones(2, 2).matmul(e.tensor(1.0)),
    "matmul_batches": lambda e: e.ones(2, 2, 3) @ e.ones(4, 3, 2),
    "matmul_batch_sizes": lambda e: e.ones(2, 2, 3) @ e.ones(2, 2, 3),
    "matmul_batch_vector": lambda e: e.ones(2, 3, 3) @ e.ones(2),
    "matmul_int": lambda e: e.ones(2) @ 2,
    "max_dim_empty": lambda e: e.ones(0, 2).max(0),
    "max_empty": lambda e: e.max(e.ones(0)),
    "mean_ints": lambda e: e.tensor([1, 2]).mean(),
    "mm_rank": lambda e: e.mm(e.ones(2), e.ones(2, 2)),
    "mm_rank2": lambda e: e.mm(e.ones(2, 2), e.ones(2)),
    "mm_sizes": lambda e: e.mm(e.ones(2, 3), e.ones(2, 3)),
    "mod_zero": lambda e: e.tensor([5]) % e.tensor([0]),
    "mv_ranks": lambda e: e.mv(e.ones(2), e.ones(2, 2)),
    "neg_bool": lambda e: -e.tensor([True]),
    "norm_ints": lambda e: e.norm(e.tensor([1, 2])),
    "outer_rank": lambda e: e.outer(e.ones(2, 2), e.ones(2)),
    "plus_string": lambda e: e.ones(2) + "a",
    "pow_negative": lambda e: e.tensor([2]) ** -1,
    "quantile_ints": lambda e: e.tensor([1, 2]).quantile(0.5),
    "quantile_range": lambda e: e.ones(2).quantile(1.5),
    "smaller_than_string": lambda e: e.ones(2) < "a",
    "std_ints": lambda e: e.tensor([1, 2]).std(),
    "sub_bool": lambda e: e.tensor([True]) - e.tensor([True]),
    "sum_dim": lambda e: e.ones(2, 2).sum(dim=2),
    "sum_twice": lambda e: e.ones(2, 2).sum(dim=(0, 0)),
    "topk": lambda e: e.ones(2).topk(3),
    "trace_rank": lambda e: e.trace(e.ones(2)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_read_as_in_torch(name: str) -> None:
    torch = torch_or_skip()
    with pytest.raises(Exception) as expected:  # noqa: PT011 (the type is compared below)
        ERRORS[name](torch)
    with pytest.raises(type(expected.value)) as found:
        ERRORS[name](ours)
    assert str(found.value).splitlines()[0] == str(expected.value).splitlines()[0]


OUT: dict[str, Any] = {
    "add": lambda e, x, out: e.add(x, 2, out=out),
    "exp": lambda e, x, out: e.exp(x, out=out),
    "matmul": lambda e, x, out: e.matmul(x, x.t(), out=out),
    "sum": lambda e, x, out: e.sum(x, 0, out=out),
    "clamp": lambda e, x, out: e.clamp(x, 0.5, 1.0, out=out),
    "pow": lambda e, x, out: e.pow(x, 2, out=out),
    "eq": lambda e, x, out: e.eq(x, 1, out=out),
}


@pytest.mark.parametrize("size", [(0,), (2, 3), (4,)], ids=str)
@pytest.mark.parametrize("name", OUT)
@pytest.mark.filterwarnings("ignore:An output with one or more elements was resized")
def test_results_written_into_a_given_tensor(name: str, size: tuple[int, ...]) -> None:
    def function(e: Any, x: Any) -> Any:
        out = e.empty(size, dtype=e.float64)
        assert OUT[name](e, x.detach(), out) is out
        return out

    assert_same(function, [np.array([[1.0, 0.3, 2.0], [0.5, 1.5, -1.0]])])


def test_several_results_written_into_given_tensors() -> None:
    def function(e: Any, x: Any) -> Any:
        values, indices = e.empty(2, dtype=e.float64), e.empty(2, dtype=e.int64)
        e.max(x.detach(), 1, out=(values, indices))
        return values, indices

    assert_same(function, [np.array([[1.0, 3.0], [5.0, 2.0]])])


def test_an_output_of_another_size_is_resized_with_a_warning() -> None:
    for engine in (ours, torch_or_skip()):
        out = engine.ones(2)
        with pytest.warns(UserWarning, match="was resized since it had shape"):
            engine.exp(engine.zeros(3), out=out)
        assert out.tolist() == [1, 1, 1]


CALLS: dict[str, Any] = {
    "add_first": lambda e, x: e.add(2, x),
    "div_first": lambda e, x: e.div(2, x),
    "input": lambda e, x: e.exp(input=x),
    "max_two": lambda e, x: e.max(x, x * 0.5),
    "mul_first": lambda e, x: e.mul(2, x),
    "other": lambda e, x: e.mul(input=x, other=x),
    "std_unbiased": lambda e, x: e.std(x, unbiased=False),
    "sub_first": lambda e, x: e.sub(2, x),
    "sum_keyword": lambda e, x: e.sum(x, dim=0, keepdim=True),
    "numpy_number": lambda _, x: x * np.float64(2.5) + np.int64(1),
    "numpy_number_first": lambda _, x: np.float64(2.5) * x,
    "positive": lambda _, x: +x,
    "special": lambda e, x: (e.special.expit(x), e.special.entr(x), e.special.ndtr(x)),
    "special_pairs": lambda e, x: (e.special.xlog1py(x, x), e.special.xlogy(x, x)),
    "special_logit": lambda e, x: e.special.logit(x / 2),
}


@pytest.mark.parametrize("name", CALLS)
def test_forms_of_calls(name: str) -> None:
    assert_same(CALLS[name], [np.array([1.0, 0.5, 1.5])], names=False)


@pytest.mark.filterwarnings("ignore:__array_wrap__ must accept context")
def test_numpy_and_tensors_together() -> None:
    array = np.array([1.0, 4.0])
    for engine in (ours, torch_or_skip()):
        x = engine.tensor([1.0, 4.0])
        for result in (np.sqrt(x), np.add(x, x), x * array, array == x, x @ array):
            assert isinstance(result, engine.Tensor)
        assert np.sqrt(x).tolist() == [1, 2]
        assert np.isnan(x).dtype == engine.uint8
        assert (x * array).dtype == engine.float64
        assert np.asarray(x, dtype=np.float64).dtype == np.float64
        assert isinstance(np.concatenate([x, x]), np.ndarray)
        with pytest.raises(TypeError, match=r"argument 'other' .* must be Tensor, not numpy.ndar"):
            x.mul(array)
        with pytest.raises(RuntimeError, match=r"Use tensor.detach\(\).numpy\(\) instead"):
            np.asarray(engine.ones(2, requires_grad=True))


def test_every_method_named_as_a_function_is_both() -> None:
    from gradstep_engine.tensor.twins import IN_PLACE

    for name in IN_PLACE:
        x = ours.full((2,), 0.5)
        arguments = {"clamp": (0.0,), "xlogy": (x,), "fill": (1.0,), "copysign": (x,)}
        base = name.rstrip("_")
        if base in ("gcd", "lcm"):
            x = ours.tensor([4, 6])
        given = (x.clone(),) if base in ("gcd", "lcm") else arguments.get(base, ())
        if base in ("clamp_max", "clamp_min", "clip"):
            given = (0.4,)
        if base in ("acosh", "arccosh"):
            x += 1
        assert getattr(ours, name)(x, *given) is x
