"""Names that operations and nodes of the engine can have, to tell a breakpoint that fits none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from gradstep.protocol.breakpoints import Breakpoint, closest_text


def unknown_name_text(point: Breakpoint) -> str:
    """Say that an `op:` or `node:` names nothing that the engine has, "" if it does.

    A class of the script's own, an `autograd.Function`, may have any name: so this is no error.
    """
    if point.where not in {"op", "node"} or not is_engine_loaded():
        return ""
    known = set(op_names() if point.where == "op" else node_names())
    if any(fnmatchcase(name, point.pattern) for name in known):
        return ""
    what = "operation" if point.where == "op" else "backward node"
    offer = closest_text(point.pattern, known)
    own = "only an autograd.Function of the script could be called so"
    return f"the engine has no {what} '{point.pattern}' ({offer}); {own}"


def is_engine_loaded() -> bool:
    """Tell whether the script has imported what it trains with."""
    return "gradstep_engine.namespace" in sys.modules or "torch" in sys.modules


def op_names() -> Iterator[str]:
    """Yield the names of operations: classes of their own, and functions made of several."""
    from gradstep_engine.autograd.function import Op

    for kind in _subclasses(Op):
        yield kind.op_name
        if kind.writes:
            yield f"{kind.op_name}_"
    for place in ("torch", "torch.nn.functional", "torch.linalg", "torch.special"):
        module = sys.modules.get(place)
        if module is not None:
            yield from (name for name in dir(module) if name[0].islower())
    tensor = sys.modules.get("gradstep_engine.tensor")
    if tensor is not None:
        yield from (name for name in dir(tensor.Tensor) if not name.startswith("_"))


def node_names() -> Iterator[str]:
    """Yield the names of backward nodes."""
    from gradstep_engine.autograd.node import Node

    for kind in _subclasses(Node):
        name = getattr(kind, "node_name", None)
        yield name if isinstance(name, str) else kind.__name__


def _subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    for one in kind.__subclasses__():
        yield one
        yield from _subclasses(one)
