"""Modules that torch keeps elsewhere: its path, and ours."""

from __future__ import annotations

from typing import Final

_TABLE: Final = """
autograd.anomaly_mode          autograd.anomaly
autograd.grad_mode             autograd.mode
autograd.gradcheck             autograd.differences
cuda.amp                       amp
cuda.amp.autocast_mode         amp
cuda.amp.grad_scaler           amp
amp.autocast_mode              amp
amp.grad_scaler                amp
distributions.chi2             distributions.gamma
distributions.gumbel           distributions.derived
distributions.half_normal      distributions.derived
distributions.log_normal       distributions.derived
distributions.one_hot_categorical distributions.categorical
distributions.relaxed_bernoulli distributions.relaxed
distributions.relaxed_categorical distributions.relaxed
distributions.utils            distributions.parameters
nn.utils.stateless             func
optim.adamw                    optim.adam
utils.data.dataloader          utils.data.loader
utils.data._utils.collate      utils.data.collate
"""

PLACES: Final = dict(line.split() for line in _TABLE.strip().splitlines())
"""Dotted names below `torch`, to those below `gradstep_engine`."""


def place_of(name: str) -> str:
    """Return the name below `gradstep_engine` of the module that torch has as `torch.name`."""
    return PLACES.get(name, name)
