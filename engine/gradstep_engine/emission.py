"""Where events leave the engine: who is silenced, and the few that several places share."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

from gradstep_engine import departed, events


class _Emission(threading.local):
    """What this thread collects instead of emitting it.

    `nodes` is None when every op speaks for itself. Inside a composite it collects the backward
    nodes of the inner ops; in `quiet()` it is a list that nobody reads. `call` is the module call
    that ops belong to.
    """

    nodes: list[Any] | None = None
    call: events.ModuleCall | None = None


Emission = _Emission()


class quiet:
    """Context in which ops, writes, cuts and grad changes are not reported.

    For code that reports a greater fact itself: an optimizer's step, an initialiser.
    """

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before = Emission.nodes
        Emission.nodes = []

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        Emission.nodes = self._before


def listening() -> events.Listener | None:
    """Return the listener, or None where there is none or it must not hear of details now."""
    return events.listener if Emission.nodes is None else None


def cut(how: str, source: Any, result: Any = None) -> None:
    """Report that a value left the graph, if it was in it.

    What shares its memory with a tensor of the graph, such as `t.detach()`, stands for that tensor
    when a further tensor is made of it.
    """
    if events.listener is None or Emission.nodes is not None:
        return
    if not source.requires_grad:
        if result is None or how == "item":
            return
        source = departed.source_of_array(source._array)
        if source is None:
            return
    if result is not None:
        departed.remember_array(result._array, source)
    events.listener(events.GraphCut(how, source, result, Emission.call))


def came_back(data: Any, result: Any) -> None:
    """Report that a tensor was made of a number or an array that had left the graph."""
    if events.listener is None or Emission.nodes is not None:
        return
    if isinstance(data, (list, tuple)):
        for entry in data:
            came_back(entry, result)
        return
    how, source = "item", departed.source_of_number(data)
    if source is None and hasattr(data, "dtype"):
        how, source = "numpy", departed.source_of_array(data)
    if source is not None and source is not result:
        events.listener(events.GraphCut(how, source, result, Emission.call))


def written(target: Any, how: str) -> None:
    """Report a change of a leaf parameter or of a gradient outside an optimizer."""
    if (
        events.listener is not None
        and Emission.nodes is None
        and (target._grad_owner is not None or (target._requires_grad and target.grad_fn is None))
    ):
        events.listener(events.Written(target, how))
