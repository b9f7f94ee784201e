"""docs/engine.md, which the error for a missing name points to, lists what there is."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest


@pytest.mark.parametrize("name", ["nn", "optim", "optim.lr_scheduler", "nn.utils", "utils.data"])
def test_the_page_lists_what_there_is(root: Path, name: str) -> None:
    page = (root / "docs" / "engine.md").read_text(encoding="utf-8")
    (listed,) = re.findall(rf"^- `torch\.{re.escape(name)}`: ([^.;]*)[.;]", page, re.MULTILINE)
    there = importlib.import_module(f"gradstep_engine.{name}").__all__
    assert re.findall(r"`(\w+)`", listed) == sorted(there)
