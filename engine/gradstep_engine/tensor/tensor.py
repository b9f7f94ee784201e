"""The class that users hold: what a tensor is, and its methods by topic."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.dtypes import default_numpy
from gradstep_engine.tensor.arithmetic import Arithmetic
from gradstep_engine.tensor.comparing import Comparing
from gradstep_engine.tensor.conversion import Conversion
from gradstep_engine.tensor.elementary import Elementary
from gradstep_engine.tensor.gradient import Gradient
from gradstep_engine.tensor.indexing import Indexing
from gradstep_engine.tensor.lacking import name_what_is_lacking
from gradstep_engine.tensor.mutation import Mutation
from gradstep_engine.tensor.pairs import Pairs
from gradstep_engine.tensor.printing import Printing
from gradstep_engine.tensor.products import Products
from gradstep_engine.tensor.rearranging import Rearranging
from gradstep_engine.tensor.reducing import Reducing
from gradstep_engine.tensor.scattering import Scattering
from gradstep_engine.tensor.shaping import Shaping
from gradstep_engine.tensor.slicing import Slicing
from gradstep_engine.tensor.splitting import Splitting
from gradstep_engine.tensor.twins import Twins


class Tensor(
    Arithmetic,
    Comparing,
    Elementary,
    Pairs,
    Products,
    Reducing,
    Shaping,
    Rearranging,
    Splitting,
    Indexing,
    Twins,
    Scattering,
    Slicing,
    Mutation,
    Conversion,
    Gradient,
    Printing,
    TensorBase,
):
    """An n-dimensional array that can take part in backward.

    `Tensor(2, 3)` makes uninitialised elements (here: zeros), `Tensor([1, 2])` copies a list; both
    have the default type. `torch.tensor` is what scripts should use.
    """

    __hash__ = object.__hash__

    def __init__(self, *args: Any) -> None:
        if len(args) == 1 and isinstance(args[0], TensorBase):
            self._array = args[0]._array
        elif len(args) == 1 and not isinstance(args[0], int):
            self._array = np.array(args[0], dtype=default_numpy())
        else:
            self._array = np.zeros(args or (0,), dtype=default_numpy())


TensorBase.public = Tensor
name_what_is_lacking(Tensor)
