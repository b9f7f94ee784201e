"""What is kept for each script between sessions: one small JSON file of its own."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any


def kept_file(script: str, what: str) -> Path:
    """Return the file that keeps `what` for `script`, an absolute path or a module's name.

    Raises:
        RuntimeError: there is no home directory.
    """
    state = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
    key = hashlib.sha256(script.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return Path(state, "gradstep", what, f"{Path(script).stem}-{key}.json")


def read_texts(script: str, what: str) -> list[str]:
    """Return the texts that were kept; a file that somebody else wrote into holds none."""
    try:
        data: Any = json.loads(kept_file(script, what).read_text("utf-8"))
        found = data["texts"]
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        return []
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []


def keep_texts(script: str, what: str, texts: list[str]) -> None:
    """Keep texts for the next session; a place that cannot be written keeps none."""
    text = json.dumps({"script": script, "texts": texts}, indent=1)
    # All works for this session either way, and a read-only home is no reason to stop it.
    with contextlib.suppress(OSError, RuntimeError):
        file = kept_file(script, what)
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=file.parent, prefix=".new-", delete=False
        ) as new:
            new.write(text)
        os.replace(new.name, file)
