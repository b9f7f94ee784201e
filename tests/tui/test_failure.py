"""A script that stands at an exception: the screen says so as long as it stands there."""

from __future__ import annotations

from pathlib import Path

from gradstep.testing import open_debugger, screen_text

SCRIPT = """\
import torch
x = torch.ones(2, 3, requires_grad=True)
y = x * 2
z = y @ y
"""


async def test_the_card_and_the_title_tell_of_the_exception(tmp_path: Path) -> None:
    script = tmp_path / "bug.py"
    script.write_text(SCRIPT, "utf-8")
    async with open_debugger(script, size=(80, 24)) as (app, pilot):
        moves = app.moves
        await pilot.press("c")
        await app.reached(lambda frame: frame.moves > moves)
        for key in ("1", "2"):
            await pilot.press(key)
            await pilot.pause()
            rows = screen_text(app).split("\n")
            # Not the footer, which says it too but for a moment only.
            assert "cannot be multiplied" in "\n".join(rows[:-1])
            assert "bug.py:4" in rows[0]
        moves = app.moves
        await pilot.press("S")
        await app.reached(lambda frame: frame.moves > moves)
        assert app.frame.failure == ""
        assert "EXCEPTION" not in screen_text(app)
        moves = app.moves
        await pilot.press(".")
        await app.reached(lambda frame: frame.moves > moves)
        await pilot.pause()
        title = screen_text(app).split("\n")[0]
        assert "bug.py:4" in title
        assert "✗ EXCEPTION" in title
        assert "cannot be multiplied" in app.frame.failure
