"""Optimizers and learning rate schedulers."""

from gradstep_engine.missing import missing
from gradstep_engine.optim import lr_scheduler as lr_scheduler
from gradstep_engine.optim.adagrad import Adagrad
from gradstep_engine.optim.adam import Adam, AdamW
from gradstep_engine.optim.optimizer import Optimizer
from gradstep_engine.optim.rmsprop import RMSprop
from gradstep_engine.optim.sgd import SGD

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop"]


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    raise missing(f"torch.optim.{name}")
