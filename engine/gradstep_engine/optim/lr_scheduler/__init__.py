"""Learning rates that change over time."""

from gradstep_engine.missing import missing
from gradstep_engine.optim.lr_scheduler.cosine import CosineAnnealingLR
from gradstep_engine.optim.lr_scheduler.decay import (
    ConstantLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    StepLR,
)
from gradstep_engine.optim.lr_scheduler.functions import LambdaLR, MultiplicativeLR
from gradstep_engine.optim.lr_scheduler.plateau import ReduceLROnPlateau
from gradstep_engine.optim.lr_scheduler.scheduler import LRScheduler

_LRScheduler = LRScheduler

__all__ = [
    "ConstantLR",
    "CosineAnnealingLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "ReduceLROnPlateau",
    "StepLR",
]


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    raise missing(f"torch.optim.lr_scheduler.{name}")
