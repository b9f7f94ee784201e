"""What each pane shows of an event: the same while the script stands there and when one is back.

Four things may differ, and only these: operations that have not run stand in the graph as ghosts
once they are known, with what the phases expect of them; why there is no gradient yet is told by
the one that came later, and so is what a cleared gradient would have been added to; and tensors and
optimizers bear the names that the script gave them after the event.
"""

from __future__ import annotations

import asyncio
import re

import pytest

from gradstep.session import LaunchOptions, Session
from gradstep.trace.moment import Moment
from gradstep.views.whole import all_views
from tests.travel.conftest import ROOT

MOTIONS = ("line", "phase", "step", "step", "step", "step", "step")
"""What is done in turn while the script is alive."""


def has_come(session: Session) -> bool:
    """Whether the terminal has brought what the script printed: it comes a little later."""
    recorded = "".join(text for _, _, text in session.run.output(session.cursor))
    return session.printed() == recorded


def views_of(session: Session, *, past: bool) -> dict[str, str]:
    state = "past" if past else "paused"
    return all_views(
        session.moment(), state=state, head=session.head, live=True, printed=session.printed()
    )


def named_then(moment: Moment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have tensors named as they were named by an event, without the names that came later."""

    def name(self: Moment, tensor: int) -> str:
        rows = self._database.rows(
            "SELECT how, seq, name FROM tensor_name WHERE run = ? AND tensor = ? AND seq <= ?",
            (self.run.number, tensor, self.seq),
        )
        order = {"parameter": 0, "buffer": 1, "variable": 2, "op": 3}
        if not rows:
            return f"tensor_{tensor}"
        best = min(rows, key=lambda row: (order.get(row[0], 9), -row[1]))
        old = best[0] != "op" and self._was_replaced(tensor, str(best[2]))
        return f"{best[2]} (old)" if old else str(best[2])

    monkeypatch.setattr(Moment, "name", name)


def rows_that_ran(text: str) -> list[str]:
    """The rows of the graph without ghosts, and without their rails: both follow the ghosts."""
    *rows, summary = text.splitlines()
    if summary == "0 ops":
        return []
    rows = [row for row in rows if row.strip()]
    return [
        re.sub(r"\s+", " ", re.sub(r"^[^a-z_]*", "", row)).strip() for row in rows if "○" not in row
    ]


def same(view: str, live: str, past: str) -> bool:
    match view:
        case "timeline":
            # The cursor stands in the middle once events follow; the caption tells of the past.
            return "past · " in past and "live · " in live
        case "title":
            return live.replace("■ PAUSED", "").rstrip() == past.replace("◄ PAST", "").rstrip()
        case "graph":
            return [r for r in rows_that_ran(live) if r] == [r for r in rows_that_ran(past) if r]
        case "phases":
            return _counted(live) == _counted(past)
        case "optimizer" | "card":
            return _without_later(live) == _without_later(past)
        case "why" | "tensor value" | "tensor grad" if "will bring it a gradient" in _joined(past):
            return _without_reasons(live) == _without_reasons(past)
    return live == past


def _without_later(text: str) -> str:
    """Leave out what is learnt after an event.

    These are the script's name for an optimizer that the event made, and the contribution that a
    gradient which the event cleared would have been added to.
    """
    text = re.sub(r"^(\s*)\w+ = (?=[A-Z])", r"\1", text, flags=re.MULTILINE)
    later = r"\+ what the next backward brings$|instead of -?\d[\d.e+-]*$|event [\d,]+ brings it$"
    return "\n".join(row for row in text.splitlines() if not re.search(later, row))


def _joined(text: str) -> str:
    return " ".join(text.split())


def _without_reasons(text: str) -> list[str]:
    """Leave out the sentences that tell why .grad is None: the title and what follows them stay."""
    title, *rest = text.splitlines()
    assert re.search(r"\.grad( is)? +None$", title), title
    is_end = re.compile(r"\S+ was (changed|never)")
    ends = [number for number, row in enumerate(rest) if is_end.match(row)]
    return [title, *rest[ends[0] :]] if ends else [title]


def _counted(text: str) -> list[str]:
    """Which phases are over or running, and how much each has done, without what is expected."""
    strip = text.splitlines()[0]
    return re.findall(r"\S+ (?:zero_grad|forward|backward|step)\b|✓|✗", strip)


@pytest.mark.parametrize("name", ["two_scalars", "gradient_accumulation", "two_models"])
async def test_back_in_the_past_every_view_is_as_it_was(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = ROOT / "scenarios" / f"{name}.py"
    session = await Session.launch(LaunchOptions(str(script)))
    shown: dict[int, dict[str, str]] = {}
    try:
        await asyncio.wait_for(session.wait_for(lambda: session.state == "paused"), 20)
        named_then(session.moment(), monkeypatch)
        for number in range(70):
            stop = await asyncio.wait_for(session.motion(MOTIONS[number % len(MOTIONS)]), 20)
            if session.state != "paused":
                break
            await asyncio.wait_for(session.wait_for(lambda: has_come(session)), 20)
            shown[stop.seq] = views_of(session, past=False)
        await asyncio.wait_for(session.motion("continue"), 20)
        assert session.state == "exited"
        assert len(shown) > 30
        for seq, live in reversed(shown.items()):
            await session.seek(seq)
            past = views_of(session, past=True)
            for view, text in live.items():
                assert same(view, text, past[view]), f"{view} at event {seq}"
    finally:
        await session.quit()
