"""Plain numbers of arithmetic as arrays without axes: numpy computes with these twice as fast."""

from __future__ import annotations

from typing import Any

import numpy as np

LIMIT = 500
"""Numbers that are remembered per type; scripts also multiply by numbers that never come again."""


class Constants(dict[float, Any]):
    """The arrays of one floating type by number; `constants[number]` makes what is not there.

    A number that the type would round to another kind of number stays what it is, and zero does
    too: a dictionary does not tell it from −0.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        super().__init__()
        self.dtype = dtype
        self.largest = float(np.finfo(dtype).max)

    def __missing__(self, number: float) -> Any:
        if number == 0 or not -self.largest < number < self.largest:
            return number
        if len(self) >= LIMIT:
            self.clear()
        constant = np.array(number, self.dtype)
        constant.flags.writeable = False
        self[number] = constant
        return constant


FLOAT32 = np.dtype(np.float32)
OF_FLOAT32 = Constants(FLOAT32)
OF_FLOAT64 = Constants(np.dtype(np.float64))
CONSTANTS = {FLOAT32: OF_FLOAT32, np.dtype(np.float64): OF_FLOAT64}
