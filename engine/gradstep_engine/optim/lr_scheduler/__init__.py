"""Learning rates that change over time."""

from gradstep_engine.missing import lacking
from gradstep_engine.optim.lr_scheduler.combined import ChainedScheduler, SequentialLR
from gradstep_engine.optim.lr_scheduler.cosine import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
)
from gradstep_engine.optim.lr_scheduler.cyclic import CyclicLR, OneCycleLR
from gradstep_engine.optim.lr_scheduler.decay import (
    ConstantLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from gradstep_engine.optim.lr_scheduler.functions import LambdaLR, MultiplicativeLR
from gradstep_engine.optim.lr_scheduler.plateau import ReduceLROnPlateau
from gradstep_engine.optim.lr_scheduler.scheduler import LRScheduler

_LRScheduler = LRScheduler

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]


__getattr__ = lacking("torch.optim.lr_scheduler")
