"""What the launcher tells the process it starts: one JSON object in one environment variable."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

VARIABLE: Final = "GRADSTEP_DEBUGGEE"

ENGINES: Final = ("auto", "builtin", "torch")
DETAILS: Final = ("phases", "events", "values")


@dataclass(frozen=True, slots=True)
class LaunchConfig:
    """How a debuggee is to behave.

    `target` is the script's path, or a module's name if `is_module`. `port` is 0 when nobody
    listens: `gradstep record`. `pythonpath` is the user's own PYTHONPATH, to be restored, None if
    it was not set. `detail` is "" for the engine's default. `steps` is 0 for no limit; at the
    limit a debuggee with a session pauses, one without ends with status 0. `breakpoints` is what
    the `set_breakpoints` message carries.
    """

    launcher_pid: int
    target: str
    trace: str
    is_module: bool = False
    port: int = 0
    token: str = ""
    generation: int = 1
    pythonpath: str | None = None
    engine: str = "auto"
    detail: str = ""
    pause_at_entry: bool = False
    steps: int = 0
    breakpoints: Sequence[Mapping[str, Any]] = field(default=())

    def dump(self) -> str:
        """The text for the environment variable."""
        return json.dumps({**asdict(self), "breakpoints": list(self.breakpoints)})

    @classmethod
    def load(cls, text: str) -> LaunchConfig:
        """Read the text back.

        Raises:
            ValueError, TypeError: it is not what `dump` wrote.
        """
        return cls(**json.loads(text))
