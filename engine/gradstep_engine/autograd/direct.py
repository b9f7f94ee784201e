"""The short way to run the commonest operations: what `apply` does, without its argument lists.

`+` on two numbers costs numpy half a microsecond, so what stands around it decides how fast small
models are. Everything here follows `apply` in `function.py` step by step and calls the same
`forward` of the same class; only what cannot occur is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

from numpy import ndarray

from gradstep_engine import events
from gradstep_engine.autograd import function
from gradstep_engine.autograd.constants import CONSTANTS, FLOAT32, OF_FLOAT32
from gradstep_engine.autograd.function import NUMBERS, Op, promoted, versions_of
from gradstep_engine.autograd.mode import GradMode, InferenceBox, inferring, suspended
from gradstep_engine.autograd.report import emit_op
from gradstep_engine.autograd.variable import wrap


def own_code(template: Any) -> Any:
    """Return a copy of the function `template` with code of its own.

    CPython notes beside each instruction which types it met there, and is fast as long as it meets
    the same. Closures of one function share their code; copies learn each for itself.
    """
    copied = FunctionType(
        template.__code__.replace(),
        template.__globals__,
        template.__name__,
        template.__defaults__,
        template.__closure__,
    )
    copied.__doc__ = template.__doc__
    return copied


@cache
def pair_of(op: Any) -> Callable[[Any, Any], Any]:
    """Return the function that runs `op` on a tensor and on a tensor or plain number.

    It does what `apply` does, without the argument lists: for ops that promote, have one output, no
    attributes, and are no views. That is + − · and /, most of what small models do.
    """
    quick = op.takes_constants

    @own_code
    def pair(a: Any, b: Any) -> Any:
        node: Op = op()
        x = a._array
        fn = a.grad_fn
        if fn is not None:
            edge = fn if fn.outputs == 1 else (fn, a.output_nr)
        else:
            edge = a if a._requires_grad else None
        kind: Any = b.__class__
        if kind in NUMBERS:
            recorded = edge is not None and (not suspended or GradMode.enabled)
            if recorded:
                node.edges = (edge, None)
                node.number = b
            if not quick or kind is bool or x.__class__ is not ndarray:
                y = b
                if x.dtype.kind != "f" or kind is bool:
                    x, y = promoted(node, [x, y])
            elif x.dtype is FLOAT32:
                y = OF_FLOAT32[b]
            else:
                x, y = _weakly(node, x, b)
        else:
            y = b._array
            fn = b.grad_fn
            if fn is not None:
                second = fn if fn.outputs == 1 else (fn, b.output_nr)
            else:
                second = b if b._requires_grad else None
            recorded = (edge is not None or second is not None) and (
                not suspended or GradMode.enabled
            )
            if recorded:
                node.edges = (edge, second)
                if x.shape != y.shape:
                    node.shapes = (x.shape, y.shape)
            if x.dtype is not y.dtype:
                x, y = promoted(node, [x, y])
        output = wrap(node.forward(x, y))
        if recorded:
            output.grad_fn = node
            node.sequence = function.next_sequence()
            saves = node.saves
            if saves:
                node.versions = versions_of(saves, (a, b))
        elif inferring and GradMode.inference:
            output._version_box = InferenceBox()
        if events.listener is not None:
            emit_op(node, (a, b), (output,), {}, recorded)
        return output

    return pair  # type: ignore[no-any-return]


@cache
def single_of(op: Any, *names: str) -> Callable[..., Any]:
    """Return the function that runs `op` on one tensor and on attributes by position.

    It does what `apply` does for ops that have one output and neither promote nor are views; the
    listener gets the attributes by `names`.
    """
    saves_output = op.saves_output

    @own_code
    def single(a: Any, *attributes: Any) -> Any:
        node: Op = op()
        fn = a.grad_fn
        if fn is not None:
            edge = fn if fn.outputs == 1 else (fn, a.output_nr)
        else:
            edge = a if a._requires_grad else None
        recorded = edge is not None and (not suspended or GradMode.enabled)
        if recorded:
            node.edges = (edge,)
        output = wrap(node.forward(a._array, *attributes))
        if recorded:
            output.grad_fn = node
            node.sequence = function.next_sequence()
            saves = node.saves
            if saves:
                box = a._version_box
                node.versions = (a, 0 if box is None else box[0])
            elif saves_output:
                output._version_box = box = [0]
                node.versions = (box, 0)
        elif inferring and GradMode.inference:
            output._version_box = InferenceBox()
        if events.listener is not None:
            emit_op(node, (a,), (output,), dict(zip(names, attributes, strict=False)), recorded)
        return output

    return single  # type: ignore[no-any-return]


def _weakly(node: Op, x: Any, number: float) -> tuple[Any, Any]:
    """Return an array and a plain number as operands of one type."""
    constants = CONSTANTS.get(x.dtype)
    if constants is not None:
        return x, constants[number]
    converted = promoted(node, [x, number])
    return converted[0], converted[1]
