"""Element types as torch's C++ messages name them."""

from __future__ import annotations

from typing import Any

from gradstep_engine import dtypes

_DIFFERENT = {
    "Long": "long long",
    "Byte": "unsigned char",
    "Half": "c10::Half",
    "Char": "signed char",
}


def c_name(numpy_dtype: Any) -> str:
    """Return the name of a numpy type as C++ spells it, such as `double`."""
    name = dtypes.of_numpy(numpy_dtype).cpu_type
    return _DIFFERENT.get(name, name.lower())
