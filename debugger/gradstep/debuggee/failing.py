"""Which operation or node an exception came out of, and what it was given."""

from __future__ import annotations

import inspect
import os
from types import FrameType, TracebackType
from typing import Any, Final

from gradstep.debuggee.location import Locator

_WRAPPERS: Final = frozenset({"__call__", "forward", "wrapped", "_wrapped", "decorated"})
_SHOWN: Final = 4


def failing_text(trace: TracebackType | None, locator: Locator) -> str:
    """Return `matmul of [2, 3] and [2, 3]`, "" if the user's own code raised.

    A node stands alone: what backward() was called on is not what the node was given. `trace` is
    the whole traceback, the engine's frames included.
    """
    inside: list[FrameType] = []
    while trace is not None:
        if locator.file_of(trace.tb_frame.f_code):
            inside = []
        else:
            inside.append(trace.tb_frame)
        trace = trace.tb_next
    inside = [frame for frame in inside if locator.is_ours(frame.f_code)]
    if not inside:
        return ""
    node = _node(inside)
    if node:
        return node
    name = _name(inside)
    asked = [frame for frame in inside if frame.f_code.co_name not in _WRAPPERS]
    given = _shapes((asked or inside)[0])
    return f"{name} of {' and '.join(given)}" if name and given else name


def place_in_text(error: BaseException) -> tuple[str, int] | None:
    """Return the file and line that Python could not read, None for any other error."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return os.path.abspath(error.filename), error.lineno
    return None


def _node(frames: list[FrameType]) -> str:
    """Return the name of the node that ran, "" for none or where an operation ran in it."""
    for frame in reversed(frames):
        names = frame.f_locals
        op, node = names.get("op"), names.get("node")
        if op is not None and hasattr(op, "op_name"):
            break
        if node is not None and hasattr(node, "next_functions") and callable(node.name):
            return str(node.name())
    return ""


def _name(frames: list[FrameType]) -> str:
    """Return the operation that ran, else the function that the user called."""
    asked = [frame for frame in frames if frame.f_code.co_name not in _WRAPPERS]
    for frame in asked or frames:
        if not frame.f_code.co_name.startswith("_") and frame.f_code.co_name != "method":
            return frame.f_code.co_name
        op = frame.f_locals.get("op")
        if op is not None and hasattr(op, "op_name"):
            return str(op.op_name)
        if frame.f_code.co_name.startswith("__"):
            return frame.f_code.co_name.strip("_")
    return ""


def _shapes(frame: FrameType) -> list[str]:
    """Return the shapes of the tensors among a function's arguments."""
    given = inspect.getargvalues(frame)
    values: list[Any] = [given.locals.get(name) for name in given.args]
    if given.varargs:
        values.extend(given.locals.get(given.varargs) or ())
    tensors: list[Any] = []
    for value in values:
        tensors.extend(value if isinstance(value, list | tuple) else [value])
    found = [str(list(x._array.shape)) for x in tensors if hasattr(x, "_array")]
    return [*found[:_SHOWN], "…"] if len(found) > _SHOWN else found
