"""Which Python runs the script."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from gradstep.session.model import SessionError


def find_python(wanted: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the interpreter: the wanted one, else the active environment's, else our own.

    Raises:
        SessionError: there is no such program.
    """
    if wanted:
        found = shutil.which(os.path.expanduser(wanted), path=environment.get("PATH"))
        if found is None:
            raise SessionError(f"there is no Python at {wanted}")
        # Not resolved: a link in a virtual environment is what makes it one.
        return os.path.abspath(found)
    active = environment.get("VIRTUAL_ENV")
    if active:
        for name in ("python3", "python"):
            program = Path(active, "bin", name)
            if os.access(program, os.X_OK):
                return str(program)
    if not sys.executable:
        raise SessionError("no Python was found to run the script; name one with --python PATH")
    return sys.executable
