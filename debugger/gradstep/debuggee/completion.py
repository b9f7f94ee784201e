"""What the console can complete a text to: names of the frame, attributes of live objects.

Nothing is evaluated for it. A name is looked up, then attribute after attribute where that is
stored in the object; where a property or a `__getattr__` would have to run, completion ends.
"""

from __future__ import annotations

import builtins
import inspect
import keyword
import re
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any, Final

from gradstep.debuggee.brief import attributes, is_a

LIMIT: Final = 200
_TAIL: Final = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\.?)$")
_QUOTES: Final = re.compile(r"'[^']*'|\"[^\"]*\"")


def complete(text: str, names: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the word at the end of `text` that is begun, and how it can go on, best first."""
    bare = _QUOTES.sub("", text)
    found = _TAIL.search(text)
    if found is None or "'" in bare or '"' in bare:
        return "", []
    *owners, begun = found[1].split(".")
    if not owners:
        offered: Iterable[str] = [*names, *keyword.kwlist, *dir(builtins)] if begun else []
    else:
        try:
            held = _held(owners, names)
        except (KeyError, AttributeError):
            return begun, []
        offered = _attributes(held)
    fits = {name for name in offered if name.startswith(begun) and name != begun}
    if not begun.startswith("_"):
        fits = {name for name in fits if not name.startswith("_")}
    mine = set(names) if not owners else set()
    return begun, sorted(fits, key=lambda name: (name not in mine, len(name), name))[:LIMIT]


def _held(owners: list[str], names: Mapping[str, Any]) -> Any:
    value = names[owners[0]]
    for name in owners[1:]:
        stored = dict(attributes(value)) if not is_a(value, (ModuleType, type)) else {}
        if name in stored:
            value = stored[name]
            continue
        value = inspect.getattr_static(value, name)
        if hasattr(type(value), "__get__"):
            raise AttributeError(name)  # A property or a method: it would have to run.
    return value


def _attributes(value: Any) -> set[str]:
    """Return an object's attributes without asking a `__dir__` of its own."""
    kind = type(value)
    found = set(type.__dir__(value)) if is_a(value, type) else set(object.__dir__(value))
    if is_a(value, ModuleType):
        return set(ModuleType.__dir__(value))
    if not is_a(value, type) and hasattr(kind, "named_parameters"):
        found |= {name for name, _ in attributes(value)}
    return found
