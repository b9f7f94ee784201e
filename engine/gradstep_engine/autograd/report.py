"""What the listener hears of operations: one event for what the user would call one operation."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from gradstep_engine import events
from gradstep_engine.autograd.mode import GradMode
from gradstep_engine.autograd.node import Node
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.emission import Emission, came_back

R = TypeVar("R")


def emit_op(
    node: Any,
    inputs: tuple[Any, ...],
    outputs: tuple[Any, ...],
    attributes: dict[str, Any],
    recorded: bool,
) -> None:
    """Tell the listener that `node`'s operation ran, or the composite it is part of."""
    listener = events.listener
    if listener is None:
        return
    if Emission.nodes is not None:
        if recorded:
            Emission.nodes.append(node)
        return
    tensors = tuple([x for x in inputs if isinstance(x, TensorBase)])
    made = node if recorded else None
    listener(
        events.Op(
            name=node.shown_as or node.op_name,
            inputs=tensors,
            outputs=outputs,
            attributes=_shown_attributes(inputs, attributes),
            grad_fn=made,
            nodes=() if made is None else (made,),
            call=Emission.call,
        )
    )
    if len(tensors) != len(inputs):
        for given in inputs:
            if given.__class__ is float:
                came_back(given, outputs[0])
    if made is None and node.differentiable and not GradMode.enabled:
        _emit_unrecorded(listener, tensors, outputs)


def _emit_unrecorded(
    listener: events.Listener, inputs: tuple[Any, ...], outputs: tuple[Any, ...]
) -> None:
    """Tell that a result under no_grad left the graph, once per op.

    An in-place op makes no new value: what it writes into is no way out of the graph.
    """
    for source in inputs:
        if source.requires_grad and source is not outputs[0]:
            listener(events.GraphCut("no_grad", source, outputs[0], Emission.call))
            return


def composite(name: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Make a function that calls several ops appear as the one op the user called.

    The inner ops emit nothing; their nodes are reported together.
    """

    def decorate(function: Callable[..., R]) -> Callable[..., R]:
        names = _positional_names(function)

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> R:
            if events.listener is None or Emission.nodes is not None:
                return function(*args, **kwargs)
            nodes: list[Node] = []
            Emission.nodes = nodes
            try:
                result = function(*args, **kwargs)
            finally:
                Emission.nodes = None
            found = result if isinstance(result, (tuple, list)) else (result,)
            outputs = tuple(x for x in found if isinstance(x, TensorBase))
            inputs = tuple(_tensors_among((*args, *kwargs.values())))
            events.listener(
                events.Op(
                    name=name,
                    inputs=inputs,
                    outputs=outputs,
                    attributes={
                        **{k: v for k, v in zip(names, args, strict=False) if _is_plain(v)},
                        **{k: v for k, v in kwargs.items() if not isinstance(v, TensorBase)},
                    },
                    grad_fn=outputs[0].grad_fn if outputs else None,
                    nodes=tuple(nodes),
                    call=Emission.call,
                )
            )
            if outputs and not nodes and not GradMode.enabled:
                _emit_unrecorded(events.listener, inputs, outputs)
            return result

        return wrapped

    return decorate


def _positional_names(function: Callable[..., Any]) -> tuple[str, ...]:
    code = getattr(function, "__code__", None)
    return () if code is None else code.co_varnames[: code.co_argcount]


def _is_plain(value: Any) -> bool:
    """Tell whether an argument is one that can be shown: numbers, texts, and rows of them."""
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return isinstance(value, (int, float, str))


def _tensors_among(arguments: tuple[Any, ...]) -> list[TensorBase]:
    """Return the tensors among arguments, looking into lists and tuples (cat, stack)."""
    found: list[TensorBase] = []
    for argument in arguments:
        if isinstance(argument, TensorBase):
            found.append(argument)
        elif isinstance(argument, (list, tuple)):
            found.extend(x for x in argument if isinstance(x, TensorBase))
    return found


def _shown_attributes(inputs: tuple[Any, ...], attributes: dict[str, Any]) -> dict[str, Any]:
    numbers = {f"input_{i}": x for i, x in enumerate(inputs) if not isinstance(x, TensorBase)}
    return {**numbers, **attributes} if numbers else attributes
