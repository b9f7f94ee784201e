"""A live tensor's numbers, for a session whose script is paused: a window of them, or a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gradstep.debuggee import adapter
from gradstep.protocol.wire import Message
from gradstep.trace.array_file import ArrayFileError, write_array
from gradstep.trace.detail import jsonable

if TYPE_CHECKING:
    from gradstep.debuggee.recorder import Recorder

WINDOW_LIMIT: Final = 65_536
"""Elements that one answer carries at most."""


class InspectionError(Exception):
    """The window cannot be shown; the text is one line."""


def answer(recorder: Recorder, kind: str, message: Message) -> dict[str, Any]:
    """Answer inspect or save.

    Raises:
        InspectionError: the tensor is gone, or it cannot be shown or saved.
    """
    tensor = recorder.book.live(int(message["tensor"]))
    if tensor is None:
        raise InspectionError("this tensor is gone; the trace has its past")
    if kind == "inspect":
        return window(tensor, message.get("slice"))
    overwrite = bool(message.get("overwrite"))
    return save(tensor, int(message["version"]), str(message["path"]), overwrite=overwrite)


def window(tensor: Any, ranges: list[list[int]] | None) -> dict[str, Any]:
    """Return statistics and the numbers within `ranges`, one [start, stop] per dimension.

    Without ranges it is the whole tensor, cut to `WINDOW_LIMIT` elements along its first dimension.

    Raises:
        InspectionError: the ranges do not fit the tensor.
    """
    array = tensor._array
    shape, dtype = adapter.shape_and_dtype(tensor)
    if ranges is None:
        ranges = [[0, size] for size in shape]
    if len(ranges) != len(shape):
        raise InspectionError(f"{len(ranges)} ranges for a tensor of {len(shape)} dimensions")
    bounds = [
        (max(0, min(int(start), size)), max(0, min(int(stop), size)))
        for (start, stop), size in zip(ranges, shape, strict=True)
    ]
    chosen = array[tuple(slice(start, stop) for start, stop in bounds)] if bounds else array
    if chosen.size > WINDOW_LIMIT:
        row = max(1, chosen.size // chosen.shape[0])
        chosen = chosen[: max(1, WINDOW_LIMIT // row)]
        if chosen.size > WINDOW_LIMIT:
            raise InspectionError("the window is too large; ask for a smaller one")
    found = adapter.statistics(tensor)
    uid, version = adapter.identity(tensor)
    return {
        "tensor": uid,
        "version": version,
        "shape": list(shape),
        "dtype": dtype,
        "start": [start for start, _ in bounds],
        "window": list(chosen.shape),
        "values": jsonable(chosen.reshape(-1).tolist()),
        "statistics": found._asdict(),
    }


def save(tensor: Any, version: int, path: str, *, overwrite: bool) -> dict[str, Any]:
    """Write a tensor that the trace does not hold the contents of; return what was written.

    Raises:
        InspectionError: it has changed since `version`, or the file cannot be written.
    """
    _, now = adapter.identity(tensor)
    if now != version:
        raise InspectionError("this tensor has changed since; its contents then were not recorded")
    shape, dtype = adapter.shape_and_dtype(tensor)
    try:
        write_array(Path(path), shape, dtype, adapter.contents(tensor), overwrite=overwrite)
    except ArrayFileError as error:
        raise InspectionError(str(error)) from None
    return {"shape": list(shape), "dtype": dtype}
