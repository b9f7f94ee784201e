"""A script that Python cannot read: the line is marked, and says what is wrong."""

from __future__ import annotations

from pathlib import Path

from gradstep.testing import open_debugger, screen_text


async def test_the_line_is_marked_and_says_what_is_wrong(tmp_path: Path) -> None:
    script = tmp_path / "bad.py"
    script.write_text("import torch\nx = torch.ones(2)\ny = (x +\nprint(y)\n")
    async with open_debugger(script) as (app, pilot):
        await app.reached(lambda frame: frame.failure != "")
        await pilot.pause()
        assert app.frame.standing == (str(script), 3)
        marked = next(row for row in screen_text(app).splitlines() if " 3 ► y = (x +" in row)
        assert "✗ SyntaxError: '(' was never closed" in marked
        moves = app.moves
        await pilot.press("c")
        await app.reached(lambda frame: frame.moves > moves and frame.state == "exited")
        await pilot.pause()
        marked = next(row for row in screen_text(app).splitlines() if " 3 ► y = (x +" in row)
        assert "✗ SyntaxError: '(' was never closed" in marked
        assert "bad.py, line 3" not in marked
