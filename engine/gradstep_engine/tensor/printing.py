"""What `print(tensor)` shows, character for character as torch shows it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.autograd import variable
from gradstep_engine.autograd.variable import TensorBase


class PrintOptions:
    """How numbers are printed; torch's defaults."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed; `profile` is default, short or full."""
    if profile is not None:
        presets = {"default": (4, 1000, 3), "short": (2, 1000, 2), "full": (4, math.inf, 3)}
        preset = presets.get(profile)
        if preset is not None:
            PrintOptions.precision, PrintOptions.threshold, PrintOptions.edgeitems = preset
            PrintOptions.linewidth = 80
    PrintOptions.precision = PrintOptions.precision if precision is None else precision
    PrintOptions.threshold = PrintOptions.threshold if threshold is None else threshold
    PrintOptions.edgeitems = PrintOptions.edgeitems if edgeitems is None else edgeitems
    PrintOptions.linewidth = PrintOptions.linewidth if linewidth is None else linewidth
    PrintOptions.sci_mode = sci_mode


class _Format:
    """One way of writing that fits all elements shown: whole numbers, fixed, or scientific."""

    def __init__(self, values: np.ndarray[Any, Any]) -> None:
        self.is_float = values.dtype.kind == "f"
        self.whole = True
        self.scientific = False
        self.width = 1
        flat = values.reshape(-1)
        if not self.is_float:
            self.width = max([1, *(len(str(value)) for value in flat.tolist())])
            return
        finite = flat[np.isfinite(flat) & (flat != 0)]
        if not finite.size:
            return
        sizes = np.abs(finite).astype(np.float64)
        smallest, largest = float(sizes.min()), float(sizes.max())
        self.whole = bool((finite == np.ceil(finite)).all())
        too_wide = largest / smallest > 1000.0 or largest > 1.0e8
        precision = PrintOptions.precision
        self.scientific = too_wide if self.whole else too_wide or smallest < 1.0e-4
        if PrintOptions.sci_mode is not None:
            self.scientific = PrintOptions.sci_mode
        if self.whole and not self.scientific:
            self.width = max([1, *(len(f"{value:.0f}") + 1 for value in finite.tolist())])
        else:
            form = f".{precision}e" if self.scientific else f".{precision}f"
            self.width = max([1, *(len(f"{value:{form}}") for value in finite.tolist())])

    def __call__(self, value: Any) -> str:
        if not self.is_float:
            text = str(value)
        elif self.scientific:
            text = f"{value:{self.width}.{PrintOptions.precision}e}"
        elif self.whole:
            text = f"{value:.0f}"
            if math.isfinite(value):
                text += "."
        else:
            text = f"{value:.{PrintOptions.precision}f}"
        return text.rjust(self.width)


def elements(array: Any, indent: int) -> str:
    """Return the elements of `array` in brackets; lines after the first are indented."""
    array = np.asarray(array)
    summarise = array.size > PrintOptions.threshold
    shown = _edges(array) if summarise else array
    return _nested(array, indent, summarise, _Format(shown))


def _edges(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    edge = PrintOptions.edgeitems
    for axis, size in enumerate(array.shape):
        if size > 2 * edge:
            places = [*range(edge), *range(size - edge, size)]
            array = np.take(array, places, axis)
    return array


def _nested(array: np.ndarray[Any, Any], indent: int, summarise: bool, form: _Format) -> str:
    if array.ndim == 0:
        return form(array.item())
    edge = PrintOptions.edgeitems
    cut = summarise and array.shape[0] > 2 * edge
    if array.ndim == 1:
        return _row(array, indent, cut, form)
    rows = list(array[:edge]) + list(array[-edge:]) if cut else list(array)
    texts = [_nested(row, indent + 1, summarise, form) for row in rows]
    if cut:
        texts = [*texts[:edge], "...", *texts[edge:]]
    separator = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    return f"[{separator.join(texts)}]"


def _row(array: np.ndarray[Any, Any], indent: int, cut: bool, form: _Format) -> str:
    edge = PrintOptions.edgeitems
    per_line = max(1, math.floor((PrintOptions.linewidth - indent) / (form.width + 2)))
    if cut:
        first, last = array[:edge].tolist(), array[-edge:].tolist()
        texts = [*map(form, first), " ...", *map(form, last)]
    else:
        texts = [form(value) for value in array.tolist()]
    lines = [", ".join(texts[i : i + per_line]) for i in range(0, len(texts), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def tensor_text(tensor: Any) -> str:
    """Return the whole text of `tensor`: elements, then what is not obvious about it."""
    from gradstep_engine import dtypes

    prefix = "tensor("
    array = tensor._array
    suffixes: list[str] = []
    default = tensor.dtype in (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool_)
    if array.size == 0:
        if array.ndim != 1:
            suffixes.append(f"size={tuple(array.shape)}")
        if tensor.dtype != dtypes.get_default_dtype():
            suffixes.append(f"dtype={tensor.dtype}")
        body = "[]"
    else:
        if not default:
            suffixes.append(f"dtype={tensor.dtype}")
        body = elements(array, len(prefix))
    if tensor.grad_fn is not None:
        suffixes.append(f"grad_fn=<{tensor.grad_fn.name()}>")
    elif tensor._requires_grad:
        suffixes.append("requires_grad=True")
    return _with_suffixes(prefix + body, suffixes, len(prefix))


def _with_suffixes(text: str, suffixes: list[str], indent: int) -> str:
    pieces = [text]
    last_line = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if last_line + len(suffix) + 2 > PrintOptions.linewidth:
            pieces.append(",\n" + " " * indent + suffix)
            last_line = indent + len(suffix)
        else:
            pieces.append(", " + suffix)
            last_line += len(suffix) + 2
    return "".join(pieces) + ")"


class Printing(TensorBase):
    """repr, str and format."""

    def __repr__(self) -> str:
        return tensor_text(self)

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        if self._array.ndim == 0 and type(self) is variable.public:
            return format(self._array.item(), spec)
        return object.__format__(self, spec)
