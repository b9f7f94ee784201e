"""`torch.save` and `torch.load`: tensors and plain containers in a file; no code runs from one.

What is written is a zip archive of one JSON description and one `.npy` array for each memory; see
`archive.py`. Files that PyTorch wrote are read too; see `pytorch.py`.
"""

from __future__ import annotations

import os
import struct
import tokenize
import zipfile
from typing import Any, BinaryIO

from gradstep_engine.device import check as check_device
from gradstep_engine.missing import MissingFeatureError, lacking
from gradstep_engine.serialization import archive, pytorch

__all__ = ["load", "save"]

# What reading wrong data may raise, here and in zipfile, json, pickle and numpy.
_DAMAGED = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    NotImplementedError,
    EOFError,
    OSError,
    SyntaxError,
    struct.error,
    tokenize.TokenError,
)


def save(
    obj: Any,
    f: Any,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Write `obj` to a path or a binary file.

    Tensors, parameters, numpy arrays, numbers, strings, bytes, None, dtypes, sizes and devices can
    be saved, in lists, tuples, sets and dictionaries. Tensors that share memory share it
    again when loaded. Nothing is pickled: the arguments about pickling have no effect.

    Raises:
        TypeError: there is something else in `obj`, such as a module; the message says where.
        RuntimeError: the folder does not exist.
    """
    description, arrays = archive.described(obj)
    if not isinstance(f, (str, os.PathLike)):
        archive.write(f, description, arrays)
        return
    folder = os.path.dirname(os.path.abspath(f))
    if not os.path.isdir(folder):
        raise RuntimeError(f"Parent directory {folder} does not exist.")
    with open(f, "wb") as file:
        archive.write(file, description, arrays)


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Read what `save` wrote, or a file of tensors and plain containers that PyTorch wrote.

    Args:
        f: a path or a binary file.
        map_location: where tensors shall be; only the CPU is possible.
        pickle_module: without effect, no pickle is executed.
        weights_only: without effect, every file is read as with True.
        mmap: without effect, everything is read at once.
        **pickle_load_args: without effect.

    Raises:
        RuntimeError: the file is no such file, is damaged, or holds more than data.
    """
    if not isinstance(map_location, dict) and not callable(map_location):
        check_device(map_location)
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            return _load(file, map_location)
    return _load(f, map_location)


def _load(file: BinaryIO, map_location: Any) -> Any:
    try:
        with zipfile.ZipFile(file) as members:
            archive.check_members(members, file)
            if archive.DESCRIPTION in members.namelist():
                return archive.read(members)
            return pytorch.read(members, map_location)
    except zipfile.BadZipFile:
        file.seek(0)
        old = " It may come from torch.save before PyTorch 1.6: save it anew with a later one."
        hint = old if file.read(1) == b"\x80" else ""
        raise RuntimeError(f"torch.load: this is no file that torch.save wrote.{hint}") from None
    except MissingFeatureError:
        raise
    except _DAMAGED as error:
        raise RuntimeError(f"torch.load: the file is damaged: {error}") from error


__getattr__ = lacking("torch.serialization")
