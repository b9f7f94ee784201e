"""Our own engine as a source of events."""

from __future__ import annotations

from gradstep_engine import events


def connect(listener: events.Listener) -> None:
    """Have the engine tell `listener` everything from now on."""
    events.listener = listener


def disconnect() -> None:
    """Have the engine tell nobody."""
    events.listener = None
