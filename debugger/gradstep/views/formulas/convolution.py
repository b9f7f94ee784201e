"""conv2d, max_pool2d and dropout: sums over windows, and choices made in forward."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product as pairs
from typing import Any, Final

from gradstep.views.formulas.call import Call, Place, Unknown
from gradstep.views.formulas.rule import Rule, Worked, number, product, summed


def _pair(value: Any, default: int) -> tuple[int, int]:
    if value is None or value == ():
        return default, default
    if isinstance(value, (list, tuple)):
        return (int(value[0]), int(value[-1]))
    if isinstance(value, int):
        return value, value
    raise Unknown("the windows are not known")


def _windows(call: Call) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    return (
        _pair(call.option("stride"), 1),
        _pair(call.option("padding"), 0),
        _pair(call.option("dilation"), 1),
    )


def _conv2d(call: Call, position: int, place: Place) -> Worked:
    import numpy as np

    grad = call.incoming()
    if grad.ndim != 4:
        raise Unknown("only batches of images are worked out")
    if position == 2:
        terms = grad[:, place[0]]
        return summed([number(g) for g in terms.reshape(-1)[:3]], terms)
    groups = int(call.option("groups", 1))
    image, weight = call.array(0), call.array(1)
    (sy, sx), (py, px), (dy, dx) = _windows(call)
    height, width = grad.shape[2:]
    per_group = weight.shape[0] // groups
    if position == 1:
        out, channel, i, j = place
        channel += (out // per_group) * weight.shape[1]
        padded = np.pad(image[:, channel], ((0, 0), (py, py), (px, px)))
        seen = padded[:, i * dy :: sy, j * dx :: sx][:, :height, :width]
        return _terms(grad[:, out], seen)
    sample, channel, y, x = place
    group, inner = divmod(channel, weight.shape[1])
    left, right = [], []
    for i, j in pairs(range(weight.shape[2]), range(weight.shape[3])):
        row, off_y = divmod(y + py - i * dy, sy)
        column, off_x = divmod(x + px - j * dx, sx)
        if not off_y and not off_x and 0 <= row < height and 0 <= column < width:
            outs = slice(group * per_group, (group + 1) * per_group)
            left.append(grad[sample, outs, row, column])
            right.append(weight[outs, inner, i, j])
    if not left:
        return Worked("0  (no window covers it)", 0.0, 0.0)
    return _terms(np.concatenate(left), np.concatenate(right))


def _terms(left: Any, right: Any) -> Worked:
    left, right = left.reshape(-1), right.reshape(-1)
    first = [product(number(a), number(b)) for a, b in zip(left[:3], right[:3], strict=True)]
    return summed(first, left * right)


def _max_pool2d(call: Call, position: int, place: Place) -> Worked:
    import numpy as np

    image, grad = call.array(0), call.incoming()
    plain = call.integers()
    windows = _windows_of(call)
    kernel = windows["kernel"] or _pair(call.option("kernel_size", plain[0] if plain else None), 0)
    if not all(kernel):
        raise Unknown("the windows are not known")
    stride = windows["stride"] or call.option("stride")
    (sy, sx) = kernel if stride in (None, ()) else _pair(stride, 0)
    py, px = windows["padding"] or _pair(call.option("padding"), 0)
    if (windows["dilation"] or _pair(call.option("dilation"), 1)) != (1, 1):
        raise Unknown("dilated windows")
    lead, (y, x) = place[:-2], place[-2:]
    plane = np.pad(image[lead], ((py, py), (px, px)), constant_values=-np.inf)
    found, text = [], []
    height, width = grad.shape[-2:]
    for row, column in pairs(range(height), range(width)):
        top, side = row * sy, column * sx
        if not (top <= y + py < top + kernel[0] and side <= x + px < side + kernel[1]):
            continue
        window = plane[top : top + kernel[0], side : side + kernel[1]]
        down, over = divmod(int(window.argmax()), window.shape[1])
        if top + down == y + py and side + over == x + px:
            found.append(grad[(*lead, row, column)])
            text.append(f"{number(found[-1])} (largest of window [{row},{column}])")
    if not found:
        return Worked("0  (not the largest of its window)", 0.0, 0.0)
    return summed(text[:3], np.array(found))


def _windows_of(call: Call) -> dict[str, tuple[int, int] | None]:
    """Read the windows as the engine tells them: one text for both axes; None where it does not."""
    text = str(call.options.get("windows", ""))
    found: dict[str, tuple[int, int] | None] = {}
    for name in ("kernel", "stride", "padding", "dilation"):
        sizes = [int(size) for size in re.findall(rf"\b{name}=(\d+)", text)]
        found[name] = (sizes[0], sizes[1]) if len(sizes) == 2 else None
    return found


def _dropout(call: Call, position: int, place: Place) -> Worked:
    a, out, grad = call.array(0), call.output(), call.incoming()
    plain = [v for v in call.arguments[1:] if isinstance(v, (int, float))]
    probability = float(call.option("p", plain[0] if plain else 0.5))
    if float(a[place]) == 0:
        raise Unknown("the value is 0, so dropped and kept look the same")
    kept = float(out[place]) != 0
    if not kept:
        return Worked("0  (dropped)", 0.0, 0.0)
    value = float(grad[place]) / (1 - probability)
    return Worked(f"{number(grad[place])} / (1 − {probability:g})  (kept)", value, abs(value))


DROPOUT: Final = Rule("out = a · mask / (1 − p)", ("grad_a = grad_out · mask / (1 − p)",), _dropout)

RULES: Final[Mapping[str, Rule]] = {
    "Convolution": Rule(
        "out = W ⋆ x + b, a window at a time",
        (
            "grad_x = Σ over the windows that see it of grad_out · W",
            "grad_W = Σ over all windows of grad_out · x",
            "grad_b = Σ of grad_out over batch and places",
        ),
        _conv2d,
    ),
    "MaxPool2DWithIndices": Rule(
        "out = the largest of each window",
        ("grad_a = grad_out at the largest of each window, 0 elsewhere",),
        _max_pool2d,
    ),
    "NativeDropout": DROPOUT,
    "Dropout": DROPOUT,
}
