"""What the house rules say of files."""

from __future__ import annotations

from pathlib import Path

LONGEST = 400


def test_no_file_of_the_engine_is_long(root: Path) -> None:
    long = {
        str(path.relative_to(root)): count
        for path in (root / "engine").rglob("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert not long
