"""How an operation runs: `apply` computes it, records its node and tells the listener.

An operation is one class: `forward` and `backward` on arrays, side by side, with the names that
people see. To add one, subclass `Op` and call `apply(TheOp, *tensors, **attributes)`.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy import may_share_memory

from gradstep_engine import events
from gradstep_engine.autograd.errors import short_name
from gradstep_engine.autograd.mode import GradMode, InferenceBox, inferring, suspended
from gradstep_engine.autograd.node import Edge, Node, place_of
from gradstep_engine.autograd.report import emit_op
from gradstep_engine.autograd.variable import TensorBase, draw_sequence, wrap
from gradstep_engine.dtypes import of_numpy, result_numpy


class Op(Node):
    """An operation on arrays; the instance of one run is also its backward node.

    Attributes:
        op_name: what the user calls it (`mul`); a run may set its own as `shown_as`.
        node_name: PyTorch's name of its node (`MulBackward0`); a run may set its own.
        saves: positions of tensor inputs whose arrays `forward` keeps in `self.saved`; they are
            checked against in-place changes before backward uses them. A run that keeps fewer sets
            its own.
        saves_output: whether `forward` keeps its own result as `self.saved[0]`, checked likewise.
        view: whether the output shares the first input's memory.
        promotes: whether inputs are first converted to their common type by torch's rules.
        answers: whether the result is a bool for each element, whatever the operands' type.
        differentiable: False for ops such as comparisons that never have a node.
        writes: for in-place use: `forward` writes into its first argument itself.
        takes_constants: `forward` need not know whether its second operand is a plain number.
        number: the second operand of a recorded run, where it is one.
        shapes: the shapes of two operands of a recorded run, None if they are the same.
    """

    op_name: str = "op"
    shown_as: str | None = None
    saves: tuple[int, ...] = ()
    saves_output: ClassVar[bool] = False
    view: ClassVar[bool] = False
    promotes: ClassVar[bool] = False
    answers: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    writes: ClassVar[bool] = False
    takes_constants: ClassVar[bool] = False
    number: float | None = None
    shapes: Any = None
    traits: ClassVar[tuple[bool, bool, bool, bool]] = (False, False, False, True)

    def __init_subclass__(cls) -> None:
        """Put together what `apply` asks of every class: one lookup instead of four."""
        cls.traits = (cls.view, cls.saves_output, cls.promotes, cls.differentiable)
        if "node_name" in cls.__dict__:
            # Scripts print type(loss.grad_fn).__name__; the class's own name stays in __qualname__.
            cls.__name__ = cls.node_name

    def forward(self, *arrays: Any, **attributes: Any) -> Any:
        """Compute the result from arrays; a tuple of arrays makes several outputs."""
        raise NotImplementedError(f"{type(self).__qualname__} defines no forward")

    def check_types(self, operands: list[Any]) -> None:
        """Raise where operands of these types, not all the same, may not meet."""

    def input(self, position: int) -> Any:
        """Return the kept input at `position` as a tensor in its place in the graph.

        By its position in the class's `saves`; a kept output stands before all inputs in `saved`.
        """
        assert self.saved is not None
        array = self.saved[type(self).saves.index(position) + self.saves_output]
        return self.placed(array, position)

    def placed(self, array: Any, position: int) -> Any:
        """Return `array`, the input at `position`, as a tensor in its place in the graph."""
        edge = self.edges[position]
        if position == 1 and self.number is not None:
            return self.number
        if edge is None or array.__class__ in NUMBERS:
            return array if array.__class__ in NUMBERS else wrap(array)
        casts = () if self.extras is None else self.extras.casts
        cast = casts[position] if casts else None
        if isinstance(edge, TensorBase):
            tensor: Any = edge
        else:
            tensor = wrap(array if cast is None else array.astype(cast))
            tensor.grad_fn, tensor.output_nr = place_of(edge)
        return tensor if cast is None else tensor.to(of_numpy(array.dtype))

    def output(self) -> Any:
        """Return the kept output as a tensor in its place in the graph."""
        assert self.saved is not None
        tensor = wrap(self.saved[0])
        tensor.grad_fn = self
        return tensor


next_sequence = draw_sequence
"""What anomaly mode replaces."""

NUMBERS = frozenset({float, int, bool})


def apply(op: type[Op], *inputs: Any, **attributes: Any) -> Any:
    """Run `op` on tensors and plain numbers, in that order of its `forward`.

    Returns a tensor, or a tuple of them where `forward` returns a tuple. A plain number among the
    inputs takes part in the arithmetic with a weak type and gets no gradient.
    """
    node = op()
    viewing, saving_output, promoting, differentiable = op.traits
    recorded = False
    if viewing:
        materialise(inputs[0])
    # Written out instead of comprehensions: this runs for every operation of a script.
    if len(inputs) == 1:
        x = inputs[0]
        array = x._array
        if differentiable and (not suspended or GradMode.enabled):
            fn = x.grad_fn
            if fn is not None:
                node.edges = (fn if fn.outputs == 1 else (fn, x.output_nr),)
                recorded = True
            elif x._requires_grad:
                node.edges = (x,)
                recorded = True
        if promoting:
            array = promoted(node, [array])[0]
        result = node.forward(array, **attributes)
    else:
        arrays, recorded = _edged(
            node, inputs, differentiable and (not suspended or GradMode.enabled)
        )
        if promoting:
            arrays = promoted(node, arrays)
        array = arrays[0]
        result = node.forward(*arrays, **attributes)
    if result.__class__ is tuple:
        return _several(node, inputs, attributes, result, array, recorded)
    output = wrap(result)
    if viewing and (may_share_memory(result, array) or not result.size):
        output._become_view_of(inputs[0])
    if recorded:
        output.grad_fn = node
        node.sequence = next_sequence()
        saves = node.saves
        if saves:
            node.versions = versions_of(saves, inputs)
        if saving_output:
            output._version_box = box = [0]
            node.versions += (box, 0)
    elif inferring and GradMode.inference and output._version_box is None:
        output._version_box = InferenceBox()
    if events.listener is not None:
        emit_op(node, inputs, (output,), attributes, recorded)
    return output


def _edged(node: Op, inputs: tuple[Any, ...], recording: bool) -> tuple[list[Any], bool]:
    """Give `node` its edges; return the inputs' arrays and whether any of them requires grad."""
    arrays = []
    recorded = False
    if not recording:
        for x in inputs:
            arrays.append(x._array if isinstance(x, TensorBase) else x)
        return arrays, False
    edges: list[Edge | None] = []
    for x in inputs:
        if isinstance(x, TensorBase):
            arrays.append(x._array)
            fn = x.grad_fn
            if fn is not None:
                edges.append(fn if fn.outputs == 1 else (fn, x.output_nr))
                recorded = True
            elif x._requires_grad:
                edges.append(x)
                recorded = True
            else:
                edges.append(None)
        else:
            arrays.append(x)
            edges.append(None)
    if recorded:
        node.edges = tuple(edges)
    return arrays, recorded


def _several(
    node: Op,
    inputs: tuple[Any, ...],
    attributes: dict[str, Any],
    results: tuple[Any, ...],
    source: Any,
    recorded: bool,
) -> tuple[Any, ...]:
    """Return the outputs of an op that has several; the rest of `apply` for it."""
    outputs = tuple([wrap(array) for array in results])
    for position, output in enumerate(outputs):
        if node.view and may_share_memory(output._array, source):
            output._become_view_of(inputs[0])
            if recorded:
                output._view_made = short_name(node)
        if recorded and output._array.dtype.kind == "f":
            output.grad_fn = node
            output.output_nr = position
    if recorded:
        node.outputs = len(outputs)
        node.sequence = next_sequence()
        if node.saves:
            node.versions = versions_of(node.saves, inputs)
        if node.saves_output:
            outputs[0]._version_box = box = [0]
            node.versions += (box, 0)
    elif inferring and GradMode.inference:
        for output in outputs:
            if output._version_box is None:
                output._version_box = InferenceBox()
    if events.listener is not None:
        emit_op(node, inputs, outputs, attributes, recorded)
    return outputs


def promoted(node: Op, operands: list[Any]) -> list[Any]:
    """Return `operands` in their common type.

    Note on `node` which gradients have to be cast back, and which shapes summed back to.
    """
    if len(operands) == 2:
        a, b = operands
        kind_a, kind_b = a.__class__, b.__class__
        if node.edges and kind_a not in NUMBERS and kind_b not in NUMBERS and a.shape != b.shape:
            node.shapes = (a.shape, b.shape)
        if kind_b is float or kind_b is int:
            if a.dtype.kind == "f":
                return operands
        elif kind_a is float or kind_a is int:
            if b.dtype.kind == "f":
                return operands
        elif kind_a is not bool and kind_b is not bool and a.dtype is b.dtype:
            return operands
    node.check_types(operands)
    common = result_numpy(tuple([x for x in operands if x is not None]))
    casts: list[Any] = []
    converted: list[Any] = []
    for operand in operands:
        if isinstance(operand, (np.ndarray, np.generic)):
            same = operand.dtype == common
            converted.append(operand if same else operand.astype(common))
            casts.append(None if same else operand.dtype)
        else:
            converted.append(None if operand is None else number_as(common, operand))
            casts.append(None)
    if node.edges and any(casts):
        node._extras().casts = tuple(casts)
    return converted


def number_as(dtype: np.dtype[Any], number: Any) -> Any:
    """Return a plain number in a type; whole numbers wrap around, as in PyTorch."""
    if dtype.kind in "iu":
        return np.int64(number).astype(dtype)
    return dtype.type(number)


def materialise(source: TensorBase) -> None:
    """Give a 0-d tensor an array that can be shared: a numpy scalar cannot."""
    if type(source._array) is not np.ndarray:
        source._array = np.array(source._array)


def versions_of(saves: tuple[int, ...], inputs: tuple[Any, ...]) -> Any:
    """Return the saved inputs with the versions they have now."""
    if len(saves) == 1:
        x = inputs[saves[0]]
        if x.__class__ in NUMBERS:
            return ()
        box = x._version_box
        return x, 0 if box is None else box[0]
    versions: list[Any] = []
    for position in saves:
        x = inputs[position]
        if isinstance(x, TensorBase):
            box = x._version_box
            versions += (x, 0 if box is None else box[0])
    return tuple(versions)


def __getattr__(name: str) -> Any:
    """Give the names of `torch.autograd.function` that scripts import."""
    if name in ("Function", "once_differentiable"):
        from gradstep_engine.autograd import custom

        return getattr(custom, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
