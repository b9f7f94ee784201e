"""The variables of the paused script: of a frame of the user's, and what is inside them.

Nothing of the script's is run for it: see `brief`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from types import BuiltinFunctionType, FrameType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Final

from gradstep.debuggee.brief import (
    CHILDREN,
    brief,
    children,
    class_name,
    has_children,
    is_a,
    is_tensor,
)
from gradstep.trace.detail import jsonable

if TYPE_CHECKING:
    from gradstep.debuggee.location import Locator
    from gradstep.debuggee.recorder import Recorder

NAMES: Final = 300
"""Variables of one scope that are told at most."""

FRAMES: Final = 50
_LEFT_OUT: Final = (ModuleType, type, FunctionType, BuiltinFunctionType)


class FrameError(ValueError):
    """There is no such frame of the user's."""


def user_frames(locator: Locator, frame: FrameType | None) -> list[FrameType]:
    """Return the user's frames, the innermost first; ours and installed packages' are left out."""
    found: list[FrameType] = []
    while frame is not None and len(found) < FRAMES:
        if locator.file_of(frame.f_code):
            found.append(frame)
        frame = frame.f_back
    return found


def chosen_frame(locator: Locator, frame: FrameType | None, number: int) -> FrameType | None:
    """Return the user's frame of this number, 0 for where the script stands.

    Raises:
        FrameError: the stack is not that deep.
    """
    if not number:
        return frame
    found = user_frames(locator, frame)
    if not 0 <= number < len(found):
        raise FrameError("the script is not that deep in calls any more")
    return found[number]


def look(
    recorder: Recorder, frame: FrameType | None, number: int, opened: Sequence[Sequence[str]]
) -> dict[str, Any]:
    """Describe the user's frames, and the variables of frame `number`.

    `opened` are the paths of the values to show the insides of. A row has `path`, `text`, whether
    it is a container (`opens`), and the id and version of a tensor.
    """
    locator = recorder.locator
    frames = user_frames(locator, frame)
    number = number if 0 <= number < len(frames) else 0
    places = []
    for one in frames:
        file, line = locator.place(one)
        places.append({"name": one.f_code.co_name, "file": file, "line": line})
    rows: list[dict[str, Any]] = []
    left_out = 0
    if frames:
        paths = {tuple(map(str, path)) for path in opened}
        here = frames[number]
        scopes: list[tuple[str, Mapping[str, Any]]] = [("local", dict(here.f_locals))]
        if here.f_locals is not here.f_globals:
            scopes.append(("global", dict(here.f_globals)))
        for scope, names in scopes:
            kept = {name: value for name, value in names.items() if _is_variable(name, value)}
            left_out += sum(not name.startswith("__") for name in names) - len(kept)
            for name, value in islice(kept.items(), NAMES):
                rows.extend(_rows(recorder, scope, (scope, name), value, paths, 0))
            if len(kept) > NAMES:
                rows.append(_more(scope, (scope, "…"), len(kept) - NAMES, 0))
    return {"frames": places, "frame": number, "rows": rows, "left_out": left_out}


def visible_names(frame: FrameType | None) -> Mapping[str, Any]:
    """Return what the names in a frame stand for."""
    return {} if frame is None else {**frame.f_globals, **frame.f_locals}


def _is_variable(name: str, value: Any) -> bool:
    return not name.startswith("__") and not is_a(value, _LEFT_OUT)


def _rows(
    recorder: Recorder,
    scope: str,
    path: tuple[str, ...],
    value: Any,
    opened: set[tuple[str, ...]],
    depth: int,
) -> Iterator[dict[str, Any]]:
    uid = version = None
    if is_tensor(value):
        entry = recorder.book.get(value.uid)
        uid, version = (value.uid, entry.version) if entry is not None else (None, None)
    opens = has_children(value)
    is_open = opens and path in opened
    yield {
        "scope": scope,
        "path": list(path),
        "name": path[-1],
        "depth": depth,
        "type": class_name(type(value)),
        "text": jsonable(brief(value)),
        "tensor": uid,
        "version": version,
        "opens": opens,
        "open": is_open,
    }
    if not is_open:
        return
    held = list(islice(children(value), CHILDREN + 1))
    for name, item in held[:CHILDREN]:
        yield from _rows(recorder, scope, (*path, name), item, opened, depth + 1)
    if len(held) > CHILDREN:
        yield _more(scope, (*path, "…"), None, depth + 1)


def _more(scope: str, path: tuple[str, ...], count: int | None, depth: int) -> dict[str, Any]:
    text = f"{count:,} more are not shown" if count else "what follows is not shown"
    return {
        "scope": scope, "path": list(path), "name": "…", "depth": depth, "type": "", "text": text,
        "tensor": None, "version": None, "opens": False, "open": False,
    }  # fmt: skip
