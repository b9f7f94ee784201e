"""The rest of what modules offer: places, copies, conversion, weights computed from others."""

from __future__ import annotations

import copy
import importlib
import inspect
from typing import Any

import numpy as np
import pytest

from gradstep_engine import nn
from tests.engine.nn.pairing import close, numbers, ours, torch_or_skip


def small() -> Any:
    return nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Linear(3, 1)))


@pytest.mark.torch
@pytest.mark.parametrize(
    "name", ["Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"]
)
def test_modules_have_torchs_public_methods(name: str) -> None:
    theirs = getattr(torch_or_skip().nn, name)
    mine = getattr(nn, name)
    absent = {"T_destination", "call_super_init", "dump_patches", "ipu", "mtia", "xpu"}
    public = {each for each in dir(theirs) if not each.startswith("_")}
    assert public - set(dir(mine)) == absent
    for method in sorted(public - absent):
        if inspect.isfunction(getattr(theirs, method)) and method != "to":
            wanted = list(inspect.signature(getattr(theirs, method)).parameters)
            found = list(inspect.signature(getattr(mine, method)).parameters)
            if method not in DIFFERENT:
                assert found == wanted, method


# torch's `forward` of the base class is a stand-in; its `extend` of Sequential names a sequential.
DIFFERENT = {"forward", "extend"}


@pytest.mark.torch
def test_functions_and_losses_have_torchs_signatures() -> None:
    theirs = torch_or_skip().nn
    for place, other in ((nn, theirs), (nn.functional, theirs.functional)):
        for name in place.__all__:
            mine, wanted = getattr(place, name), getattr(other, name)
            file = inspect.getmodule(inspect.unwrap(mine))
            if file is None or file.__name__.rpartition(".")[2] not in MINE:
                continue
            try:
                expected = inspect.signature(wanted).parameters
            except ValueError:
                continue  # some of torch's are built in
            found = inspect.signature(mine).parameters
            if "args" in expected:
                continue
            assert list(found) == list(expected), name
            for parameter in expected:
                default = expected[parameter].default
                if isinstance(default, (int, float, str, bool)):
                    assert found[parameter].default == default, (name, parameter)


MINE = {
    "activation",
    "adaptive",
    "cross_entropy",
    "distance",
    "flatten",
    "likelihood",
    "linear",
    "loss",
    "margin",
    "margin_loss",
    "softmax",
}


def test_submodules_are_replaced_by_name() -> None:
    net = small()
    net.set_submodule("1.0", nn.Tanh())
    assert isinstance(net[1][0], nn.Tanh)
    net.set_submodule("extra", nn.ReLU())
    assert isinstance(net.extra, nn.ReLU)
    with pytest.raises(AttributeError, match="Sequential has no attribute `7`"):
        net.set_submodule("7", nn.ReLU(), strict=True)
    with pytest.raises(AttributeError, match=r"`in_features` is not an nn\.Module"):
        net.set_submodule("0.in_features", nn.ReLU())
    with pytest.raises(ValueError, match="without a target name"):
        net.set_submodule("", nn.ReLU())


def test_shallow_copies_share_parameters_but_not_the_registry() -> None:
    layer: Any = nn.Linear(2, 2)
    twin = copy.copy(layer)
    assert twin.weight is layer.weight
    twin.weight = nn.Parameter(ours.zeros(2, 2))
    assert layer.weight is not twin.weight
    assert dict(layer.named_parameters())["weight"] is layer.weight


def test_apply_and_type_convert_in_place() -> None:
    net: Any = nn.BatchNorm1d(2)
    weight = net.weight
    net._apply(lambda tensor: tensor * 2)
    assert net.weight is weight
    assert weight.tolist() == [2, 2]
    assert dict(net.named_buffers())["running_var"].tolist() == [2, 2]
    assert {str(p.dtype) for p in net.type("torch.DoubleTensor").parameters()} == {"torch.float64"}
    assert str(net.num_batches_tracked.dtype) == "torch.float64"
    with pytest.raises(RuntimeError, match="Only Tensors of floating point"):
        nn.Linear(1, 1).type(ours.int64)
    with pytest.raises(TypeError, match="unexpected keyword argument 'foo'"):
        net.to(foo=1)
    for missing in (net.share_memory, net.bfloat16, lambda: net.to(memory_format=1)):
        with pytest.raises(NotImplementedError, match="gradstep's built-in engine has no torch"):
            missing()
    with pytest.raises(RuntimeError, match="no device 'cuda'"):
        net.cuda()


def test_sequentials_are_repeated_and_joined() -> None:
    net = nn.Sequential(nn.ReLU())
    net += nn.Sequential(nn.Tanh())
    assert [type(m).__name__ for m in 2 * net] == ["ReLU", "Tanh"] * 2
    assert (2 * net)[0] is net[0]
    with pytest.raises(ValueError, match="Non-positive"):
        net * 0


def test_parameter_dicts_are_dictionaries() -> None:
    table = nn.ParameterDict({"a": ours.zeros(1), "b": ours.ones(2)})
    assert list(reversed(table)) == ["b", "a"]
    assert table.get("c") is None
    assert table.setdefault("a", None) is table["a"]
    joined = table | nn.ParameterDict({"c": ours.ones(3)})
    assert list(joined) == ["a", "b", "c"]
    assert joined["a"] is table["a"]
    assert joined.popitem()[0] == "c"
    assert joined.pop("a") is table["a"]
    joined.clear()
    assert not list(joined.parameters())
    assert len(list(table.parameters())) == 2


def test_torchs_places_of_layers_can_be_imported() -> None:
    base = "gradstep_engine.nn.modules"
    modules: Any = nn.modules
    assert importlib.import_module(f"{base}.loss")._Loss is nn.MSELoss.__mro__[1]
    assert importlib.import_module(f"{base}.module").Module is nn.Module
    assert importlib.import_module(f"{base}.container").Sequential is nn.Sequential
    assert modules.Linear is nn.Linear
    with pytest.raises(AttributeError, match=r"has no torch\.nn\.modules\.Foo"):
        _ = modules.Foo
    with pytest.raises(AttributeError, match=r"has no torch\.nn\.utils\.parametrize"):
        _ = nn.utils.parametrize


def test_layers_without_initial_values_are_layers() -> None:
    layer = nn.utils.skip_init(nn.Linear, 2, 3, bias=False)
    assert tuple(layer.weight.shape) == (3, 2)
    with pytest.raises(RuntimeError, match="Expected a Module"):
        nn.utils.skip_init(dict)


@pytest.mark.torch
@pytest.mark.parametrize("dim", [0, 1, None])
@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
def test_weight_norm_learns_as_in_torch(dim: int | None) -> None:
    results = []
    weight, bias, x = numbers(3, 4), numbers(3, seed=1), numbers(5, 4, seed=2)
    for engine in (ours, torch_or_skip()):
        layer = engine.nn.Linear(4, 3).double()
        layer.load_state_dict({"weight": engine.tensor(weight), "bias": engine.tensor(bias)})
        assert engine.nn.utils.weight_norm(layer, dim=dim) is layer
        y = layer(engine.tensor(x))
        (y * y).sum().backward()
        assert sorted(layer.state_dict()) == ["bias", "weight_g", "weight_v"]
        grads = [layer.weight_g.grad, layer.weight_v.grad]
        engine.nn.utils.remove_weight_norm(layer)
        assert sorted(layer.state_dict()) == ["bias", "weight"]
        results.append([y, *grads, layer.weight])
    for a, b in zip(*results, strict=True):
        close(a, b)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:.*spectral_norm.*:FutureWarning")
def test_spectral_norm_learns_as_in_torch() -> None:
    results = []
    state = {
        "weight_orig": numbers(3, 4),
        "bias": numbers(3, seed=1),
        "weight_u": numbers(3, seed=3) / np.linalg.norm(numbers(3, seed=3)),
        "weight_v": numbers(4, seed=4) / np.linalg.norm(numbers(4, seed=4)),
    }
    for engine in (ours, torch_or_skip()):
        layer = engine.nn.utils.spectral_norm(engine.nn.Linear(4, 3).double())
        assert sorted(layer.state_dict()) == sorted(state)
        for name, array in state.items():
            with engine.no_grad():
                getattr(layer, name).copy_(engine.tensor(array))
        outputs = [layer(engine.tensor(numbers(5, 4, seed=2))) for _ in range(2)]
        (outputs[1] * outputs[1]).sum().backward()
        quiet = layer.eval()(engine.tensor(numbers(5, 4, seed=2)))
        results.append([*outputs, quiet, layer.weight_u, layer.weight_v, layer.weight_orig.grad])
    for a, b in zip(*results, strict=True):
        close(a, b)


def test_spectral_norm_divides_by_the_largest_singular_value() -> None:
    layer = nn.utils.spectral_norm(nn.Linear(4, 3), n_power_iterations=50)
    layer(ours.ones(1, 4))
    assert np.linalg.norm(layer.weight.detach().numpy(), 2) == pytest.approx(1, rel=1e-3)
    with pytest.raises(RuntimeError, match="Cannot register two spectral_norm hooks"):
        nn.utils.spectral_norm(layer)
    nn.utils.remove_spectral_norm(layer)
    assert sorted(dict(layer.named_parameters())) == ["bias", "weight"]
    with pytest.raises(ValueError, match="not found in Linear"):
        nn.utils.remove_spectral_norm(layer)


@pytest.mark.parametrize(
    ("arguments", "reduction"),
    [({"size_average": False}, "sum"), ({"reduce": False}, "none"), ({"reduce": True}, "mean")],
)
def test_older_arguments_of_losses_warn_and_work(arguments: Any, reduction: str) -> None:
    with pytest.warns(UserWarning, match="size_average and reduce args will be deprecated"):
        loss = nn.HingeEmbeddingLoss(**arguments)
    assert loss.reduction == reduction
    with pytest.warns(UserWarning, match="size_average and reduce args will be deprecated"):
        nn.functional.mse_loss(ours.zeros(2), ours.ones(2), **arguments)
