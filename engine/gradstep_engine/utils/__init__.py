"""What training loops need around the model: data loading and hook handles."""

from gradstep_engine.missing import lacking
from gradstep_engine.utils import checkpoint as checkpoint
from gradstep_engine.utils import data as data
from gradstep_engine.utils import hooks as hooks

__all__ = ["checkpoint", "data", "hooks"]


__getattr__ = lacking("torch.utils")
