"""The class that users hold: what a tensor is, and its methods by topic."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd import variable
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.dtypes import default_numpy
from gradstep_engine.tensor.algebra import Algebra
from gradstep_engine.tensor.arithmetic import Arithmetic
from gradstep_engine.tensor.comparing import Comparing
from gradstep_engine.tensor.contractions import Contractions
from gradstep_engine.tensor.conversion import Conversion
from gradstep_engine.tensor.copying import Copying
from gradstep_engine.tensor.differences import Differences
from gradstep_engine.tensor.elementary import Elementary
from gradstep_engine.tensor.elementwise_by_python import ElementwiseByPython
from gradstep_engine.tensor.gradient import Gradient
from gradstep_engine.tensor.indexing import Indexing
from gradstep_engine.tensor.lacking import name_what_is_lacking
from gradstep_engine.tensor.memory import Memory
from gradstep_engine.tensor.mutation import Mutation
from gradstep_engine.tensor.operands import PLAIN
from gradstep_engine.tensor.ordering import Ordering
from gradstep_engine.tensor.pairs import Pairs
from gradstep_engine.tensor.printing import Printing
from gradstep_engine.tensor.products import Products
from gradstep_engine.tensor.rearranging import Rearranging
from gradstep_engine.tensor.reducing import Reducing
from gradstep_engine.tensor.reshaping import Reshaping
from gradstep_engine.tensor.sampling import Sampling
from gradstep_engine.tensor.scattering import Scattering
from gradstep_engine.tensor.shaping import Shaping
from gradstep_engine.tensor.slicing import Slicing
from gradstep_engine.tensor.special import Special
from gradstep_engine.tensor.splitting import Splitting
from gradstep_engine.tensor.statistics import Statistics
from gradstep_engine.tensor.twins import CopyingTwins, Twins


class Tensor(
    Arithmetic,
    Comparing,
    Elementary,
    ElementwiseByPython,
    Pairs,
    Products,
    Contractions,
    Algebra,
    Reducing,
    Statistics,
    Differences,
    Ordering,
    Shaping,
    Special,
    Rearranging,
    Splitting,
    Indexing,
    Twins,
    CopyingTwins,
    Scattering,
    Slicing,
    Mutation,
    Reshaping,
    Memory,
    Sampling,
    Conversion,
    Copying,
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
        from gradstep_engine.legacy import made

        self._array = made(args, default_numpy())


variable.public = Tensor
PLAIN.add(Tensor)
name_what_is_lacking(Tensor)
