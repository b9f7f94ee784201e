"""What is kept between sessions: for each script a small JSON file of its own, and one for all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def kept_folder() -> Path:
    """Return the folder of all that is kept.

    Raises:
        RuntimeError: there is no home directory.
    """
    state = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
    return Path(state, "gradstep")


def kept_file(script: str, what: str) -> Path:
    """Return the file that keeps `what` for `script`, an absolute path or a module's name.

    Without a script, the file that keeps it for all of them.

    Raises:
        RuntimeError: there is no home directory.
    """
    if not script:
        return kept_folder() / f"{what}.json"
    key = hashlib.sha256(script.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return kept_folder() / what / f"{Path(script).stem}-{key}.json"


def read_kept(script: str, what: str) -> dict[str, Any]:
    """Return what was kept; a file that somebody else wrote into holds nothing."""
    try:
        data: Any = json.loads(kept_file(script, what).read_text("utf-8"))
    except (OSError, ValueError, RuntimeError):
        return {}
    return data if isinstance(data, dict) else {}


def keep(script: str, what: str, data: Mapping[str, Any]) -> None:
    """Keep `data` for the next session; a place that cannot be written keeps none."""
    text = json.dumps({"script": script, **data}, indent=1)
    # All works for this session either way, and a read-only home is no reason to stop it.
    with contextlib.suppress(OSError, RuntimeError):
        file = kept_file(script, what)
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=file.parent, prefix=".new-", delete=False
        ) as new:
            new.write(text)
        os.replace(new.name, file)


def read_texts(script: str, what: str) -> list[str]:
    """Return the texts that were kept; a file that somebody else wrote into holds none."""
    found = read_kept(script, what).get("texts")
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []


def keep_texts(script: str, what: str, texts: list[str]) -> None:
    """Keep texts for the next session; a place that cannot be written keeps none."""
    keep(script, what, {"texts": texts})
