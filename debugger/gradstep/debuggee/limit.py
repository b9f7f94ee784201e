"""Ends a recording that nobody steps through after so many optimizer steps."""

from __future__ import annotations

import sys
from types import FrameType

from gradstep.protocol.row import EventRow


class StepLimit:
    """Ends the script as `sys.exit(0)` at that place would, once `steps` steps are done.

    Its exit handlers run. A step in a thread of the script's ends that thread.
    """

    def __init__(self, steps: int) -> None:
        """Let the script do `steps` optimizer steps."""
        self._steps = steps

    def after(self, row: EventRow, frame: FrameType | None) -> None:
        """Let the script go on, or end it."""
        if self._steps and row.step >= self._steps and row.kind == "phase_exited":
            self._steps = 0
            stream = sys.__stderr__
            if stream is not None and stream.isatty():
                print(f"gradstep: ended after optimizer step {row.step}", file=stream, flush=True)
            raise SystemExit(0)
