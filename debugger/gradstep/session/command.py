"""The command line and environment that start a debuggee.

The debuggee is a plain `python script.py`; only a directory in front of PYTHONPATH and one
environment variable make it listen to us.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from gradstep.protocol.launch import VARIABLE, LaunchConfig
from gradstep.session.model import LaunchOptions, SessionError

INJECT: Final = Path(__file__).resolve().parent.parent / "debuggee" / "inject"


def check_options(options: LaunchOptions) -> None:
    """Refuse what could not run, before anything is started.

    Raises:
        SessionError: with one line that says what is wrong.
    """
    if options.engine == "torch":
        raise SessionError(
            "stepping through real PyTorch is not available yet;"
            " without --engine, gradstep's own engine stands in for torch"
        )
    if options.module:
        return
    path = Path(options.script)
    try:
        if path.is_dir():
            raise SessionError(f"{path} is a directory; give a script, or -m for a module")
        with path.open("rb") as file:
            start = file.read(16)
    except FileNotFoundError:
        raise SessionError(f"there is no script {path}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SessionError(f"{path} cannot be read: {reason}") from None
    if start.startswith(b"SQLite format 3"):
        raise SessionError(f"{path} is a recorded run, not a script: use 'gradstep open {path}'")


def command_line(python: str, options: LaunchOptions) -> list[str]:
    """Return the command, as a user would type it without us."""
    if options.module:
        return [python, "-m", options.script, *options.args]
    return [python, options.script, *options.args]


def child_environment(
    config: LaunchConfig, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the user's environment with the way in added to it."""
    own = environment.get("PYTHONPATH")
    paths = [str(INJECT), own] if own else [str(INJECT)]
    return {
        **environment,
        "PYTHONPATH": os.pathsep.join(paths),
        VARIABLE: replace(config, pythonpath=own).dump(),
    }
