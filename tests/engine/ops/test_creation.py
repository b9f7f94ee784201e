"""Making tensors, leaving them, and what scripts set before they begin, against PyTorch."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
import pytest

import gradstep_engine
from gradstep_engine.missing import MissingFeatureError
from tests.engine.ops.comparing import (
    assert_same_error,
    assert_same_result,
    assert_same_warning,
)

ours: Any = gradstep_engine

RESULTS: dict[str, Any] = {
    "mixed": lambda e: e.tensor([1, 2.5]),
    "bool_and_int": lambda e: e.tensor([True, 2]),
    "bool_and_float": lambda e: e.tensor([True, 2.0]),
    "numpy_float32": lambda e: e.tensor(np.float32(1)),
    "numpy_float64": lambda e: e.tensor([np.float64(1), 2.0]),
    "numpy_int32": lambda e: e.tensor([np.int32(1)]),
    "numpy_backwards": lambda e: e.tensor(np.arange(3)[::-1].copy()),
    "tensors_0d": lambda e: e.tensor([e.tensor(1.0), e.tensor(2.0)]),
    "tensors_of_one": lambda e: e.tensor([e.tensor([1.0]), e.tensor([2.0])]),
    "empty": lambda e: e.tensor([]),
    "empty_rows": lambda e: e.tensor([[], []]),
    "range_data": lambda e: e.tensor(range(3)),
    "tuple_data": lambda e: e.tensor(((1, 2), (3, 4))),
    "as_tensor": lambda e: e.as_tensor([1, 2], dtype=e.float16),
    "asarray": lambda e: e.asarray(np.ones(2), dtype=e.float32, copy=True),
    "from_numpy": lambda e: e.from_numpy(np.arange(3, dtype=np.int16)),
    "frombuffer": lambda e: e.frombuffer(bytearray(range(6)), dtype=e.int16, offset=2),
    "full_int": lambda e: e.full((2,), 3),
    "full_bool": lambda e: e.full([2], True),
    "full_like": lambda e: e.full_like(e.ones(2, dtype=e.int32), 7),
    "zeros_keyword": lambda e: e.zeros(size=(2, 1)),
    "zeros_0d": lambda e: e.zeros(()),
    "zeros_of_tensor": lambda e: e.zeros(e.tensor(2), 3),
    "zeros_like_type": lambda e: e.zeros_like(e.tensor([1]), dtype=e.float64),
    "ones_numpy": lambda e: e.ones(np.int64(2)),
    "ones_out": lambda e: e.ones(2, out=e.empty(2, dtype=e.float64)),
    "arange_end": lambda e: e.arange(end=3),
    "arange_all": lambda e: e.arange(start=1, end=8, step=3),
    "arange_two": lambda e: e.arange(2, end=4),
    "arange_floats": lambda e: e.arange(0, 1, 0.3),
    "arange_back": lambda e: e.arange(5, 0, -2),
    "arange_tensor": lambda e: e.arange(e.tensor(3)),
    "arange_out": lambda e: e.arange(3, out=e.empty(0, dtype=e.int64)),
    "linspace": lambda e: e.linspace(0, 10, 4, dtype=e.int64),
    "linspace_one": lambda e: e.linspace(3, 9, 1),
    "linspace_tensors": lambda e: e.linspace(e.tensor(0.0), e.tensor(1.0), steps=3),
    "logspace": lambda e: e.logspace(0, 2, 3, base=2),
    "eye": lambda e: e.eye(2, 3, dtype=e.int32),
    "tril_indices": lambda e: e.tril_indices(3, 2, 1),
    "triu_indices": lambda e: e.triu_indices(2, 3, offset=-1, dtype=e.int32),
    "scalar_tensor": lambda e: e.scalar_tensor(3),
    "empty_strided": lambda e: e.empty_strided((2, 3), (1, 2)).stride(),
    "new_tensor": lambda e: e.ones(1, dtype=e.float64).new_tensor([1, 2]),
    "new_zeros": lambda e: e.ones(1, dtype=e.int8).new_zeros((2, 3)),
    "new_full": lambda e: e.ones(1, dtype=e.float64).new_full((2,), 3, dtype=e.int64),
    "new_ones": lambda e: e.ones(1, dtype=e.int8).new_ones(2, requires_grad=False),
    "FloatTensor": lambda e: e.FloatTensor([1, 2]),
    "FloatTensor_sizes": lambda e: e.FloatTensor(2, 3).shape,
    "LongTensor": lambda e: e.LongTensor([1.5]),
    "BoolTensor": lambda e: e.BoolTensor([1, 0]),
    "DoubleTensor": lambda e: e.DoubleTensor(np.ones(2, np.float32)),
    "is_FloatTensor": lambda e: [isinstance(e.ones(1, dtype=d), e.FloatTensor)
                                 for d in (e.float32, e.float64)],
    "Tensor": lambda e: e.Tensor([[1, 2]]),
    "Tensor_none": lambda e: e.Tensor(),
    "Tensor_size": lambda e: e.Tensor(e.Size([2, 3])).shape,
    "Tensor_tuple": lambda e: e.Tensor((2, 3)),
    "Tensor_numpy": lambda e: e.Tensor(np.ones(2)),
    "type_of_constructor": lambda e: e.tensor([1.7]).type(e.LongTensor),
    "type_by_name": lambda e: e.tensor([1.7]).type("torch.IntTensor"),
    "type_as": lambda e: e.tensor([1]).type_as(e.tensor([1.0])),
    "to_type": lambda e: e.tensor([1]).to(e.float64, non_blocking=True, copy=True),
    "to_device_type": lambda e: e.tensor([1]).to("cpu", e.float16),
    "to_device_object": lambda e: e.tensor([1]).to(device=e.device("cpu"), dtype=e.int8),
    "to_other": lambda e: e.tensor([1]).to(e.tensor([1.0])),
    "to_nothing": lambda e: e.tensor([1]).to(),
    "numbers": lambda e: [float(e.tensor([1.5])), int(e.tensor([1.5])), bool(e.tensor([[0]]))],
    "index": lambda e: [10, 20, 30][e.tensor(1)],
    "is_nonzero": lambda e: e.is_nonzero(e.tensor([2.0])),
    "is_same_size": lambda e: e.ones(2).is_same_size(e.zeros(3)),
    "equal": lambda e: [e.equal(e.ones(2), e.ones(2)), e.equal(e.ones(2), e.ones(3))],
    "typename": lambda e: e.typename(e.ones(1)),
    "precision": lambda e: e.get_float32_matmul_precision(),
    "available": lambda e: [e.cuda.is_available(), e.backends.mps.is_available(),
                            e.cuda.device_count(), e.accelerator.is_available()],
    "cudnn": lambda e: [e.backends.cudnn.benchmark, e.backends.cudnn.deterministic],
    "device": lambda e: [str(e.device("cpu")), e.device("cpu").type, e.get_default_device().type],
}  # fmt: skip


@pytest.mark.torch
@pytest.mark.parametrize("name", RESULTS)
def test_results(name: str) -> None:
    assert_same_result(RESULTS[name])


MISTAKES: dict[str, Any] = {
    "none": lambda e: e.tensor(None),
    "text": lambda e: e.tensor("a"),
    "dict": lambda e: e.tensor({}),
    "list_of_none": lambda e: e.tensor([None]),
    "ragged": lambda e: e.tensor([[1, 2], [3]]),
    "too_large": lambda e: e.tensor(2**70),
    "list_of_tensors": lambda e: e.tensor([e.ones(2), e.ones(2)]),
    "backwards": lambda e: e.tensor(np.arange(3)[::-1]),
    "from_backwards": lambda e: e.from_numpy(np.arange(3)[::-1]),
    "from_list": lambda e: e.from_numpy([1]),
    "full_size": lambda e: e.full(2, 3),
    "zeros_negative": lambda e: e.zeros(-1),
    "zeros_float": lambda e: e.zeros(2.0),
    "zeros_nothing": lambda e: e.zeros(),
    "zeros_like": lambda e: e.zeros_like([1]),
    "int_requires_grad": lambda e: e.zeros(2, dtype=e.int64, requires_grad=True),
    "arange": lambda e: e.arange(1, 0),
    "arange_zero": lambda e: e.arange(0, 1, 0),
    "linspace": lambda e: e.linspace(0, 1, -1),
    "linspace_rank": lambda e: e.linspace(e.ones(2), e.ones(2), 3),
    "eye": lambda e: e.eye(-1),
    "Tensor_float": lambda e: e.Tensor(3.0),
    "default_dtype": lambda e: e.set_default_dtype(e.int64),
    "int_of_many": lambda e: int(e.ones(2)),
    "float_of_many": lambda e: float(e.ones(2)),
    "item_of_none": lambda e: e.tensor([]).item(),
    "index_float": lambda e: [1, 2][e.tensor(1.0)],
    "type_name": lambda e: e.ones(1).type("x"),
    "cuda": lambda e: e.ones(1).cuda(),
    "is_nonzero": lambda e: e.is_nonzero(e.ones(2)),
    "data_list": lambda e: setattr(e.ones(2), "data", [1]),
    "data_type": lambda e: setattr(e.ones(2, requires_grad=True), "data", e.tensor([1])),
    "numpy": lambda e: np.asarray(e.ones(2, requires_grad=True)),
    "requires_grad_text": lambda e: e.ones(2).requires_grad_("yes"),
    "post_hook": lambda e: e.ones(2).register_post_accumulate_grad_hook(print),
    "post_hook_inner": lambda e: (
        e.ones(2, requires_grad=True) * 2
    ).register_post_accumulate_grad_hook(print),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", MISTAKES)
def test_same_error(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch's __array__ has no `copy`
        assert_same_error(MISTAKES[name])


@pytest.mark.torch
def test_same_warnings() -> None:
    assert_same_warning(lambda e: e.tensor(e.ones(2)))
    assert_same_warning(lambda e: e.range(1, 3))


def test_a_read_only_array_warns() -> None:
    array = np.ones(2)
    array.flags.writeable = False
    with pytest.warns(UserWarning, match="not writable"):
        ours.from_numpy(array)


def test_as_tensor_shares_memory_and_tensor_does_not() -> None:
    array = np.zeros(3)
    shared, copied = ours.as_tensor(array), ours.tensor(array)
    again = ours.asarray(shared)
    array[0] = 1
    assert [shared[0].item(), copied[0].item(), again[0].item()] == [1, 0, 1]


def test_a_preamble_runs() -> None:
    ours.manual_seed(0)
    ours.cuda.manual_seed_all(0)
    ours.set_num_threads(3)
    assert ours.get_num_threads() == 3
    ours.use_deterministic_algorithms(True)
    assert ours.are_deterministic_algorithms_enabled()
    ours.use_deterministic_algorithms(False)
    ours.set_default_device("cpu")
    ours.set_float32_matmul_precision("high")
    ours.set_float32_matmul_precision("highest")
    ours.backends.cudnn.benchmark = True
    ours.backends.cuda.matmul.allow_tf32 = True
    name = "cuda" if ours.cuda.is_available() else "mps" if ours.mps.is_available() else "cpu"
    assert ours.device(name).type == "cpu"
    with pytest.raises(RuntimeError, match="no device 'cuda', only 'cpu'"):
        ours.zeros(1, device="cuda")
    with pytest.raises(MissingFeatureError, match=r"torch\.cuda\.Stream"):
        _ = ours.cuda.Stream
    with pytest.raises(MissingFeatureError, match=r"torch\.backends\.quantized"):
        _ = ours.backends.quantized


def test_mixed_precision_that_is_off_changes_nothing() -> None:
    with ours.autocast("cpu", enabled=False):
        assert (ours.ones(1) * 2).dtype == ours.float32
    scaler = ours.amp.GradScaler("cpu", enabled=False)
    assert scaler.scale(3.0) == 3.0
    for wanted in (lambda: ours.autocast("cpu"), lambda: ours.amp.GradScaler("cpu")):
        with pytest.raises(MissingFeatureError, match="mixed precision"):
            wanted()


def test_compile_returns_what_it_gets() -> None:
    def double(x: Any) -> Any:
        return x * 2

    assert ours.compile(double) is double
    assert ours.compile(mode="reduce-overhead")(double) is double


def test_deepcopy_keeps_values_and_grad_apart() -> None:
    x = ours.ones(2, requires_grad=True)
    (x * 3).sum().backward()
    other = copy.deepcopy(x)
    x.grad.zero_()
    assert other.requires_grad
    assert other.grad.tolist() == [3, 3]
