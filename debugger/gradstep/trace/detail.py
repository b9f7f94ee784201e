"""An event's detail as JSON text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

_encode: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class SharedDetail(dict[str, Any]):
    """A detail that many events have, encoded once; nobody changes it."""

    __slots__ = ("text",)

    def __init__(self, detail: Mapping[str, Any]) -> None:
        """Hold a copy of `detail`."""
        super().__init__(detail)
        self.text = encode_detail(dict(detail))


def encode_detail(detail: Mapping[str, Any]) -> str:
    """Encode a detail as JSON; NaN and infinities become the strings nan, inf and -inf."""
    if type(detail) is SharedDetail:
        return detail.text
    try:
        return _encode(detail)
    except (ValueError, TypeError):
        return _encode(jsonable(detail))


def jsonable(item: Any) -> Any:
    """Return `item` with everything that JSON lacks replaced: non-finite floats, odd objects."""
    if isinstance(item, float):
        if math.isfinite(item):
            return float(item)
        return "nan" if math.isnan(item) else ("inf" if item > 0 else "-inf")
    if item is None or isinstance(item, (str, int)):
        return item
    if isinstance(item, Mapping):
        return {str(key): jsonable(value) for key, value in item.items()}
    if isinstance(item, (list, tuple)):
        return [jsonable(value) for value in item]
    return repr(item)
