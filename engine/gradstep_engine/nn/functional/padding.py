"""Margins around a tensor."""

from __future__ import annotations

from collections.abc import Sequence

from gradstep_engine.nn.functional.running import run
from gradstep_engine.ops.padding import ConstantPad, ElementPad, Margins
from gradstep_engine.tensor import Tensor


def pad(
    input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Tensor:
    """Return `input` with a margin around its last axes.

    Args:
        input: the tensor.
        pad: before and after the last axis, then the one before it, and so on; negative cuts off.
        mode: `constant`, or elements of the input: `reflect`, `replicate`, `circular`.
        value: what a constant margin holds, 0 by default.

    Raises:
        NotImplementedError: there is no such mode, or not for so many axes.
        RuntimeError: the margins do not fit the input.
    """
    shape = input._array.shape
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) > 2 * len(shape):
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but "
            f"got padding length {len(pad)} and input of dimension {len(shape)}"
        )
    numbers = [int(number) for number in pad]
    margins = tuple(zip(numbers[-2::-2], numbers[::-2], strict=True))
    if mode == "constant":
        _check_cut(shape, margins)
        return run(ConstantPad, input, pad=margins, value=0 if value is None else value)
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if value:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if len(margins) not in (1, 2, 3) or len(shape) not in (len(margins) + 1, len(margins) + 2):
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {len(shape)}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    _check_reach(shape, margins, mode)
    return run(ElementPad, input, pad=margins, mode=mode)


def _check_cut(shape: tuple[int, ...], margins: Margins) -> None:
    for size, (before, after) in zip(shape[len(shape) - len(margins) :], margins, strict=True):
        if size + before + after < 0 or size + min(before, 0) + min(after, 0) < 0:
            raise RuntimeError("narrow(): length must be non-negative.")


def _check_reach(shape: tuple[int, ...], margins: Margins, mode: str) -> None:
    first = len(shape) - len(margins)
    for axis, (before, after) in enumerate(margins, first):
        if mode == "reflect" and max(before, after) >= shape[axis]:
            raise RuntimeError(
                "Argument #4: Padding size should be less than the corresponding input dimension, "
                f"but got: padding ({before}, {after}) at dimension {axis} of input {list(shape)}"
            )
        if mode == "circular" and max(before, after) > shape[axis]:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        _check_cut((shape[axis],), ((before, after),))
