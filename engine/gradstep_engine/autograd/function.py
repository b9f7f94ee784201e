"""How an operation runs: `apply` computes it, records its node and tells the listener.

An operation is one class: `forward` and `backward` on arrays, side by side, with the names that
people see. To add one, subclass `Op` and call `apply(TheOp, *tensors, **attributes)`.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, ClassVar, TypeVar

from gradstep_engine import events
from gradstep_engine.autograd.mode import GradMode
from gradstep_engine.autograd.node import AccumulateGrad, Edge, Node
from gradstep_engine.tensor import Tensor, wrap

R = TypeVar("R")


class Op(Node):
    """An operation on arrays; the instance of one run is also its backward node.

    Attributes:
        op_name: what the user calls it (`mul`); a run may set its own.
        node_name: PyTorch's name of its node (`MulBackward0`).
        saves: positions of tensor inputs whose arrays `forward` keeps in `self.saved`; they are
            checked against in-place changes before backward uses them.
        saves_output: whether `forward` keeps its own result, checked likewise.
        view: whether the output shares the first input's memory.
    """

    op_name: ClassVar[str] = "op"
    saves: ClassVar[tuple[int, ...]] = ()
    saves_output: ClassVar[bool] = False
    view: ClassVar[bool] = False

    def forward(self, *arrays: Any, **attributes: Any) -> Any:
        """Compute the result from arrays; a tuple of arrays makes several outputs."""
        raise NotImplementedError(f"{type(self).__name__} defines no forward")


class _Emission:
    """What ops report while a composite collects them."""

    nodes: list[Node] | None = None
    call: events.ModuleCall | None = None


_sequence = count(1)


def apply(op: type[Op], *inputs: Any, **attributes: Any) -> Any:
    """Run `op` on tensors and plain numbers, in that order of its `forward`.

    Returns a tensor, or a tuple of them where `forward` returns a tuple. A plain number among the
    inputs takes part in the arithmetic with a weak type and gets no gradient.
    """
    node = op()
    result = node.forward(
        *[x._array if isinstance(x, Tensor) else x for x in inputs], **attributes
    )
    recorded = GradMode.enabled and any(
        isinstance(x, Tensor) and (x._requires_grad or x.grad_fn is not None) for x in inputs
    )
    if type(result) is tuple:
        outputs = tuple(wrap(array) for array in result)
    else:
        outputs = (wrap(result),)
    if op.view:
        source = inputs[0]
        for output in outputs:
            output._share_storage(source)
    if recorded:
        node.sequence = next(_sequence)
        node.edges = tuple(_edge(x) for x in inputs)
        if op.saves:
            node.versions = tuple(
                (box := inputs[i]._box(), box[0], _saved_name(inputs[i]))
                for i in op.saves
                if isinstance(inputs[i], Tensor)
            )
        if op.saves_output:
            box = outputs[0]._box()
            node.versions += ((box, box[0], f"output 0 of {op.node_name[:-1]}"),)
        if len(outputs) > 1:
            node.outputs = len(outputs)
        for position, output in enumerate(outputs):
            if output._array.dtype.kind in "fc":
                output.grad_fn = node
                output.output_nr = position
    listener = events.listener
    if listener is not None:
        if _Emission.nodes is not None:
            if recorded:
                _Emission.nodes.append(node)
        else:
            made = node if recorded else None
            listener(
                events.Op(
                    name=getattr(node, "shown_as", op.op_name),
                    inputs=tuple(x for x in inputs if isinstance(x, Tensor)),
                    outputs=outputs,
                    attributes=_shown_attributes(inputs, attributes),
                    grad_fn=made,
                    nodes=() if made is None else (made,),
                    call=_Emission.call,
                )
            )
    return outputs if type(result) is tuple else outputs[0]


def composite(name: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Make a function that calls several ops appear as the one op the user called.

    The inner ops emit nothing; their nodes are reported together.
    """
    import functools

    def decorate(function: Callable[..., R]) -> Callable[..., R]:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> R:
            if events.listener is None or _Emission.nodes is not None:
                return function(*args, **kwargs)
            nodes: list[Node] = []
            _Emission.nodes = nodes
            try:
                result = function(*args, **kwargs)
            finally:
                _Emission.nodes = None
            outputs = tuple(
                x
                for x in (result if isinstance(result, tuple) else (result,))
                if isinstance(x, Tensor)
            )
            events.listener(
                events.Op(
                    name=name,
                    inputs=tuple(
                        x for x in (*args, *kwargs.values()) if isinstance(x, Tensor)
                    ),
                    outputs=outputs,
                    attributes={k: v for k, v in kwargs.items() if not isinstance(v, Tensor)},
                    grad_fn=outputs[0].grad_fn if outputs else None,
                    nodes=tuple(nodes),
                    call=_Emission.call,
                )
            )
            return result

        return wrapped

    return decorate


def _edge(x: Any) -> Edge | None:
    if not isinstance(x, Tensor):
        return None
    if x.grad_fn is not None:
        return (x.grad_fn, x.output_nr)
    if x._requires_grad:
        return (AccumulateGrad.of(x), 0)
    return None


def _saved_name(tensor: Tensor) -> str:
    if tensor.grad_fn is None:
        return "a leaf"
    name = tensor.grad_fn.name().removesuffix("0").removesuffix("Backward")
    return f"output {tensor.output_nr} of {name}"


def _shown_attributes(inputs: tuple[Any, ...], attributes: dict[str, Any]) -> dict[str, Any]:
    numbers = {f"input_{i}": x for i, x in enumerate(inputs) if not isinstance(x, Tensor)}
    return {**numbers, **attributes} if numbers else attributes
