"""Tensors and losses as files that other programs read."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from gradstep.trace.array_file import ArrayFileError, csv_lines, write_array, write_lines

DTYPES = ("float32", "float64", "float16", "int64", "int8", "uint8", "bool", "complex64")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 3), (0, 4)])
def test_npy_is_what_numpy_reads(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    array = np.arange(int(np.prod(shape)), dtype=float).reshape(shape).astype(dtype)
    path = tmp_path / "a.npy"
    write_array(path, shape, dtype, array.tobytes())
    found = np.load(path, allow_pickle=False)
    assert found.dtype == array.dtype
    assert found.shape == shape
    assert (found == array).all()
    assert [one.name for one in tmp_path.iterdir()] == ["a.npy"]


def test_bfloat16_becomes_float32(tmp_path: Path) -> None:
    halves = np.array([1.5, -2.0], "<f4").view("<u4") >> 16
    write_array(tmp_path / "a.npy", (2,), "bfloat16", halves.astype("<u2").tobytes())
    assert np.load(tmp_path / "a.npy").tolist() == [1.5, -2.0]
    write_array(tmp_path / "a.csv", (2,), "bfloat16", halves.astype("<u2").tobytes())
    assert (tmp_path / "a.csv").read_text() == "1.5\n-2.0\n"


def test_csv_reads_back_exactly(tmp_path: Path) -> None:
    array = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)
    write_array(tmp_path / "a.csv", (3, 4), "float32", array.tobytes())
    assert (np.loadtxt(tmp_path / "a.csv", delimiter=",").astype(np.float32) == array).all()


def test_csv_of_more_dimensions_tells_the_place() -> None:
    rows = list(csv.reader(io.StringIO("".join(csv_lines((2, 2, 3), range(12))))))
    assert rows[0] == ["dim0", "dim1", "0", "1", "2"]
    assert rows[1:] == [
        [str(i), str(j), *(str(6 * i + 3 * j + k) for k in range(3))]
        for i in range(2)
        for j in range(2)
    ]
    assert list(csv_lines((2,), [float("nan"), True])) == ["nan\n", "1\n"]


def test_nothing_is_overwritten_unasked_nor_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("mine")
    with pytest.raises(ArrayFileError, match=r"a\.csv exists"):
        write_array(path, (1,), "int8", b"\1")
    assert path.read_text() == "mine"
    write_array(path, (1,), "int8", b"\1", overwrite=True)
    assert path.read_text() == "1\n"

    def broken() -> object:
        yield "1\n"
        raise OSError(28, "No space left on device")

    with pytest.raises(ArrayFileError, match=r"b\.csv cannot be written: No space left on device"):
        write_lines(tmp_path / "b.csv", broken())  # type: ignore[arg-type]
    assert [one.name for one in tmp_path.iterdir()] == ["a.csv"]


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ArrayFileError, match=r"a\.txt ends neither in \.npy nor in \.csv"):
        write_array(tmp_path / "a.txt", (), "int8", b"\1")
    with pytest.raises(ArrayFileError, match=r"complex64 has no plain numbers for \.csv"):
        write_array(tmp_path / "a.csv", (), "complex64", bytes(8))
    with pytest.raises(ArrayFileError, match="cannot be written: No such file or directory"):
        write_array(tmp_path / "none" / "a.npy", (), "int8", b"\1")
    (tmp_path / "f.npy").mkdir()
    with pytest.raises(ArrayFileError, match="is a folder"):
        write_array(tmp_path / "f.npy", (), "int8", b"\1")


@pytest.mark.parametrize("name", ["x" * 250 + ".csv", "x" * 300 + ".csv", "file.txt/a.csv", "no/a"])
def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.txt").write_text("mine")
    with pytest.raises(ArrayFileError, match=r"cannot be written: [A-Z][a-z ]+$"):
        write_lines(tmp_path / name, iter(["1\n"]))
    assert [one.name for one in tmp_path.iterdir()] == ["file.txt"]
