"""Modules: registration, names, state, modes, hooks, representation."""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

from gradstep_engine import nn
from tests.engine.nn.pairing import ours as torch
from tests.engine.nn.pairing import torch_or_skip


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(2, 3)
        self.body = nn.Sequential(nn.ReLU(), nn.Linear(3, 3))
        self.register_buffer("scale", torch.ones(1))
        self.register_buffer("hidden", torch.ones(1), persistent=False)
        self.free = nn.Parameter(torch.zeros(2))

    def forward(self, x: Any) -> Any:
        return self.body(self.fc1(x)) * self.scale


NAMES = ["free", "fc1.weight", "fc1.bias", "body.1.weight", "body.1.bias"]


def test_names_follow_registration_and_nesting() -> None:
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert [name for name, _ in net.named_buffers()] == ["scale", "hidden"]
    assert [name for name, _ in net.named_modules()] == ["", "fc1", "body", "body.0", "body.1"]
    assert [name for name, _ in net.named_children()] == ["fc1", "body"]
    assert list(net.state_dict()) == ["free", "scale", *NAMES[1:]]
    assert net.get_submodule("body.1") is net.body[1]
    assert net.get_parameter("body.1.bias") is net.body[1].bias


def test_a_shared_parameter_is_met_once() -> None:
    net = Net()
    net.body[1].weight = net.free
    assert len(list(net.parameters())) == 4
    assert "body.1.weight" in net.state_dict()


def test_replacing_and_deleting_keeps_registries_in_step() -> None:
    net: Any = Net()
    net.fc1 = nn.Identity()
    assert "fc1.weight" not in dict(net.named_parameters())
    del net.body
    assert not hasattr(net, "body")
    assert [name for name, _ in net.named_parameters()] == ["free"]
    net.free = None
    assert net.free is None
    assert list(net.parameters()) == []


@pytest.mark.parametrize(
    ("action", "error", "message"),
    [
        (lambda m: setattr(m, "free", torch.zeros(2)), TypeError, "as parameter 'free'"),
        (lambda m: setattr(m, "fc1", 3), TypeError, "cannot assign 'int' as child module 'fc1'"),
        (lambda m: setattr(m, "scale", 3), TypeError, "cannot assign 'int' as buffer 'scale'"),
        (lambda m: m.register_parameter("a.b", None), KeyError, 'contain "."'),
        (lambda m: m.register_parameter("", None), KeyError, "be empty string"),
        (lambda m: m.register_parameter("a", torch.zeros(1)), TypeError, "torch.FloatTensor"),
        (lambda m: m.register_buffer("forward", None), KeyError, "'forward' already exists"),
        (lambda m: m.add_module("a", 3), TypeError, "int is not a Module subclass"),
        (lambda m: m.unknown, AttributeError, "'Net' object has no attribute 'unknown'"),
        (lambda m: m.train(3), ValueError, "expected to be boolean"),
        (lambda m: m.body[3], IndexError, "index 3 is out of range"),
        (lambda m: m.load_state_dict(3), TypeError, "dict-like"),
    ],
)
def test_mistakes(action: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        action(Net())


def test_assigning_before_init_is_refused() -> None:
    class Early(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"cannot assign module before Module.__init__\(\)"):
        Early()


def test_state_goes_from_one_module_to_another() -> None:
    a, b = Net(), Net()
    version = b.fc1.weight._version
    assert repr(b.load_state_dict(a.state_dict())) == "<All keys matched successfully>"
    for x, y in zip(a.parameters(), b.parameters(), strict=True):
        assert np.array_equal(x.detach().numpy(), y.detach().numpy())
        assert x is not y
    assert b.fc1.weight._version > version
    state = b.state_dict()
    with torch.no_grad():
        b.fc1.weight.mul_(0)
    assert float(state["fc1.weight"].abs().sum()) == 0, "state shares memory with the module"


@pytest.mark.torch
def test_state_that_does_not_fit_is_described_in_torchs_words() -> None:
    real = torch_or_skip()
    texts = []
    for engine in (torch, real):
        layer = engine.nn.Linear(3, 4)
        wrong = {"weight": engine.zeros(3, 3), "foo": engine.zeros(1)}
        with pytest.raises(RuntimeError) as caught:
            layer.load_state_dict(wrong)
        loose = layer.load_state_dict({"bias": engine.zeros(4), "x": 1}, strict=False)
        texts.append((str(caught.value), repr(loose)))
    assert texts[0] == texts[1]


@pytest.mark.torch
def test_representations_equal_torchs() -> None:
    real = torch_or_skip()

    def build(engine: Any) -> Any:
        n = engine.nn
        return n.Sequential(
            OrderedDict(
                conv=n.Conv2d(2, 2, 3, groups=2, bias=False, dilation=2, padding=1),
                pool=n.MaxPool2d(2),
                average=n.AvgPool2d(2),
                relu=n.ReLU(True),
                slope=n.LeakyReLU(),
                drop=n.Dropout(),
                norm=n.BatchNorm1d(3),
                layer=n.LayerNorm(3),
                table=n.Embedding(3, 4, padding_idx=0),
                several=n.ModuleList([n.Linear(1, 1), n.Linear(1, 1), n.ReLU()]),
                named=n.ModuleDict({"a": n.ReLU()}),
                free=n.ParameterList([n.Parameter(engine.zeros(2, 3))]),
                nothing=n.Sequential(),
                shape=n.Unflatten(1, (2, 3)),
            )
        )

    assert repr(build(torch)) == repr(build(real))
    assert repr(torch.nn.Parameter(torch.zeros(2))) == repr(real.nn.Parameter(real.zeros(2)))


def test_sequential_is_a_list_of_its_modules() -> None:
    layers = [nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1)]
    net = nn.Sequential(*layers)
    assert len(net) == 3
    assert list(net) == layers
    assert net[-1] is layers[2]
    assert list(net[1:]) == layers[1:]
    assert list(net[1:]._modules) == ["1", "2"]
    net[1] = nn.Tanh()
    assert isinstance(net[1], nn.Tanh)
    del net[0]
    assert list(net._modules) == ["0", "1"]
    net.append(nn.ReLU()).insert(0, nn.Identity())
    assert [type(m).__name__ for m in net] == ["Identity", "Tanh", "Linear", "ReLU"]


def test_containers_register_what_they_hold() -> None:
    class Holder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.several = nn.ModuleList([nn.Linear(1, 1) for _ in range(2)])
            self.named = nn.ModuleDict({"a": nn.Linear(1, 1)})
            self.values = nn.ParameterList([torch.zeros(1), torch.zeros(2)])
            self.table = nn.ParameterDict({"w": torch.zeros(1)})

    names = [name for name, _ in Holder().named_parameters()]
    assert names == [
        "several.0.weight",
        "several.0.bias",
        "several.1.weight",
        "several.1.bias",
        "named.a.weight",
        "named.a.bias",
        "values.0",
        "values.1",
        "table.w",
    ]


def test_modes_reach_all_children() -> None:
    net = Net()
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    net.train()
    assert all(module.training for module in net.modules())


def test_conversion_keeps_the_parameter_objects() -> None:
    net = Net()
    before = list(net.parameters())
    assert net.double() is net
    assert all(x is y for x, y in zip(before, net.parameters(), strict=True))
    assert {p.dtype for p in net.parameters()} == {torch.float64}
    assert net(torch.zeros(1, 2, dtype=torch.float64)).dtype is torch.float64
    assert net.to("cpu").half().fc1.weight.dtype is torch.float16
    with pytest.raises(RuntimeError, match="only 'cpu'"):
        net.to("cuda")


def test_hooks_see_and_replace_inputs_and_outputs() -> None:
    layer, seen = nn.Identity(), []
    pre = layer.register_forward_pre_hook(lambda m, args: (args[0] + 1,))
    post = layer.register_forward_hook(lambda m, args, out: seen.append((args, out)))
    other = layer.register_forward_hook(lambda m, args, out: out * 10)
    assert float(layer(torch.tensor(1.0))) == 20
    assert float(seen[0][1]) == 2
    for handle in (pre, post, other):
        handle.remove()
    assert float(layer(torch.tensor(1.0))) == 1


def test_deep_copies_share_nothing() -> None:
    net = Net()
    net(torch.ones(1, 2)).sum().backward()
    twin = copy.deepcopy(net)
    assert twin.fc1.weight is not net.fc1.weight
    assert twin.fc1.weight is dict(twin.named_parameters())["fc1.weight"]
    twin(torch.ones(1, 2)).sum().backward()
    with torch.no_grad():
        twin.fc1.weight.add_(1)
    assert not np.array_equal(twin.fc1.weight.detach().numpy(), net.fc1.weight.detach().numpy())


def test_apply_goes_from_the_leaves_up() -> None:
    order: list[str] = []
    Net().apply(lambda module: order.append(type(module).__name__))
    assert order == ["Linear", "ReLU", "Linear", "Sequential", "Net"]


def test_parameters_must_be_floating_point() -> None:
    with pytest.raises(RuntimeError, match="Only Tensors of floating point"):
        nn.Parameter(torch.tensor([1]))


def test_what_is_missing_says_so() -> None:
    with pytest.raises(AttributeError, match=r"has no torch.nn.DataParallel yet; see docs"):
        _ = nn.DataParallel


@pytest.mark.parametrize("initialise", ["xavier_uniform_", "xavier_normal_", "kaiming_normal_"])
def test_initial_values_have_the_right_deviation(initialise: str) -> None:
    torch.manual_seed(0)
    weight = torch.empty(300, 200)
    assert getattr(nn.init, initialise)(weight) is weight
    wanted = (2 / 200) ** 0.5 if "kaiming" in initialise else (2 / 500) ** 0.5
    assert float(weight.std()) == pytest.approx(wanted, rel=0.02)
    assert weight.grad_fn is None


def test_other_initial_values() -> None:
    w = nn.Parameter(torch.zeros(20, 10))
    q = nn.init.orthogonal_(w).detach().numpy()
    assert np.allclose(q.T @ q, np.eye(10), atol=1e-5)
    assert np.array_equal(nn.init.eye_(w).detach().numpy(), np.eye(20, 10))
    assert np.all(nn.init.constant_(w, 3).detach().numpy() == 3)
    cut = nn.init.trunc_normal_(w, std=5, a=-1, b=1).detach().numpy()
    assert np.abs(cut).max() <= 1
    with pytest.raises(ValueError, match="fewer than 2 dimensions"):
        nn.init.xavier_uniform_(torch.zeros(3))


@pytest.mark.torch
def test_clipping_equals_torch() -> None:
    real = torch_or_skip()
    for norm_type in (1, 2, 3, float("inf")):
        results = []
        for engine in (torch, real):
            parameters = [engine.tensor(np.arange(1.0, n), requires_grad=True) for n in (4, 6)]
            for parameter in parameters:
                (parameter * parameter).sum().backward()
            total = engine.nn.utils.clip_grad_norm_(parameters, 2.5, norm_type=norm_type)
            engine.nn.utils.clip_grad_value_(parameters[:1], 0.3)
            results.append([total, *(p.grad for p in parameters)])
        for a, b in zip(*results, strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9)


@pytest.mark.torch
def test_clipping_refuses_what_is_not_finite() -> None:
    texts = []
    for engine in (torch, torch_or_skip()):
        x = engine.zeros(2, requires_grad=True)
        x.grad = engine.full((2,), float("nan"))
        with pytest.raises(RuntimeError) as caught:
            engine.nn.utils.clip_grad_norm_(x, 1, error_if_nonfinite=True)
        texts.append(str(caught.value))
    assert texts[0] == texts[1]


def test_parameters_as_one_vector() -> None:
    net: Any = nn.Linear(2, 3)
    vector = nn.utils.parameters_to_vector(net.parameters())
    assert tuple(vector.shape) == (9,)
    nn.utils.vector_to_parameters(torch.arange(9.0), net.parameters())
    assert net.bias.tolist() == [6.0, 7.0, 8.0]
