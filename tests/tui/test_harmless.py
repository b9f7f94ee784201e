"""Names that would command a terminal, or Textual's markup, are shown and do nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from textual.pilot import Pilot

from gradstep.graph_export import dot_lines
from gradstep.testing import screen_text
from gradstep.trace.reader import Trace
from gradstep.tui.app import GradstepApp
from gradstep.views.connection import connection_view
from gradstep.views.text import cells, plain, visible
from tests.tui.conftest import press

SCRIPT = """\
import torch


class Odd(torch.nn.Module):
    def __init__(self):
        super().__init__()
        for name in NAMES:
            self.add_module(name, torch.nn.Linear(2, 2))

    def forward(self, x):
        for module in self._modules.values():
            x = module(x)
        return x


NAMES = [
    "[bold]", "[/]", "[x", "end\\\\", "\\x1b[31mred", "\\x1b]52;c;eA==\\x07", "new\\nline",
    "tab\\t", "\\u202ertl", "\\x9b2J", "漢字" * 100, "x" * 300, "%s{0}$x", '"',
]
net = Odd()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
optimizer.zero_grad()
loss = net(torch.ones(1, 2)).sum()
loss.backward()
optimizer.step()
print("[/nope] \\x1b[2J")
"""
BAD = {chr(code) for code in (*range(0x20), 0x7F, 0x9B, 0x202E)} - {"\n"}


@pytest.fixture(scope="module")
def recorded(
    tmp_path_factory: pytest.TempPathFactory, python: str, child_environment: dict[str, str]
) -> Path:
    folder = tmp_path_factory.mktemp("names")
    (folder / "odd.py").write_text(SCRIPT, encoding="utf-8")
    subprocess.run(
        [python, "-m", "gradstep", "record", "-o", "odd.gradstep", "odd.py"],
        cwd=folder, env=child_environment, capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    return folder / "odd.gradstep"


def test_a_control_character_is_a_sign_of_one_cell() -> None:
    assert visible("a\x1b[31mb\nc\td\x7f\x9b\u202e\ud800") == "a␛[31mb␊c d␡\ufffd\ufffd\ufffd"
    assert all(cells(visible(one)) == 1 for one in BAD)
    assert visible("é漢字🎉\u200d") == "é漢字🎉\u200d"


def test_text_for_a_terminal_or_a_graph_has_none(recorded: Path) -> None:
    with Trace.open(recorded) as trace:
        moment = trace.run().at(trace.run().head)
        table = plain(connection_view(moment, width=200).report())
        graph = "".join(dot_lines(moment))
    for text in (table, graph):
        assert not BAD & set(text)
        assert "␛[31mred" in text


async def test_the_screen_shows_every_pane_of_such_names(recorded: Path) -> None:
    app = GradstepApp(open_path=recorded)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.reached(lambda frame: frame.moment is not None)
        await press(app, pilot, "c", "P")
        for key in ("2", "z", "h", "l", "z", "4", "4", "4", "4", "4", "k", "escape", "3", "3", "5"):
            await pilot.press(key)
            await look(app, pilot)
        for opens in ("equals_sign", "B", "question_mark"):
            await pilot.press(opens)
            await look(app, pilot)
            await pilot.press("escape")
            await look(app, pilot)


async def look(app: GradstepApp, pilot: Pilot[int]) -> None:
    """Find every line of the screen as wide as the screen, and without a control character."""
    await pilot.pause()
    for strip in app.screen._compositor.render_strips():
        assert not BAD & set(strip.text), strip.text
    assert len(screen_text(app).split("\n")) >= app.size.height
