"""Short texts of the script's values that run none of the script's code.

A `__repr__`, a property or a `__len__` of the script's own may be slow, change something, or hang.
So the type alone decides: values of Python's own types are written out within limits, arrays by
their shape and first elements, and everything else by its class.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any, Final

TEXT_LIMIT: Final = 60
"""Characters of a string that are shown."""

ITEMS: Final = 6
"""Items of a container that are shown in one line."""

DEPTH: Final = 2
"""Containers in containers that are written out."""

CHILDREN: Final = 100
"""Rows that an open container has at most."""

_BITS: Final = 256
_PLAIN: Final = (bool, float, complex, type(None), type(Ellipsis), type(NotImplemented), range)
_LEAVES: Final = {
    ("datetime", "date"), ("datetime", "datetime"), ("datetime", "time"), ("datetime", "timedelta"),
    ("decimal", "Decimal"), ("fractions", "Fraction"), ("uuid", "UUID"),
    ("pathlib", "PosixPath"), ("pathlib", "WindowsPath"), ("pathlib", "PurePosixPath"),
    ("pathlib._local", "PosixPath"), ("pathlib._local", "WindowsPath"),
    ("pathlib._local", "PurePosixPath"),
}  # fmt: skip
"""Classes of the standard library whose repr is short and holds no object of anybody else's."""

_SEQUENCES: Final[dict[type, str]] = {list: "[]", tuple: "()", set: "{}", frozenset: "{}"}


def brief(value: Any, depth: int = DEPTH) -> str:
    """Return a value as one short line."""
    kind = type(value)
    if kind in _PLAIN:
        return repr(value)
    if kind is int:
        bits = value.bit_length()
        return repr(value) if bits <= _BITS else f"int of {bits} bits"
    if kind in (str, bytes, bytearray):
        cut = value[:TEXT_LIMIT]
        return repr(cut) + (f"… {len(value):,} long" if len(value) > TEXT_LIMIT else "")
    if kind in _SEQUENCES:
        return _sequence(value, _SEQUENCES[kind], depth)
    if kind is dict:
        return _mapping(value, depth)
    if kind is slice:
        return f"slice({', '.join(brief(x, 0) for x in (value.start, value.stop, value.step))})"
    if kind.__module__ == "numpy":
        return _of_numpy(value, kind)
    if (kind.__module__, kind.__qualname__) in _LEAVES:
        return repr(value)
    if is_a(value, type):
        return f"class {type.__getattribute__(value, '__qualname__')}"
    if is_tensor(value):
        return tensor_text(value)
    name = _enum_name(value, kind)
    return f"{class_name(kind)}.{name}" if name else f"{class_name(kind)} object"


def class_name(kind: type) -> str:
    """Return the name of a class, whatever its metaclass says."""
    return str(type.__getattribute__(kind, "__name__"))


def is_a(value: Any, kinds: type | tuple[type, ...]) -> bool:
    """Do what `isinstance` does without asking the value, whose answer may be code of its own."""
    return issubclass(type(value), kinds)


def is_tensor(value: Any) -> bool:
    """Tell whether a value is a tensor of the engine's."""
    engine = sys.modules.get("gradstep_engine.autograd.variable")
    return engine is not None and is_a(value, engine.TensorBase)


def tensor_text(value: Any) -> str:
    """Return shape and dtype of a live tensor, and its number if it is only one."""
    array = value._array
    shape = ",".join(map(str, array.shape))
    if array.size == 1:
        return f"tensor [{shape}] {array.reshape(-1)[0].item()!r}"
    return f"tensor [{shape}] {array.dtype.name}"


def children(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what an opened value holds, with what to call it: items, keys, attributes."""
    kind = type(value)
    if kind in (list, tuple):
        yield from ((f"[{index}]", item) for index, item in enumerate(value))
    elif kind in (set, frozenset):
        yield from (("·", item) for item in value)
    elif kind is dict:
        yield from ((f"[{brief(key, 0)}]", item) for key, item in value.items())
    elif not (is_tensor(value) or kind.__module__ == "numpy" or is_a(value, type)):
        yield from attributes(value)


def has_children(value: Any) -> bool:
    """Tell whether a value can be opened."""
    return next(iter(children(value)), None) is not None


def attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield an object's own attributes, and what a module holds by name; nothing is computed."""
    for name, item in list(_own(value).items()):
        if name in ("_parameters", "_modules", "_buffers") and type(item) is dict:
            yield from ((str(key), held) for key, held in item.items())
        elif not name.startswith("_"):
            yield name, item
    for base in type.__getattribute__(type(value), "__mro__"):
        for name, slot in vars(base).items():
            if type(slot) is MemberDescriptorType and not name.startswith("_"):
                try:
                    yield name, slot.__get__(value)
                except AttributeError:
                    continue  # A slot that was never set.


def _own(value: Any) -> dict[str, Any]:
    # Past any __getattribute__ of the script's, and past a class attribute of that name.
    for base in type.__getattribute__(type(value), "__mro__"):
        found = vars(base).get("__dict__")
        if type(found) is GetSetDescriptorType:
            held = found.__get__(value)
            return held if type(held) is dict else {}
    return {}


def _sequence(value: Iterable[Any], brackets: str, depth: int) -> str:
    size = len(value)  # type: ignore[arg-type]
    if not size:
        return {"[]": "[]", "()": "()"}.get(brackets, f"{type(value).__name__}()")
    if depth <= 0:
        return f"{brackets[0]}…{brackets[1]}"
    parts = [brief(item, depth - 1) for item in islice(value, ITEMS)]
    if size > ITEMS:
        parts.append(f"… {size:,} items")
    comma = "," if size == 1 and brackets == "()" else ""
    return f"{brackets[0]}{', '.join(parts)}{comma}{brackets[1]}"


def _mapping(value: dict[Any, Any], depth: int) -> str:
    if not value:
        return "{}"
    if depth <= 0:
        return "{…}"
    parts = [
        f"{brief(key, 0)}: {brief(item, depth - 1)}" for key, item in islice(value.items(), ITEMS)
    ]
    if len(value) > ITEMS:
        parts.append(f"… {len(value):,} items")
    return f"{{{', '.join(parts)}}}"


def _of_numpy(value: Any, kind: type) -> str:
    name = class_name(kind)
    if name not in ("ndarray", "memmap") and hasattr(kind, "item") and hasattr(kind, "dtype"):
        return f"{name}({value.item()!r})" if value.dtype.kind in "biufc" else name
    if name != "ndarray":
        return f"{name} object"
    text = f"array {value.dtype.name}[{','.join(map(str, value.shape))}]"
    if value.dtype.kind in "biufc" and value.size > 0:
        shown = [_number(item) for item in value.reshape(-1)[:ITEMS].tolist()]
        text += f" {', '.join(shown)}{', …' if value.size > ITEMS else ''}"
    return text


def _number(item: Any) -> str:
    return f"{item:.5g}" if isinstance(item, float) and math.isfinite(item) else repr(item)


def _enum_name(value: Any, kind: type) -> str:
    bases = type.__getattribute__(kind, "__mro__")
    if not any(base.__module__ == "enum" and class_name(base) == "Enum" for base in bases):
        return ""
    name = _own(value).get("_name_")
    return name if type(name) is str else ""
