"""Tensors of every dtype and of odd shapes and contents, in every mode of the tensor pane."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from gradstep.protocol.row import EventRow
from gradstep.trace.array_file import ArrayFileError, write_array
from gradstep.trace.model import TensorValue
from gradstep.trace.moment import Moment
from gradstep.trace.reader import Trace
from gradstep.trace.writer import TraceWriter
from gradstep.views.connection import connection_view
from gradstep.views.explain import explain
from gradstep.views.glyphs import ASCII, UNICODE
from gradstep.views.graph import Folds, graph_view
from gradstep.views.optimizer import WORST, optimizer_view
from gradstep.views.optimizer_sort import Sort
from gradstep.views.tensor import Lens, TensorView, tensor_view
from gradstep.views.tensor_lens import COMPARISONS, MODES
from gradstep.views.text import plain, width_of
from tests.debuggee.children import record

SHAPES: Final = ((), (1,), (5,), (0,), (3, 0), (2, 3), (2, 1, 2, 2, 3))
REAL: Final = ("float16", "bfloat16", "float32", "float64")
WHOLE: Final = ("bool", "int8", "uint8", "int16", "int32", "int64")
NO_NUMBERS: Final = ("complex64", "complex128")

Step = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


def sample(dtype: str, shape: tuple[int, ...]) -> Step:
    """Two versions; of floats the second has NaN and Inf at its ends."""
    count = int(np.prod(shape))
    wide = np.linspace(-1, 1, count).reshape(shape) if count else np.zeros(shape)
    if dtype in WHOLE:
        kind = np.dtype(dtype)
        whole = np.arange(count).reshape(shape) % 2
        top = True if dtype == "bool" else np.iinfo(kind).max
        later = np.full(shape, top, kind)
        return whole.astype(kind), later
    kind = np.dtype("float32" if dtype == "bfloat16" else dtype)
    later = wide.astype(kind)
    if later.size > 1:
        later.reshape(-1)[0], later.reshape(-1)[-1] = np.nan, np.inf
    return wide.astype(kind), later


def content(array: np.ndarray[Any, Any], dtype: str) -> bytes:
    if dtype == "bfloat16":
        return (array.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


def recorded(path: Path, dtype: str, shape: tuple[int, ...]) -> tuple[Trace, Step]:
    versions = sample(dtype, shape)
    writer = TraceWriter(path, script="t.py", argv=["t.py"], pid=1)
    writer.add_tensor(1, 1)
    writer.add_name(1, 1, "t", "variable")
    for version, array in enumerate(versions):
        odd = np.iscomplexobj(array)
        numbers = np.zeros(0) if odd else array.astype(float)
        finite = numbers[np.isfinite(numbers)]
        low, high, mean = (
            float(f(finite)) if finite.size else None for f in (np.min, np.max, np.mean)
        )
        writer.add_value(
            TensorValue(
                1, version, version + 1, shape, dtype, False, low, high, mean,
                0.0 if finite.size else None, 1.0 if finite.size else None,
                int((numbers == 0).sum()), int(np.isnan(numbers).sum()),
                int(np.isinf(numbers).sum()), content(array, dtype),
            )
        )  # fmt: skip
        writer.add(EventRow(version + 1, "fetched", "other", 0, 0), [("output", 1, version)])
    writer.finish(0)
    writer.close()
    return Trace.open(path), versions


def views(moment: Moment, shape: tuple[int, ...]) -> list[tuple[Lens, TensorView]]:
    """The tensor in every way that the pane has."""
    last = tuple(size - 1 for size in shape)
    cursors = (None, last) if 0 not in shape else (None,)
    found = []
    for mode, compare, cursor in itertools.product(MODES, COMPARISONS, cursors):
        for glyphs, width, height in ((UNICODE, 60, 12), (ASCII, 38, 5)):
            lens = Lens(
                mode=mode,
                compare=compare,
                cursor=cursor,
                leading=(1,) * max(0, len(shape) - 2),
                followed=None if cursor is None else (1, cursor),
            )
            lens = lens.sliced(1, shape).next_axis(shape).sliced(-1, shape)
            view = tensor_view(moment, 1, lens=lens, width=width, height=height, glyphs=glyphs)
            assert all(width_of(line) <= width for line in view.lines), plain(view.lines)
            found.append((lens, view))
    return found


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [*REAL, *WHOLE, *NO_NUMBERS])
def test_a_tensor_is_shown_in_every_way(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    trace, (_, now) = recorded(tmp_path / "t.gradstep", dtype, shape)
    with trace, warnings.catch_warnings():
        warnings.simplefilter("error")
        for lens, view in views(trace.run().at(2), shape):
            text = plain(view.lines)
            assert text.startswith("t")
            if dtype in NO_NUMBERS:
                assert (
                    now.size == 0
                    or "no plain numbers" in " ".join(text.split())
                    or lens.compare == "change"
                )
            elif dtype in REAL and now.size > 1 and lens.compare == "now":
                # Not a number and infinite are told in each mode, wherever the window is.
                assert "NaN 1" in text
                assert "Inf 1" in text or width_of(view.stats) > 34


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [*REAL, *WHOLE, *NO_NUMBERS])
def test_a_tensor_is_exported_whole(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    trace, (_, now) = recorded(tmp_path / "t.gradstep", dtype, shape)
    with trace:
        value = trace.run().at(2).value(1)
    assert value is not None
    assert value.content is not None
    write_array(tmp_path / "t.npy", value.shape, value.dtype, value.content)
    back = np.load(tmp_path / "t.npy")
    assert back.shape == shape
    assert back.dtype == now.dtype
    expected = now
    if dtype == "bfloat16":
        expected = ((now.astype("<f4").view("<u4") >> 16) << 16).view("<f4")
    np.testing.assert_array_equal(back, expected)
    if dtype in NO_NUMBERS:
        with pytest.raises(ArrayFileError, match="no plain numbers"):
            write_array(tmp_path / "t.csv", value.shape, value.dtype, value.content)
        return
    write_array(tmp_path / "t.csv", value.shape, value.dtype, value.content)
    text = (tmp_path / "t.csv").read_text(encoding="utf-8")
    if dtype in REAL and now.size > 1:
        assert "nan" in text.casefold()
        assert "inf" in text.casefold()


ODD: Final = """\
import torch
from torch import nn
nan, inf = float("nan"), float("inf")
ps = [nn.Parameter(one) for one in (
    torch.tensor(2.0), torch.zeros(0), torch.zeros(3, 0), torch.randn(2, 1, 2, 2, 3),
    torch.full((3, 2), nan), torch.tensor([1.0, inf, -inf, nan, 0.0]),
    torch.randn(2, 2, dtype=torch.float64), torch.randn(3, 3).half())]
opt = torch.optim.SGD(ps, lr=0.1, momentum=0.9)
mask, ints = torch.tensor([True, False, True]), torch.arange(6).reshape(2, 3)
for _ in range(2):
    opt.zero_grad()
    loss = sum((p.float() * 2).sum() for p in ps)
    chosen, most, none = ints[:, mask], ints.argmax(), ~mask & mask
    loss.backward()
    opt.step()
"""


def test_odd_tensors_stand_in_every_pane(tmp_path: Path) -> None:
    done = record(tmp_path, ODD)
    assert (done.status, done.stderr) == (0, "")
    run = done.run
    cards = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seq in range(1, run.head + 1):
            moment = run.at(seq)
            cards.append(plain(explain(moment).lines))
            view = graph_view(moment, folds=Folds(every=True))
            for row in range(len(view.rows)):
                assert width_of(view.render(row, 60)) <= 60
            if moment.event.kind in ("phase_exited", "updated", "accumulated"):
                for sort in (Sort(), Sort(WORST), Sort("|grad|")):
                    shown = optimizer_view(moment, width=60, sort=sort)
                    assert len(shown.rows) == 8
                    assert len(plain(shown.lines).splitlines()) == len(shown)
                plain(connection_view(moment).report())
    # What has no element has nothing to work out, and says so.
    assert sum("has no elements" in card for card in cards) == 4
