"""The graph: accumulation, aliasing, in-place changes, hooks, modes, depth and memory."""

from __future__ import annotations

import copy
import gc
import weakref
from typing import Any

import numpy as np
import pytest

import gradstep_engine

torch: Any = gradstep_engine


def grad_of(tensor: Any) -> Any:
    return tensor.grad


def test_grad_is_none_until_backward_and_then_accumulates() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert grad_of(x) is None
    (x * x).sum().backward()
    first = grad_of(x)
    (x * x).sum().backward()
    assert x.grad is first
    assert first.tolist() == [4.0, 8.0]
    assert first._version == 1


def test_two_leaves_never_share_a_gradient() -> None:
    a, b = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    (a + b).backward(torch.ones(3))
    a.grad.mul_(5)
    assert b.grad.tolist() == [1, 1, 1]


def test_the_seed_is_not_kept_as_a_gradient() -> None:
    x, seed = torch.ones(3, requires_grad=True), torch.ones(3)
    x.backward(seed)
    seed.mul_(7)
    assert x.grad.tolist() == [1, 1, 1]


def test_a_gradient_of_a_product_is_not_shared_with_what_was_saved() -> None:
    a, b = torch.ones(3, requires_grad=True), torch.full((3,), 2.0, requires_grad=True)
    (a * b).sum().backward()
    a.grad.zero_()
    assert b.tolist() == [2, 2, 2]
    assert b.grad.tolist() == [1, 1, 1]


def test_retain_graph_allows_a_second_backward() -> None:
    x = torch.tensor(3.0, requires_grad=True)
    y = x**2
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 12


def test_backward_into_chosen_leaves_only() -> None:
    x, y = torch.tensor(3.0, requires_grad=True), torch.tensor(4.0, requires_grad=True)
    (x * y).backward(inputs=[x])
    assert x.grad.item() == 4
    assert y.grad is None


def test_grad_returns_and_leaves_leaves_alone() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    middle = x * 3
    (along_x, along_middle) = torch.autograd.grad((middle**2).sum(), [x, middle])
    assert along_x.tolist() == [18, 36]
    assert along_middle.tolist() == [6, 12]
    assert x.grad is None


def test_grad_of_an_unused_input() -> None:
    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    found = torch.autograd.grad(x.sum(), [x, y], allow_unused=True)
    assert found[1] is None


def test_views_share_memory_and_version() -> None:
    base = torch.zeros(2, 3)
    row = base[1]
    element = row[0]
    element.add_(5)
    base.t()[2, 0] = 7
    assert base.tolist() == [[0, 0, 7], [5, 0, 0]]
    assert base._version == row._version == element._version == 2


def test_detach_shares_memory_and_version_data_only_memory() -> None:
    x = torch.tensor(1.0, requires_grad=True) * 1
    x.detach().add_(1)
    assert x.item() == 2
    assert x._version == 1
    x.data.add_(1)
    assert x.item() == 3
    assert x._version == 1


def test_inplace_on_a_non_leaf_is_differentiated() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    y *= x
    y += 1
    y.sum().backward()
    assert y.grad_fn.name() == "AddBackward0"
    assert x.grad.tolist() == [4, 8]


def test_writing_a_part_joins_the_graph() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    buffer = torch.zeros(3)
    seen_before = buffer[1]
    buffer[1] = x * 3
    assert seen_before.requires_grad
    (seen_before * 2).backward()
    assert x.grad.item() == 6


def test_no_grad_enable_grad_and_decorators() -> None:
    x = torch.ones(1, requires_grad=True)
    with torch.no_grad():
        assert not (x * 2).requires_grad
        with torch.enable_grad():
            assert (x * 2).requires_grad
    assert not torch.no_grad()(lambda: x * 2)().requires_grad
    assert not torch.inference_mode()(lambda: x * 2)().requires_grad
    with torch.set_grad_enabled(False):
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()


def test_hooks_see_and_replace_gradients() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    seen: list[Any] = []
    y.register_hook(lambda grad: seen.append(grad.tolist()))
    handle = x.register_hook(lambda grad: grad * 10)
    y.sum().backward(retain_graph=True)
    handle.remove()
    y.sum().backward()
    assert seen == [[1, 1], [1, 1]]
    assert x.grad.tolist() == [33, 33]


def test_retain_grad_keeps_a_non_leafs_gradient() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.retain_grad()
    (y**2).sum().backward()
    assert y.grad.tolist() == [6, 12]


def test_next_functions_lead_to_the_leaf() -> None:
    x = torch.tensor(1.0, requires_grad=True)
    ((node, number),) = (x**2).grad_fn.next_functions
    assert node.name() == "AccumulateGrad"
    assert number == 0
    assert node.variable is x


def test_deepcopy_of_a_leaf_is_a_leaf_of_its_own() -> None:
    x = torch.tensor([1.0], requires_grad=True)
    (x * 2).backward()
    y = copy.deepcopy(x)
    y.grad.zero_()
    assert y.requires_grad
    assert y.is_leaf
    assert x.grad.item() == 2


@pytest.fixture
def _without_collector() -> Any:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


FUNCTIONS: dict[str, Any] = {
    "arithmetic": lambda x: (x * 2 + x**2 - x.exp() / 3).sum(),
    "saved_output": lambda x: x.exp().sqrt().sum(),
    "inplace": lambda x: (x * 2).mul_(x).add_(1).exp_().sum(),
    "views": lambda x: (x * 2).reshape(-1)[:2].sum(),
    "written": lambda x: _written(x).sum(),
    "hooked": lambda x: _hooked(x * 2).sum(),
    "several": lambda x: x.reshape(2, 2).max(1)[0].sum(),
}


def _written(x: Any) -> Any:
    y = x * 2
    y[0] = x[1] * 3
    y[1:].mul_(2)
    return y


def _hooked(y: Any) -> Any:
    y.retain_grad()
    y.register_hook(lambda grad: grad * 2)
    return y


@pytest.mark.usefixtures("_without_collector")
@pytest.mark.parametrize("with_backward", [True, False])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_graph_is_freed_without_the_garbage_collector(name: str, with_backward: bool) -> None:
    x = torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    loss = FUNCTIONS[name](x)
    nodes = [weakref.ref(loss.grad_fn)]
    tensor = weakref.ref(loss)
    if with_backward:
        loss.backward()
    del loss
    assert tensor() is None
    assert nodes[0]() is None


@pytest.mark.usefixtures("_without_collector")
def test_saved_arrays_are_freed_by_backward() -> None:
    x = torch.ones(1000, requires_grad=True)
    y = x.exp()
    saved = weakref.ref(y._array)
    loss = y.sum()
    del y
    assert saved() is not None
    loss.backward()
    assert saved() is None


def test_views_of_a_long_lived_tensor_do_not_pile_up() -> None:
    data = torch.zeros(10)
    for _ in range(1000):
        data[2:5]
    assert len(data._views) < 100


def test_dtype_and_device_changes() -> None:
    x = torch.tensor([1, 2])
    assert x.to(torch.float64).dtype is torch.float64
    assert x.to("cpu") is x
    assert x.float().to(torch.device("cpu"), torch.float16).dtype is torch.float16
    assert not torch.cuda.is_available()
    with pytest.raises(RuntimeError, match="no device 'cuda'"):
        x.to("cuda")


def test_what_is_missing_says_where_to_look() -> None:
    with pytest.raises(AttributeError, match=r"no torch\.fft yet; see docs/engine\.md"):
        torch.fft  # noqa: B018
    with pytest.raises(AttributeError, match=r"no Tensor\.lu yet; see docs/engine\.md"):
        torch.ones(2, 2).lu()
    assert not hasattr(torch, "fft")
    assert not hasattr(torch.ones(1), "lu")


def test_random_streams_repeat() -> None:
    torch.manual_seed(3)
    first = torch.rand(4), torch.randn(4), torch.randint(0, 9, (4,)), torch.randperm(5)
    torch.manual_seed(3)
    second = torch.rand(4), torch.randn(4), torch.randint(0, 9, (4,)), torch.randperm(5)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    stream = torch.Generator().manual_seed(1)
    drawn = torch.rand(3, generator=stream)
    assert torch.equal(drawn, torch.rand(3, generator=torch.Generator().manual_seed(1)))


def test_numpy_keeps_its_own_warnings() -> None:
    assert (torch.tensor(1.0) / 0).item() == float("inf")
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.array([1.0]) / 0


def test_every_name_of_torch_is_there_or_said_to_be_lacking() -> None:
    from gradstep_engine.tensor.lacking import TORCH_NAMES, Lacking

    x = torch.zeros(1)
    lacking = [name for name in TORCH_NAMES if isinstance(vars(type(x)).get(name), Lacking)]
    assert "stft" in lacking
    assert "add" not in lacking
    for name in lacking:
        assert not hasattr(x, name)
        with pytest.raises(NotImplementedError, match=rf"has no Tensor\.{name} yet"):
            getattr(x, name)


def test_a_node_is_called_as_torch_calls_it() -> None:
    x = torch.tensor([1.0], requires_grad=True)
    assert type((x * x).grad_fn).__name__ == "MulBackward0"
    assert type(x.exp().grad_fn).__qualname__ == "Exp"
