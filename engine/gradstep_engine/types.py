"""Names for annotations, as `torch.types` has them."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

from gradstep_engine.device import device
from gradstep_engine.missing import lacking
from gradstep_engine.size import Size
from gradstep_engine.tensor import Tensor

Number = builtins.int | builtins.float | builtins.bool
Device = device | str | builtins.int | None
TensorOrTensors = Tensor | Sequence[Tensor]
_size = Size | list[builtins.int] | tuple[builtins.int, ...]
_int, _float, _bool = builtins.int, builtins.float, builtins.bool
_TensorOrTensors = TensorOrTensors
Storage = Any


__getattr__ = lacking("torch.types")
