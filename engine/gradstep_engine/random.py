"""`torch.random`: the default random stream."""

from gradstep_engine.missing import lacking
from gradstep_engine.randomness import (
    default_generator,
    fork_rng,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)

__all__ = [
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
]


__getattr__ = lacking("torch.random")
