"""Optimizers and learning rate schedulers."""

from gradstep_engine.missing import lacking
from gradstep_engine.optim import lr_scheduler as lr_scheduler
from gradstep_engine.optim import swa_utils as swa_utils
from gradstep_engine.optim.adadelta import Adadelta
from gradstep_engine.optim.adafactor import Adafactor
from gradstep_engine.optim.adagrad import Adagrad
from gradstep_engine.optim.adam import Adam, AdamW
from gradstep_engine.optim.adamax import Adamax
from gradstep_engine.optim.asgd import ASGD
from gradstep_engine.optim.lbfgs import LBFGS
from gradstep_engine.optim.muon import Muon
from gradstep_engine.optim.nadam import NAdam
from gradstep_engine.optim.optimizer import Optimizer
from gradstep_engine.optim.radam import RAdam
from gradstep_engine.optim.rmsprop import RMSprop
from gradstep_engine.optim.rprop import Rprop
from gradstep_engine.optim.sgd import SGD

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
]


__getattr__ = lacking("torch.optim")
