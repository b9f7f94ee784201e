"""Tells of a walk over recorded events that takes long, and how to call it off."""

from __future__ import annotations

from typing import Final

from textual.timer import Timer

from gradstep.tui.actions import BY_ID
from gradstep.tui.commands import Commands

PATIENCE: Final = 0.3
"""Seconds after which something that goes on is told."""

EVERY: Final = 0.25
"""Seconds between two looks."""


class Waiting(Commands):
    """Watches the motion in flight. What the script itself does, the title tells."""

    _watch: Timer | None = None

    def action_motion(self, name: str, backward: bool) -> None:
        """Move, and look after a moment whether that goes on still."""
        super().action_motion(name, backward)
        if self.in_flight.motion is not None and self._watch is None:
            self._watch = self.set_interval(EVERY, self._look_at_motion)

    def _look_at_motion(self) -> None:
        if not self.has_screen:
            return  # The screen is torn down already; its timers go with it.
        bar = self.main.key_bar
        if self.in_flight.motion is None or self.session is None:
            if self._watch is not None:
                self._watch.stop()
                self._watch = None
            bar.drop_waiting()
            return
        seconds = self.in_flight.seconds()
        if seconds < PATIENCE or self.session.state in ("running", "starting"):
            return
        name, backward = self.in_flight.motion
        way = "back" if backward else "on"
        at = f" · event {self.session.walked:,}" if self.session.walked else ""
        stop = self.keys_of(BY_ID["run.pause"])
        bar.show_waiting(
            f"… {name}: looking {way} through the recording{at} · {seconds:.0f} s · {stop} stops it"
        )
