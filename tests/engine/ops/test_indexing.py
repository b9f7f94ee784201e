"""Indexing, gather and scatter against PyTorch and, at random, against numpy."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradstep_engine
from gradstep_engine.autograd.differences import gradcheck
from tests.engine.ops.comparing import (
    assert_same_error,
    assert_same_result,
    assert_second_derivative,
)
from tests.engine.parity import arrays, assert_same, torch_or_skip

ours: Any = gradstep_engine

INDICES: dict[str, Any] = {
    "int": lambda e: 1,
    "negative": lambda e: -1,
    "numpy_int": lambda e: np.int64(1),
    "tensor_0d": lambda e: e.tensor(1),
    "slice": lambda e: slice(1, None),
    "slice_far": lambda e: slice(-9, 9),
    "slice_of_tensors": lambda e: slice(e.tensor(0), e.tensor(1)),
    "step": lambda e: (slice(None), slice(0, None, 2)),
    "none": lambda e: (None, slice(None), None, 1),
    "ellipsis": lambda e: (..., 0),
    "ellipsis_amid": lambda e: (0, ..., slice(0, 2)),
    "list": lambda e: [1, 0, 1],
    "empty_list": lambda e: [],
    "range": lambda e: range(2),
    "numpy": lambda e: np.array([0, 1, 1]),
    "lists": lambda e: ([0, 1], [2, 1]),
    "nested": lambda e: [[0, 1], [1, 0]],
    "list_of_tensors": lambda e: [e.tensor(0), e.tensor(1)],
    "list_of_slices": lambda e: [slice(0, 1), 0],
    "tensor_2d": lambda e: e.tensor([[0, 1], [1, -1]]),
    "two_tensors": lambda e: (e.tensor([0, 1]), e.tensor([2, -1])),
    "broadcast": lambda e: (e.tensor([[0], [1]]), e.tensor([2, 0])),
    "apart": lambda e: (e.tensor([0, 1]), slice(None), e.tensor([3, 0])),
    "after_slice": lambda e: (slice(None), e.tensor([2, 2])),
    "int_then_tensor": lambda e: (0, slice(None), e.tensor([0, 1])),
    "slice_int_tensor": lambda e: (slice(None), 0, e.tensor([0, 1])),
    "int_none_tensor": lambda e: (None, 0, e.tensor([0, 1])),
    "tensor_then_int": lambda e: (e.tensor([1, 0]), 0),
    "none_between": lambda e: (e.tensor([0, 1]), None, e.tensor([1, 2])),
    "mask": lambda e: e.arange(24).reshape(2, 3, 4) % 3 == 0,
    "mask_of_two": lambda e: e.tensor([[True, False, True], [False, False, True]]),
    "mask_list": lambda e: [True, False],
    "mask_after": lambda e: (slice(None), e.tensor([True, False, True])),
    "mask_and_int": lambda e: (0, e.tensor([True, False, True])),
    "mask_and_tensor": lambda e: (e.tensor([True, True]), e.tensor([1, 2])),
    "masks_apart": lambda e: (e.tensor([True, False]), slice(None), e.tensor([True] * 3 + [False])),
    "true": lambda e: True,
    "false": lambda e: False,
    "true_none": lambda e: (True, None),
    "nothing": lambda e: (),
}


# Places named twice keep any of the values.
TWICE = {"list", "numpy", "nested", "tensor_2d", "after_slice"}

AS_A_TUPLE = pytest.mark.filterwarnings("ignore:Using a non-tuple sequence")


@AS_A_TUPLE
@pytest.mark.torch
@pytest.mark.parametrize("name", INDICES)
def test_reading(name: str) -> None:
    assert_same(
        lambda e, x: x[INDICES[name](e)] * 1, arrays((2, 3, 4)), names=name != "list_of_slices"
    )


@AS_A_TUPLE
@pytest.mark.torch
@pytest.mark.parametrize("name", INDICES)
@pytest.mark.parametrize("value", ["number", "part", "row"])
def test_writing(name: str, value: str) -> None:
    def write(e: Any, x: Any, y: Any) -> Any:
        target, index = x * 1, INDICES[name](e)
        part = y[index]
        if value == "part":
            target[index] = part * 2
        elif value == "row":
            target[index] = part[:1] * 2 if part.ndim else part
        else:
            target[index] = 3
        return target

    if name in TWICE or (name == "false" and value != "number"):
        return
    assert_same(write, arrays((2, 3, 4), (2, 3, 4)), names=False)


@AS_A_TUPLE
@pytest.mark.parametrize("name", INDICES)
def test_second_derivatives_of_reading_and_writing(name: str) -> None:
    def both(e: Any, x: Any) -> Any:
        index = INDICES[name](e)
        target = x * 2
        part = x[index] * 1
        if name not in TWICE:
            target[index] = part * part
        return part, target

    assert_second_derivative(both, (2, 3, 4))


def places(e: Any) -> Any:
    return e.tensor([[[0, 1, 2, 0]] * 3, [[1, 1, 0, 2]] * 3])


def numbered(e: Any, *numbers: int) -> Any:
    return e.tensor(numbers)


BY_TENSOR: dict[str, Any] = {
    "gather": lambda e, x, y: x.gather(1, places(e)),
    "take_along_dim": lambda e, x, y: e.take_along_dim(x, e.tensor([[[1]], [[0]]]), 1),
    "take_along_flat": lambda e, x, y: x.take_along_dim(e.tensor([5, 5, 1])),
    "scatter": lambda e, x, y: x.scatter(1, e.tensor([[[0, 1, 2, 0]], [[1, 2, 0, 2]]]), y[:, :1]),
    "scatter_number": lambda e, x, y: x.scatter(1, places(e), 2.0),
    "scatter_value": lambda e, x, y: x.scatter(1, places(e), value=2.0),
    "scatter_add": lambda e, x, y: x.scatter_add(1, places(e), y),
    "scatter_sum": lambda e, x, y: x.scatter_reduce(1, places(e), y, "sum"),
    "scatter_mean": lambda e, x, y: x.scatter_reduce(1, places(e), y, "mean"),
    "scatter_amax": lambda e, x, y: x.scatter_reduce(1, places(e), y, "amax"),
    "scatter_amin": lambda e, x, y: x.scatter_reduce(
        1, places(e), y, reduce="amin", include_self=False
    ),
    "scatter_mean_of_new": lambda e, x, y: x.scatter_reduce(
        1, places(e), y, "mean", include_self=False
    ),
    "index_select": lambda e, x, y: x.index_select(-1, numbered(e, 3, 0, 3)),
    "index_add": lambda e, x, y: x.index_add(1, numbered(e, 0, 2, 2), y),
    "index_add_alpha": lambda e, x, y: x.index_add(2, numbered(e, 0, 2), y[..., :2], alpha=2),
    "index_copy": lambda e, x, y: x.index_copy(1, numbered(e, 2, 0), y[:, 1:]),
    "index_fill": lambda e, x, y: x.index_fill(2, numbered(e, 2, -4), 7.0),
    "index_put": lambda e, x, y: x.index_put((numbered(e, 0, 1),), y),
    "index_put_add": lambda e, x, y: x.index_put((numbered(e, 0, 0),), y, accumulate=True),
    "masked_fill": lambda e, x, y: x.masked_fill(y > 1, 0.5),
    "masked_select": lambda e, x, y: x.masked_select(y > 1),
    "masked_select_broadcast": lambda e, x, y: e.masked_select(x, y[0, 0] > 1),
    "masked_scatter": lambda e, x, y: x.masked_scatter(x > 1, y),
    "take": lambda e, x, y: e.take(x, e.tensor([[0, 5], [-1, 5]])),
    "put": lambda e, x, y: e.put(x, numbered(e, 3, -2), y[0, 0, :2]),
    "put_add": lambda e, x, y: x.put(numbered(e, 3, 3), y[0, 0, :2], accumulate=True),
    "select_scatter": lambda e, x, y: x.select_scatter(y[:, 0], 1, -1),
    "slice_scatter": lambda e, x, y: e.slice_scatter(x, y[..., :2], 2, 0, 4, 2),
    "diagonal_scatter": lambda e, x, y: e.diagonal_scatter(x[0], y[0, :, 0]),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", BY_TENSOR)
def test_by_tensors(name: str) -> None:
    assert_same(
        BY_TENSOR[name],
        arrays((2, 3, 4), (2, 3, 4)),
        names="sum" not in name and "along" not in name,
    )


@pytest.mark.parametrize("name", BY_TENSOR)
def test_second_derivatives_by_tensors(name: str) -> None:
    assert_second_derivative(BY_TENSOR[name], (2, 3, 4), (2, 3, 4))


@pytest.mark.torch
def test_scatter_of_products() -> None:
    assert_same(
        lambda e, x, y: x.scatter_reduce(1, places(e), y, "prod"), arrays((2, 3, 4), (2, 3, 4))
    )


RESULTS: dict[str, Any] = {
    "argwhere": lambda e: e.argwhere(e.tensor([[0, 1], [2, 0]])),
    "nonzero": lambda e: e.nonzero(e.tensor([0, 1, 2])),
    "nonzero_0d": lambda e: e.tensor(3).nonzero(),
    "nonzero_tuple": lambda e: e.nonzero(e.tensor([[0, 1], [2, 0]]), as_tuple=True),
    "contains": lambda e: [2 in e.tensor([1, 2]), 3 in e.tensor([1, 2])],
    "reversed": lambda e: list(reversed(e.tensor([1, 2]))),
    "scatter_add_number": lambda e: e.zeros(2, 2).scatter(1, e.tensor([[0], [1]]), 2, reduce="add"),
    "scatter_multiply": lambda e: e.ones(2, 2).scatter(
        1, e.tensor([[0], [1]]), 3.0, reduce="multiply"
    ),
    "one_hot": lambda e: e.zeros(2, 3, dtype=e.int64).scatter_(1, e.tensor([[0], [2]]), 1),
    "masks_write": lambda e: e.arange(6).masked_fill_(e.arange(6) > 3, 0),
    "int_gets_float": lambda e: e.tensor([1, 2]).index_fill(0, e.tensor([0]), 7),
    "set_truncates": lambda e: (lambda x: (x.__setitem__(0, 1.9), x)[1])(e.tensor([0, 0])),
    "set_leading_ones": lambda e: (lambda x: (x.__setitem__(0, e.ones(1, 1, 2)), x)[1])(
        e.zeros(2, 2)
    ),
    "0d_mask": lambda e: e.tensor(3)[e.tensor(True)],
    "0d_none": lambda e: e.tensor(3)[None],
}


@pytest.mark.torch
@pytest.mark.parametrize("name", RESULTS)
def test_results(name: str) -> None:
    assert_same_result(RESULTS[name])


def _set(index: Any, value: Any) -> Any:
    return lambda e: e.zeros(2, 3, 4).__setitem__(
        index(e) if callable(index) else index, value(e) if callable(value) else value
    )


def _x(e: Any) -> Any:
    return e.ones(3, 4)


MISTAKES: dict[str, Any] = {
    "float_index": lambda e: e.ones(3)[1.5],
    "float_tensor": lambda e: e.ones(3)[e.tensor(1.5)],
    "float_slice": lambda e: e.ones(3)[0.5:],
    "backwards": lambda e: e.ones(3)[::-1],
    "step_zero": lambda e: e.ones(3)[::0],
    "index_broadcast": lambda e: e.ones(3, 3)[e.tensor([0, 1]), e.tensor([0, 1, 2])],
    "index_outside": lambda e: e.ones(2)[e.tensor([-3])],
    "mask_shape": lambda e: e.ones(2, 3)[e.ones(2, 2) > 0],
    "mask_shape_later": lambda e: e.ones(2, 3)[:, e.ones(2) > 0],
    "index_into_0d": lambda e: e.tensor(3)[e.tensor([0])],
    "contains": lambda e: "a" in e.ones(1),
    "set_list": _set(0, [1, 2]),
    "set_numpy": _set(0, np.ones(4)),
    "set_none": _set(0, None),
    "set_text": _set(0, "a"),
    "set_type": _set(lambda e: e.tensor([0]), lambda e: e.ones(3, 4, dtype=e.float64)),
    "set_shape": _set(0, lambda e: e.ones(7)),
    "set_shape_by_tensor": _set(lambda e: e.tensor([0]), lambda e: e.ones(7)),
    "set_shape_by_mask": _set(lambda e: e.ones(2, 3, 4) > 0, lambda e: e.ones(5)),
    "gather_outside": lambda e: _x(e).gather(1, e.tensor([[7]])),
    "gather_negative": lambda e: _x(e).gather(1, e.tensor([[-1]])),
    "gather_rank": lambda e: _x(e).gather(1, e.tensor([1])),
    "gather_size": lambda e: _x(e).gather(1, e.tensor([[1]] * 5)),
    "gather_type": lambda e: _x(e).gather(1, e.tensor([[1.0]])),
    "index_add_count": lambda e: _x(e).index_add(1, e.tensor([1]), e.ones(3, 2)),
    "index_add_outside": lambda e: _x(e).index_add(1, e.tensor([7]), e.ones(3, 1)),
    "index_add_rank": lambda e: _x(e).index_add(1, e.tensor([[1]]), e.ones(3, 1)),
    "index_add_type": lambda e: _x(e).index_add(1, e.tensor([1]), e.ones(3, 1).double()),
    "index_copy_count": lambda e: _x(e).index_copy(1, e.tensor([1]), e.ones(3, 2)),
    "index_copy_outside": lambda e: _x(e).index_copy(1, e.tensor([7]), e.ones(3, 1)),
    "index_copy_shape": lambda e: _x(e).index_copy(1, e.tensor([1]), e.ones(2, 1)),
    "index_fill_outside": lambda e: _x(e).index_fill(1, e.tensor([7]), 1.0),
    "index_select_outside": lambda e: _x(e).index_select(1, e.tensor([7])),
    "index_select_rank": lambda e: _x(e).index_select(1, e.tensor([[1]])),
    "index_select_type": lambda e: _x(e).index_select(1, e.tensor([1.0])),
    "masked_fill_value": lambda e: _x(e).masked_fill(e.ones(4) > 0, e.tensor([0.0, 2.0])),
    "masked_fill_type": lambda e: _x(e).masked_fill(e.tensor([1]), 0),
    "masked_scatter": lambda e: _x(e).masked_scatter(e.ones(4) > 0, e.ones(2)),
    "masked_select": lambda e: _x(e).masked_select(e.tensor([1])),
    "put": lambda e: _x(e).put(e.tensor([17]), e.tensor([1.0])),
    "scatter_outside": lambda e: _x(e).scatter(1, e.tensor([[7]]), 1.0),
    "scatter_rank": lambda e: _x(e).scatter(1, e.tensor([1]), e.ones(1, 1)),
    "scatter_reduce": lambda e: _x(e).scatter_reduce(1, e.tensor([[1]]), e.ones(1, 1), "x"),
    "scatter_reduction": lambda e: _x(e).scatter(1, e.tensor([[1]]), 1.0, reduce="x"),
    "scatter_size": lambda e: _x(e).scatter(1, e.tensor([[1]] * 5), 1.0),
    "scatter_source": lambda e: _x(e).scatter(1, e.tensor([[1, 2]]), e.ones(1, 1)),
    "scatter_type": lambda e: _x(e).scatter(1, e.tensor([[1]]), e.ones(1, 1).double()),
    "select_scatter": lambda e: _x(e).select_scatter(e.ones(3), 0, 1),
    "take_outside": lambda e: _x(e).take(e.tensor([17])),
    "take_type": lambda e: _x(e).take(e.tensor([1.0])),
    "take_along_dim": lambda e: e.take_along_dim(_x(e), e.tensor([1]), 1),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", MISTAKES)
def test_same_error(name: str) -> None:
    assert_same_error(MISTAKES[name])


def test_an_index_changed_before_backward_is_noticed() -> None:
    x, index = ours.ones(3, requires_grad=True), ours.tensor([0, 1])
    y = x.gather(0, index)
    index.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_uint8_masks_warn() -> None:
    with pytest.warns(UserWarning, match=r"torch\.uint8 is now deprecated"):
        chosen = ours.arange(2)[ours.tensor([0, 1], dtype=ours.uint8)]
    assert chosen.tolist() == [1]


@st.composite
def shape_and_index(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[Any, ...]]:
    """Return a shape and an index into it: integers, slices, None, ellipsis, one index array."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    axes = draw(st.integers(0, len(shape)))
    items: list[Any] = []
    kinds = ["int", "slice", "slice"]
    arrayed = draw(st.booleans())  # with integers, numpy counts them among the arrays
    for axis in range(axes):
        kind = draw(st.sampled_from(["array", "mask", "slice", "slice"] if arrayed else kinds))
        size = shape[axis]
        if kind == "int":
            items.append(draw(st.integers(-size, size - 1)))
        elif kind == "slice":
            bound = st.none() | st.integers(-size - 1, size + 1)
            items.append(slice(draw(bound), draw(bound), draw(st.none() | st.integers(1, 3))))
        elif any(isinstance(item, np.ndarray) for item in items):
            items.append(slice(None))
        elif kind == "mask":
            items.append(np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size))))
        else:
            distinct = st.lists(st.integers(0, size - 1), min_size=1, max_size=3, unique=True)
            items.append(np.array(draw(distinct)) - size * draw(st.integers(0, 1)))
    for _ in range(draw(st.integers(0, 2))):
        items.insert(draw(st.integers(0, len(items))), None)
    if draw(st.booleans()):
        items.append(...)
    return shape, tuple(items)


@settings(max_examples=150, deadline=None)
@given(case=shape_and_index())
def test_any_index_reads_and_writes_as_numpy_does(case: Any) -> None:
    shape, index = case
    array = np.arange(float(np.prod(shape))).reshape(shape)
    x = ours.tensor(array.copy())
    mine = tuple(ours.tensor(i) if isinstance(i, np.ndarray) else i for i in index)
    part = x[mine]
    assert part.shape == array[index].shape
    assert np.array_equal(part.numpy(), array[index])
    array[index] = -1
    x[mine] = -1
    assert np.array_equal(x.numpy(), array)


@settings(max_examples=25, deadline=None)
@given(case=shape_and_index())
def test_any_index_has_the_right_gradient(case: Any) -> None:
    shape, index = case
    mine = tuple(ours.tensor(i) if isinstance(i, np.ndarray) else i for i in index)
    stream = np.random.default_rng(1)
    x = ours.tensor(stream.uniform(0.5, 1.5, shape), requires_grad=True)

    def read_and_write(t: Any) -> Any:
        changed = t * 1
        changed[mine] = t[mine].sum() * t.flatten()[0]
        return t[mine], changed

    assert gradcheck(read_and_write, (x,))


@pytest.mark.torch
@settings(max_examples=60, deadline=None)
@given(case=shape_and_index())
def test_any_index_reads_as_torch_does(case: Any) -> None:
    torch = torch_or_skip()
    shape, index = case
    array = np.arange(float(np.prod(shape))).reshape(shape)
    results = []
    for e in (ours, torch):
        found = tuple(e.tensor(i) if isinstance(i, np.ndarray) else i for i in index)
        x = e.tensor(array, requires_grad=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            part = x[found]
        (part * part).sum().backward()
        results.append((part.detach().numpy(), x.grad.numpy()))
    for got, expected in zip(*results, strict=True):
        assert got.shape == expected.shape
        assert np.array_equal(got, expected)
