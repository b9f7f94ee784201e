"""What the engine lacks is named, however a script asks for it."""

from __future__ import annotations

import pytest

ABSENT = [
    ("gradstep_engine", "torch", "vmap"),
    ("gradstep_engine.nn", "torch.nn", "NoSuchLayer"),
    ("gradstep_engine.nn.functional", "torch.nn.functional", "no_such_function"),
    ("gradstep_engine.nn.init", "torch.nn.init", "no_such_start"),
    ("gradstep_engine.nn.utils.rnn", "torch.nn.utils.rnn", "no_such_packing"),
    ("gradstep_engine.optim", "torch.optim", "SparseAdam"),
    ("gradstep_engine.optim.lr_scheduler", "torch.optim.lr_scheduler", "NoSuchLR"),
    ("gradstep_engine.utils.data", "torch.utils.data", "DistributedSampler"),
    ("gradstep_engine.distributions", "torch.distributions", "NoSuchDistribution"),
    ("gradstep_engine.autograd", "torch.autograd", "profiler"),
    ("gradstep_engine.linalg", "torch.linalg", "no_such_solver"),
    ("gradstep_engine.special", "torch.special", "no_such_function"),
    ("gradstep_engine.backends", "torch.backends", "no_such_backend"),
    ("gradstep_engine.cuda", "torch.cuda", "no_such_thing"),
]


@pytest.mark.parametrize(("module", "shown", "name"), ABSENT)
def test_import_of_a_missing_name_says_so_in_one_line(module: str, shown: str, name: str) -> None:
    with pytest.raises(ImportError) as caught:
        exec(f"from {module} import {name}", {"__name__": "script"})
    assert str(caught.value) == (
        f"gradstep's built-in engine has no {shown}.{name} yet; see docs/engine.md for what it has"
    )


@pytest.mark.parametrize(("module", "shown", "name"), ABSENT)
def test_use_of_a_missing_name_says_the_same(module: str, shown: str, name: str) -> None:
    place = __import__(module, fromlist=["x"])
    assert not hasattr(place, name)
    with pytest.raises(NotImplementedError, match=f"has no {shown}.{name} yet"):
        getattr(place, name)
