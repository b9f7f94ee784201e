"""embedding_bag, fold and unfold, block_diag, padded sequences: each element's own uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.rule import Rule, Worked, dot, number, summed
from gradstep.views.numbers import index as written


def kind_of(call: Call) -> str:
    """Tell how an embedding_bag puts its rows together."""
    mean = call.option("mean")
    return "max" if mean is None else "mean" if mean else "sum"


def uses(call: Call, bag: int) -> Array:
    """Give the entries that are in a bag, without those of padding."""
    import numpy as np

    index, bags = call.array(1).reshape(-1), call.array(2).reshape(-1)
    padding = call.option("padding_idx")
    kept = bags == bag
    return np.flatnonzero(kept if padding is None else kept & (index != int(padding)))


def bag_result(call: Call, place: Place) -> Worked:
    """Work one element of an embedding_bag's result out."""
    import numpy as np

    bag, column = place
    entries = uses(call, bag)
    rows = call.array(1).reshape(-1)[entries].astype(int)
    values = call.array(0)[rows, column]
    if not values.size:
        return Worked("0  (an empty bag)", 0.0, 0.0)
    kind = kind_of(call)
    if kind == "max":
        value = float(values.max())
        return Worked(f"the largest of {', '.join(number(v) for v in values[:3])}", value, 1.0)
    scales = call.array(3).reshape(-1)[entries] if len(call.arguments) > 3 else None
    if scales is not None:
        return dot(scales, values)
    found = summed(lambda i: f"w{written((int(rows[i]), column))} {number(values[i])}", values)
    if kind == "sum":
        return found
    count = np.size(values)
    return Worked(f"({found.text}) / {count}", found.value / count, found.scale)


def _bag(call: Call, position: int, place: Place) -> Worked:
    import numpy as np

    grad, index, bags = call.incoming(), call.array(1).reshape(-1), call.array(2).reshape(-1)
    kind = kind_of(call)
    if call.option("scale_grad_by_freq"):
        raise Unknown("rows are scaled")
    if position == 3:
        entry = int(np.ravel_multi_index(place, call.array(3).shape))
        return dot(grad[int(bags[entry])], call.array(0)[int(index[entry])])
    if position:
        raise Unknown("an index has no gradient")
    row, column = place
    texts, terms = [], []
    for bag in range(len(grad)):
        entries = uses(call, bag)
        rows = index[entries].astype(int)
        value = float(grad[bag, column])
        if kind == "max":
            if rows.size and rows[int(call.array(0)[rows, column].argmax())] == row:
                texts.append(number(value))
                terms.append(value)
            continue
        for entry, used in zip(entries, rows, strict=True):
            if used != row:
                continue
            factor = float(call.array(3).reshape(-1)[entry]) if len(call.arguments) > 3 else 1.0
            size = len(rows) if kind == "mean" else 1
            texts.append(number(value) + (f" / {size}" if size > 1 else "")
                         + (f" · {number(factor)}" if factor != 1 else ""))  # fmt: skip
            terms.append(value * factor / size)
    if not terms:
        return Worked(f"0  (no index is {row})", 0.0, 0.0)
    return summed(texts.__getitem__, np.array(terms))


class Blocks:
    """Blocks of images, as columns: where each place of a block lies."""

    def __init__(self, call: Call) -> None:
        text = str(call.options.get("blocks", ""))
        found = {
            name: tuple(int(n) for n in re.findall(r"\d+", sizes))
            for name, sizes in re.findall(
                r"(shape|kernel|stride|padding|dilation)=(\([^)]*\))", text
            )
        }
        if len(found) != 5:
            raise Unknown("how its blocks lie is not recorded")
        self.height, self.width = found["shape"][2:]
        self.kernel, self.stride = found["kernel"], found["stride"]
        self.padding, self.dilation = found["padding"], found["dilation"]
        self.columns = self._count(1, self.width)
        self.rows = self._count(0, self.height)

    def _count(self, axis: int, size: int) -> int:
        reach = self.dilation[axis] * (self.kernel[axis] - 1)
        return (size + 2 * self.padding[axis] - reach - 1) // self.stride[axis] + 1

    def image_place(self, place: Place) -> Place | None:
        """Give where in the image an element of the columns lies, None in the padding."""
        sample, inner, block = place
        channel, tap = divmod(inner, self.kernel[0] * self.kernel[1])
        taps, block_at = divmod(tap, self.kernel[1]), divmod(block, self.columns)
        y, x = (
            block_at[axis] * self.stride[axis]
            - self.padding[axis]
            + taps[axis] * self.dilation[axis]
            for axis in (0, 1)
        )
        inside = 0 <= y < self.height and 0 <= x < self.width
        return (sample, channel, y, x) if inside else None

    def column_places(self, place: Place) -> list[Place]:
        """Give where in the columns an element of the image lies."""
        sample, channel, *_ = place
        taps = self.kernel[0] * self.kernel[1]
        return [
            (sample, channel * taps + tap, block)
            for tap in range(taps)
            for block in range(self.rows * self.columns)
            if self.image_place((sample, channel * taps + tap, block)) == place
        ]


def _gathered(array: Array, at: Place | None, name: str) -> Worked:
    if at is None:
        return Worked("0  (padding)", 0.0, 0.0)
    value = float(array[at])
    return Worked(f"{name}{written(at)} {number(value)}", value, abs(value))


def _collected(array: Array, found: list[Place], name: str) -> Worked:
    import numpy as np

    terms = np.array([float(array[at]) for at in found])
    return summed(lambda i: f"{name}{written(found[i])} {number(terms[i])}", terms)


def unfolded(call: Call, place: Place) -> Worked:
    """Work one element of an unfold out."""
    return _gathered(call.array(0), Blocks(call).image_place(place), "a")


def folded(call: Call, place: Place) -> Worked:
    """Work one element of a fold out."""
    return _collected(call.array(0), Blocks(call).column_places(place), "a")


def _unfold(call: Call, position: int, place: Place) -> Worked:
    return _collected(call.incoming(), Blocks(call).column_places(place), "grad_out")


def _fold(call: Call, position: int, place: Place) -> Worked:
    return _gathered(call.incoming(), Blocks(call).image_place(place), "grad_out")


def _block_diag(call: Call, position: int, place: Place) -> Worked:
    row = column = 0
    for before in range(position):
        a = call.array(before)
        row, column = row + (1 if a.ndim < 2 else a.shape[0]), column + a.shape[-1]
    at = (row + (place[-2] if len(place) > 1 else 0), column + place[-1])
    return _gathered(call.incoming(), at, "grad_out")


def _pad_sequence(call: Call, position: int, place: Place) -> Worked:
    grad, out = call.incoming(), call.output()
    length = call.array(position).shape[0]
    first = int(call.option("length", length)) - length if call.option("left", False) else 0
    time = place[0] + first
    mine = call.array(position)[place]
    for at in ((position, time, *place[1:]), (time, position, *place[1:])):
        inside = all(i < size for i, size in zip(at, out.shape, strict=True))
        if inside and float(out[at]) == float(mine):
            return _gathered(grad, at, "grad_out")
    raise Unknown("the order of the sequences is not known")


_BACK: Final = ("grad_i = its own piece of grad_out",)

RULES: Final[Mapping[str, Rule]] = {
    "embedding_bag": Rule(
        "out = the rows of w in each bag, put together",
        ("grad_w[i] = Σ grad_out of the bags that have i", "", "", "grad_s = grad_out · w[i]"),
        _bag,
    ),
    "fold": Rule("out = the blocks, added up", ("grad_a = grad_out where it went to",), _fold),
    "block_diag": Rule("out = the blocks along the diagonal", _BACK, _block_diag),
    "pad_sequence": Rule("out = the sequences, padded", _BACK, _pad_sequence),
}
"""By the name of the op."""

UNFOLD: Final = Rule("out = the blocks of a", ("grad_a = Σ over its blocks of grad_out",), _unfold)
