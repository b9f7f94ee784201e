"""Tells on stderr what logpoints say, where no session listens: `gradstep record -b`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import FrameType
from typing import Protocol

from gradstep.debuggee.control import OnIdle, OnMessage
from gradstep.protocol.row import EventRow
from gradstep.protocol.wire import Message


class Line(Protocol):
    """A line to whoever follows the script: `Control`, or `Teller` in its place."""

    def listen(self, on_message: OnMessage, on_idle: OnIdle, on_gone: OnIdle) -> None:
        """Begin to hear requests."""

    def send(self, message: Message) -> None:
        """Tell something."""

    def reply(self, request: Message, result: object = None, error: str = "") -> None:
        """Answer a request."""


class Teller:
    """Takes a session's place: writes what was said, and asks for nothing."""

    def __init__(self, texts: Mapping[int, str]) -> None:
        """Take the logpoints by number, to name the one that is in trouble."""
        self._texts = texts

    def listen(self, on_message: OnMessage, on_idle: OnIdle, on_gone: OnIdle) -> None:
        """Hear nothing: there is nobody to ask."""

    def send(self, message: Message) -> None:
        """Write a logpoint's words, or a notice, as one line."""
        stream = sys.__stderr__
        if message.get("type") != "said" or stream is None:
            return
        seq = int(message.get("seq", 0))
        where = f"event {seq:,}: " if seq else ""
        if message.get("failed"):
            where += f"{self._texts.get(int(message.get('id', 0)), 'a logpoint')}: "
        print(f"gradstep: {where}{message.get('text', '')}", file=stream, flush=True)

    def reply(self, request: Message, result: object = None, error: str = "") -> None:
        """Answer nobody."""


class Observers:
    """Asks several observers after each row, in order."""

    def __init__(self, *observers: Observer) -> None:
        """Take them in the order in which they are asked."""
        self._observers = observers

    def after(self, row: EventRow, frame: FrameType | None) -> None:
        """Ask each."""
        for observer in self._observers:
            observer.after(row, frame)


class Observer(Protocol):
    """Who is asked after each row."""

    def after(self, row: EventRow, frame: FrameType | None) -> None:
        """Return when the script may go on."""
