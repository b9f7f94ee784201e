"""A tensor's contents as a file that other programs read: `.npy`, or `.csv`.

Standard library only: the debugger writes what was recorded with it, and the script's own process
what was too large to be recorded.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator, Sequence
from math import prod
from pathlib import Path
from typing import IO, Any, Final

from gradstep.trace.numbers import decode_bytes, size_of

ENDINGS: Final = (".npy", ".csv")

_KINDS: Final = {"float": "f", "int": "i", "uint": "u", "complex": "c"}


class ArrayFileError(Exception):
    """The file cannot be written; the text is one line for the user."""


def check_name(path: Path) -> None:
    """Refuse a name that says nothing of the format.

    Raises:
        ArrayFileError: it ends neither in .npy nor in .csv.
    """
    if path.suffix.lower() not in ENDINGS:
        raise ArrayFileError(f"{path.name} ends neither in .npy nor in .csv: which shall it be?")


def write_array(
    path: Path, shape: Sequence[int], dtype: str, content: bytes, *, overwrite: bool = False
) -> None:
    """Write contents (little-endian, C order) in the format that the name's ending says.

    A tensor of bfloat16 is written as float32, which holds all its numbers. The file appears as a
    whole or not at all.

    Raises:
        ArrayFileError: it exists and may not be overwritten, or cannot be written.
    """
    check_name(path)
    if path.suffix.lower() == ".npy":
        write_file(path, lambda file: _write_npy(file, shape, dtype, content), overwrite=overwrite)
        return
    if dtype.startswith("complex"):
        raise ArrayFileError(f"a tensor of {dtype} has no plain numbers for .csv; .npy holds them")
    lines = csv_lines(shape, decode_bytes(dtype, content, prod(shape)))
    write_file(path, lambda file: _write_text(file, lines), overwrite=overwrite)


def write_lines(path: Path, lines: Iterator[str], *, overwrite: bool = False) -> None:
    """Write lines of text as a whole or not at all.

    Raises:
        ArrayFileError: the file exists and may not be overwritten, or cannot be written.
    """
    write_file(path, lambda file: _write_text(file, lines), overwrite=overwrite)


def write_file(path: Path, write: Callable[[IO[bytes]], None], *, overwrite: bool) -> None:
    """Have a file written beside its place, and put it there once it is whole.

    What is no file, as a pipe or /dev/null, has nothing to lose and is written into.

    Raises:
        ArrayFileError: it exists and may not be overwritten, or cannot be written.
    """
    try:
        # Even to look whether it is there can fail: a name may be too long, a folder closed.
        if path.is_dir():
            raise ArrayFileError(f"{path} is a folder")
        if path.exists() and not path.is_file():
            with path.open("wb") as pipe:
                write(pipe)
            return
        if path.exists() and not overwrite:
            raise ArrayFileError(f"{path} exists")
        # Through a link: what it points at is written, and the link stays.
        place = path.resolve()
        beside = place.with_name(f".{place.name}.{os.getpid()}.part")
        new = beside.open("xb")
        try:
            with new:
                write(new)
            os.replace(beside, place)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise ArrayFileError(f"{path} cannot be written: {error.strerror or error}") from None


def csv_lines(shape: Sequence[int], numbers: Sequence[Any]) -> Iterator[str]:
    """Yield the lines of a CSV file: a row of the last dimension each.

    A vector has one number on each line. With three dimensions and more a row begins with its place
    in the leading ones, and a line of titles tells which columns these are.
    """
    if len(shape) < 2:
        for number in numbers:
            yield f"{_text(number)}\n"
        return
    *leading, rows, columns = shape
    if leading:
        places = [f"dim{position}" for position in range(len(leading) + 1)]
        yield ",".join([*places, *map(str, range(columns))]) + "\n"
    for row in range(prod(leading) * rows):
        cells = [_text(number) for number in numbers[row * columns : (row + 1) * columns]]
        if leading:
            cells[:0] = map(str, _unravel(row, [*leading, rows]))
        yield ",".join(cells) + "\n"


def _write_npy(file: IO[bytes], shape: Sequence[int], dtype: str, content: bytes) -> None:
    if dtype == "bfloat16":
        halves = struct.unpack(f"<{prod(shape)}H", content)
        content = struct.pack(f"<{len(halves)}I", *(half << 16 for half in halves))
        dtype = "float32"
    kind = _KINDS.get(dtype.rstrip("0123456789"), "b")
    order = "|" if size_of(dtype) == 1 else "<"
    sizes = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
    descr = f"'descr': '{order}{kind}{size_of(dtype)}'"
    about = f"{{{descr}, 'fortran_order': False, 'shape': ({sizes}), }}"
    # Magic, version, length: ten bytes. The data begin at a multiple of 64.
    about += " " * (-(10 + len(about) + 1) % 64) + "\n"
    file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(about)) + about.encode("latin-1"))
    file.write(content)


def _write_text(file: IO[bytes], lines: Iterator[str]) -> None:
    for line in lines:
        file.write(line.encode())


def _text(number: Any) -> str:
    # repr() of a float is what reads back as the same number.
    return str(int(number)) if isinstance(number, (bool, int)) else repr(float(number))


def _unravel(place: int, sizes: Sequence[int]) -> list[int]:
    found = []
    for size in reversed(sizes):
        place, one = divmod(place, size)
        found.append(one)
    return found[::-1]
