"""Convolutions and dropout: sums over windows, and choices made in forward."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gradstep.views.formulas.call import Call, Place, Unknown
from gradstep.views.formulas.rule import Rule, Worked, dot, number, summed
from gradstep.views.formulas.window_sizes import sizes


@dataclass(frozen=True, slots=True)
class Kernel:
    """How a kernel moves over images, axis by axis; transposed, it spreads them instead."""

    strides: tuple[int, ...]
    pads: tuple[int, ...]
    spaces: tuple[int, ...]
    groups: int

    def pairs(self, axis: int, at: int, kernel: int, size: int) -> list[tuple[int, int]]:
        """Give (tap, place seen) of output place `at`, the places within `size` only."""
        start = at * self.strides[axis] - self.pads[axis]
        seen = ((tap, start + tap * self.spaces[axis]) for tap in range(kernel))
        return [(tap, place) for tap, place in seen if 0 <= place < size]

    def users(self, axis: int, at: int, kernel: int, size: int) -> list[tuple[int, int]]:
        """Give (tap, output place) of those that see input place `at`."""
        found = []
        for tap in range(kernel):
            out, rest = divmod(at + self.pads[axis] - tap * self.spaces[axis], self.strides[axis])
            if not rest and 0 <= out < size:
                found.append((tap, out))
        return found


def kernel_of(call: Call) -> Kernel:
    """Read how the kernel of a convolution moves.

    Raises:
        Unknown: it was not recorded.
    """
    axes = call.array(1).ndim - 2
    if "correlation" not in call.options:
        strides, pads, spaces = (
            sizes(call.option(name), axes, default)
            for name, default in (("stride", 1), ("padding", 0), ("dilation", 1))
        )
        return Kernel(strides, pads, spaces, int(call.option("groups", 1)))
    text = str(call.options["correlation"])
    found = dict(re.findall(r"(stride|padding|dilation|groups)=(\([^)]*\)|\d+)", text))
    if len(found) != 4:
        raise Unknown("how its kernel moves is not recorded")
    moves = [tuple(int(n) for n in re.findall(r"\d+", found[name])) for name in
             ("stride", "padding", "dilation")]  # fmt: skip
    return Kernel(moves[0], moves[1], moves[2], int(found["groups"]))


def over_windows(
    image: Any, weight: Any, kernel: Kernel, place: Place, *, spreads: bool
) -> tuple[Any, Any]:
    """Give the elements of an image and of a weight whose products make a place's sum.

    The weight's first dimension is that of the place's channel. `spreads` looks from the input of
    the windows to their output, else the other way.
    """
    import numpy as np

    taken = []
    for axis in range(len(kernel.strides)):
        look = kernel.users if spreads else kernel.pairs
        length, size = weight.shape[2 + axis], image.shape[2 + axis]
        taken.append(look(axis, place[2 + axis], length, size))
    taps = [[tap for tap, _ in axis] for axis in taken]
    seen = [[at for _, at in axis] for axis in taken]
    inner = weight.shape[1]
    group = place[1] // (weight.shape[0] // kernel.groups)
    channels = range(group * inner, (group + 1) * inner)
    left = image[place[0]][np.ix_(channels, *seen)]
    return left, weight[place[1]][np.ix_(range(inner), *taps)]


def swapped(weight: Any, groups: int) -> Any:
    """Turn a weight round: its channels of input become those of output, group by group."""
    import numpy as np

    parts = np.split(weight, groups, axis=0)
    return np.concatenate([part.swapaxes(0, 1) for part in parts], axis=0)


def _convolution(call: Call, position: int, place: Place) -> Worked:
    grad, weight = call.incoming(), call.array(1)
    kernel = kernel_of(call)
    if grad.ndim != weight.ndim:
        raise Unknown("only batches of images are worked out")
    spreads = "transpose" in call.op.name
    if position == 2:
        terms = grad[:, place[0]].reshape(-1)
        return summed(lambda i: number(terms[i]), terms)
    if position == 0:
        # Back through the windows: a convolution that is transposed the other way round.
        turned = weight if spreads else swapped(weight, kernel.groups)
        left, right = over_windows(grad, turned, kernel, place, spreads=not spreads)
        if not left.size:
            return Worked("0  (no window covers it)", 0.0, 0.0)
        return dot(left, right)
    return _of_weight(call, kernel, place, spreads=spreads)


def _of_weight(call: Call, kernel: Kernel, place: Place, *, spreads: bool) -> Worked:
    """Sum grad_out times what a tap of the kernel saw over all windows."""
    import numpy as np

    grad, image, weight = call.incoming(), call.array(0), call.array(1)
    # The windows lie on `wide` and their results on `small`; the weight is (small's, wide's, …).
    small, wide = (image, grad) if spreads else (grad, image)
    first, second, *taps = place
    second += first // (weight.shape[0] // kernel.groups) * weight.shape[1]
    rows, columns = [], []
    for axis, tap in enumerate(taps):
        start = tap * kernel.spaces[axis] - kernel.pads[axis]
        seen = [(i, i * kernel.strides[axis] + start) for i in range(small.shape[2 + axis])]
        seen = [(i, at) for i, at in seen if 0 <= at < wide.shape[2 + axis]]
        rows.append([i for i, _ in seen])
        columns.append([at for _, at in seen])
    samples = range(len(image))
    left = small[:, first][np.ix_(samples, *rows)]
    right = wide[:, second][np.ix_(samples, *columns)]
    return dot(*((right, left) if spreads else (left, right)))


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

CONVOLUTION: Final = Rule(
    "out = W ⋆ x + b, a window at a time",
    (
        "grad_x = Σ over the windows that see it of grad_out · W",
        "grad_W = Σ over all windows of grad_out · x",
        "grad_b = Σ of grad_out over batch and places",
    ),
    _convolution,
)
SPREAD: Final = Rule(
    "out = x spread by W over windows, + b",
    (
        "grad_x = Σ over its window of grad_out · W",
        "grad_W = Σ over all windows of grad_out · x",
        "grad_b = Σ of grad_out over batch and places",
    ),
    _convolution,
)

RULES: Final[Mapping[str, Rule]] = {
    "Convolution": CONVOLUTION,
    "NativeDropout": DROPOUT,
    "Dropout": DROPOUT,
}
