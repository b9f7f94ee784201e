"""Several threads at once: modes of their own, and graphs that do not disturb each other."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import gradstep_engine
from gradstep_engine import events
from gradstep_engine.autograd import variable
from gradstep_engine.autograd.node import AccumulateGrad
from gradstep_engine.emission import quiet
from gradstep_engine.ops.scratch import SMALLEST, scratch

ours: Any = gradstep_engine


@pytest.fixture(params=["gradstep", pytest.param("torch", marks=pytest.mark.torch)])
def torch(request: Any) -> Any:
    """Both engines: what is said of threads here is so in PyTorch."""
    return ours if request.param == "gradstep" else pytest.importorskip("torch")


@pytest.fixture
def restless() -> Iterator[None]:
    """Let threads take turns as often as Python can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_thread(function: Callable[[], Any]) -> Any:
    """Return what `function` returns in a thread of its own."""
    return all_at_once([function])[0]


def all_at_once(functions: list[Callable[[], Any]]) -> list[Any]:
    """Return what functions return that run at once, each in a thread; raise what one raises."""
    results: list[Any] = [None] * len(functions)
    errors: list[BaseException] = []
    start = threading.Barrier(len(functions))

    def run(number: int) -> None:
        try:
            start.wait(10)
            results[number] = functions[number]()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]
    return results


def modes(torch: Any) -> tuple[bool, bool]:
    return torch.is_grad_enabled(), torch.is_inference_mode_enabled()


def test_a_new_thread_records_whatever_the_others_do(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    with torch.no_grad():
        assert in_thread(lambda: modes(torch)) == (True, False)
        assert in_thread(lambda: (x * 2).requires_grad)
        assert in_thread(lambda: torch.relu(x).requires_grad)
        assert in_thread(lambda: torch.cat([x, x]).requires_grad)
        assert not (x * 2).requires_grad
    with torch.inference_mode():
        assert in_thread(lambda: modes(torch)) == (True, False)
        assert in_thread(lambda: (x * 2).is_inference()) is False
        assert (x * 2).is_inference()
    assert modes(torch) == (True, False)


def test_a_thread_that_stops_recording_stops_for_itself(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)

    def stop() -> tuple[bool, bool]:
        torch.set_grad_enabled(False)
        return modes(torch)

    assert in_thread(stop) == (False, False)
    assert torch.is_grad_enabled()
    assert (x * 2).requires_grad
    assert in_thread(torch.is_grad_enabled)  # it may get the number of the thread that ended


def test_blocks_that_end_in_the_order_they_began_leave_every_thread_as_it_was(torch: Any) -> None:
    inside, outside = threading.Event(), threading.Event()

    def first() -> bool:
        with torch.no_grad():
            assert inside.wait(10)
        outside.set()
        return bool(torch.is_grad_enabled())

    def second() -> bool:
        while not torch.is_grad_enabled():
            pass
        with torch.no_grad():
            inside.set()
            assert outside.wait(10)
        return bool(torch.is_grad_enabled())

    assert all_at_once([first, second]) == [True, True]
    assert torch.is_grad_enabled()


def test_a_leaf_changes_in_place_only_where_nothing_is_recorded(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    with torch.no_grad():
        with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
            in_thread(lambda: x.add_(1))
        x.add_(1)
    assert x.tolist() == [2, 2]


@pytest.mark.parametrize("create_graph", [False, True])
def test_what_hooks_compute_is_recorded_only_with_create_graph(
    torch: Any, create_graph: bool
) -> None:
    found: dict[str, bool] = {}

    def note(name: str) -> Callable[..., None]:
        return lambda *_: found.__setitem__(name, torch.is_grad_enabled())

    class Doubled(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            note("function")()
            return grad * 2

    module = torch.nn.Linear(2, 2)
    module.register_full_backward_hook(note("module"))
    x = torch.ones(2, requires_grad=True)
    y = Doubled.apply(module(x * 2))
    y.register_hook(note("tensor"))
    y.grad_fn.register_prehook(note("before"))
    y.grad_fn.register_hook(note("after"))
    torch.autograd.grad(y.sum(), x, create_graph=create_graph)
    names = ["tensor", "before", "function", "after", "module"]
    assert found == dict.fromkeys(names, create_graph)
    if not create_graph:
        found.clear()
        Doubled.apply(module(x * 2)).sum().backward()
        assert found == {"function": False, "module": False}
    assert torch.is_grad_enabled()


def train(seed: int) -> list[float]:
    """Train a small network with layers of many kinds; return its losses and weights."""
    nn = ours.nn
    stream = ours.Generator().manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(676, 16),
        nn.LayerNorm(16), nn.GELU(), nn.Linear(16, 4),
    )  # fmt: skip
    with ours.no_grad():
        for parameter in model.parameters():
            parameter.copy_(ours.rand(parameter.shape, generator=stream) - 0.5)
    images = ours.rand(8, 1, 28, 28, generator=stream)
    classes = ours.randint(0, 4, (8,), generator=stream)
    optimizer = ours.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    losses = []
    for _ in range(8):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), classes)
        loss.backward()
        optimizer.step()
        with ours.no_grad():
            losses.append(model(images).sum().item())
    return [*losses, *(x for each in model.parameters() for x in each.flatten().tolist())]


@pytest.mark.usefixtures("restless")
def test_threads_that_train_at_once_get_what_each_gets_alone() -> None:
    alone = [train(seed) for seed in range(4)]
    together = all_at_once([lambda seed=seed: train(seed) for seed in range(4)])  # type: ignore[misc]
    assert together == alone


@pytest.mark.usefixtures("restless")
def test_numbers_of_nodes_are_unique_and_fall_along_every_edge() -> None:
    def chain() -> list[Any]:
        y = ours.ones(2, requires_grad=True)
        nodes = []
        for _ in range(300):
            y = (y * 1.001).relu()
            nodes += [y.grad_fn, y.grad_fn.next_functions[0][0]]
        return nodes

    found = [node for nodes in all_at_once([chain] * 4) for node in nodes]
    assert len({node.sequence for node in found}) == len(found) == 2400
    for node in found:
        for follower, _ in node.next_functions:
            assert follower is None or follower.sequence < node.sequence or not follower.edges


@pytest.mark.usefixtures("restless")
def test_threads_that_share_a_leaf_all_add_to_its_gradient() -> None:
    for _ in range(5):
        x = ours.ones(3, requires_grad=True)

        def many(x: Any = x) -> None:
            for _ in range(50):
                (x * 2).sum().backward()

        all_at_once([many] * 4)
        assert x.grad.tolist() == [400, 400, 400]
        assert x.grad._version == 199


def test_threads_that_ask_at_once_get_one_accumulator(monkeypatch: pytest.MonkeyPatch) -> None:
    x = ours.ones(2, requires_grad=True)
    kept: list[Any] = []
    begin = AccumulateGrad.__init__

    def begin_and_leave(self: AccumulateGrad, leaf: Any) -> None:
        """Begin, and be left by Python for a thread that asks for the same one."""
        monkeypatch.setattr(AccumulateGrad, "__init__", begin)
        kept.append(in_thread(lambda: AccumulateGrad.of(x)))
        begin(self, leaf)

    monkeypatch.setattr(AccumulateGrad, "__init__", begin_and_leave)
    assert AccumulateGrad.of(x) is kept[0]
    assert AccumulateGrad.of(x) is kept[0]


def test_a_change_noted_late_hides_no_later_one(monkeypatch: pytest.MonkeyPatch) -> None:
    x = ours.ones(2, requires_grad=True) * 1
    kept: list[Any] = []
    draw = variable.draw_sequence

    def draw_and_leave() -> int:
        """Draw a number, and be left by Python for a thread that saves x and then changes it."""
        number = draw()
        monkeypatch.setattr(variable, "draw_sequence", draw)
        kept.append(in_thread(lambda: x * x))
        in_thread(lambda: x.detach().add_(1))
        return number

    other = ours.ones(1)
    monkeypatch.setattr(variable, "draw_sequence", draw_and_leave)
    other.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        kept[0].sum().backward()


@pytest.mark.usefixtures("restless")
def test_an_array_to_work_in_is_nobody_elses() -> None:
    def work(mark: int) -> bool:
        right = True
        for _ in range(1500):
            array = scratch((SMALLEST,), "uint8")
            array[:3] = mark
            right &= array[:3].tolist() == [mark] * 3
        return right

    assert all_at_once([lambda mark=mark: work(mark) for mark in range(4)]) == [True] * 4  # type: ignore[misc]


def test_a_thread_that_is_quiet_silences_nobody_else() -> None:
    heard: list[Any] = []
    x = ours.ones(2)
    events.listener = heard.append
    try:
        with quiet():
            in_thread(lambda: x * 2)
            x * 3
    finally:
        events.listener = None
    assert [event.attributes for event in heard] == [{"input_1": 2}]


def test_modules_of_another_thread_do_not_own_an_operation() -> None:
    heard: list[Any] = []

    class Outer(ours.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            in_thread(lambda: x.sin())
            return x.cos()

    events.listener = heard.append
    try:
        Outer()(ours.ones(2))
    finally:
        events.listener = None
    calls = {event.name: event.call for event in heard if isinstance(event, events.Op)}
    assert calls["sin"] is None
    assert isinstance(calls["cos"].module, Outer)  # type: ignore[union-attr]


def test_infinity_is_nothing_to_warn_about_in_any_thread(
    child_environment: dict[str, str],
) -> None:
    script = (
        "import threading, numpy as np, gradstep_engine as torch\n"
        "work = lambda: (torch.zeros(1).log(), torch.tensor(1e38) * 10.0, np.log(np.zeros(1)))\n"
        "for _ in range(2):\n"
        "    thread = threading.Thread(target=work); thread.start(); thread.join()\n"
        "work()\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", script],
        env=child_environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    warnings = [line for line in done.stderr.splitlines() if "Warning" in line]
    assert len(warnings) == 3  # the script's own use of numpy
    assert all("<string>:2" in line for line in warnings), done.stderr


def test_threads_may_be_the_first_to_use_the_engine(child_environment: dict[str, str]) -> None:
    script = (
        "import sys, threading, gradstep_engine as torch\n"
        "sys.setswitchinterval(1e-6)\n"
        "work = lambda: sys.stdout.write(f'{torch.full((1,), 2.0).sum().item()} ')\n"
        "threads = [threading.Thread(target=work) for _ in range(4)]\n"
        "[thread.start() for thread in threads]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=child_environment, capture_output=True, text=True
    )
    assert (done.stderr, done.stdout.split()) == ("", ["2.0"] * 4)
