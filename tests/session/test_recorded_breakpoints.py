"""Breakpoints over a recorded run made by hand: changes both ways, notices, the book."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gradstep.protocol.breakpoints import Breakpoint, BreakpointError
from gradstep.session import BreakpointBook, Session
from gradstep.session.binding import blind_text, missing_text, warning_of
from gradstep.trace.reader import Trace
from tests.protocol.rows import PER_ITERATION
from tests.session.recording import write_loop


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "loop.gradstep"
    write_loop(path)
    return path


@pytest_asyncio.fixture
async def session(trace: Path) -> AsyncIterator[Session]:
    one = Session.open(trace)
    yield one
    await one.quit()


async def stops(session: Session, text: str, *, backward: bool = False) -> list[tuple[int, str]]:
    added = session.breakpoints.add(text, save=False)
    await session.seek(session.head if backward else 1)
    found = []
    while (stop := await session.motion("continue", backward=backward)).reason == "breakpoint":
        assert stop.breakpoints == (added.id,)
        found.append((stop.seq, stop.message.removeprefix(f"breakpoint {added.text} · ")))
    session.breakpoints.remove(added.id)
    return found


@pytest.mark.parametrize("text", ["change:fc.weight", "change:net.fc.weight"])
async def test_a_parameter_changes_where_it_is_updated_both_ways(
    session: Session, text: str
) -> None:
    name = text.removeprefix("change:")
    ahead = await stops(session, text)
    # Its first value is where it begins.
    assert ahead == [
        (16 + PER_ITERATION, f"{name} changed by the update (optimizer), line 13: 9 → 8 (−1)"),
        (16 + 2 * PER_ITERATION, f"{name} changed by the update (optimizer), line 13: 8 → 7 (−1)"),
    ]
    assert await stops(session, text, backward=True) == ahead[::-1]
    assert [seq for seq, _ in await stops(session, f"{text} after 1")] == [ahead[1][0]]


async def test_a_variable_changes_where_its_name_is_bound_anew(session: Session) -> None:
    found = await stops(session, "change:loss")
    assert [seq for seq, _ in found] == [9 + PER_ITERATION, 9 + 2 * PER_ITERATION]
    assert found[0][1] == "loss changed by mse_loss (event 23): 1 → 0.5 (−0.5)"


async def test_names_of_rows_and_expressions_of_recorded_values(session: Session) -> None:
    assert [seq for seq, _ in await stops(session, "change:iteration")] == [3, 18, 33]
    assert [seq for seq, _ in await stops(session, "change:step")] == [17, 32, 47]
    rounded = await stops(session, "change:round(loss, 1)")
    assert [text for _, text in rounded] == [
        "round(loss, 1) changed as backward begins, line 12: 1 → 0.5 (−0.5)",
        "round(loss, 1) changed as backward begins, line 12: 0.5 → 0.3 (−0.2)",
    ]


async def test_logpoints_speak_on_the_way_and_do_not_stop(session: Session) -> None:
    session.breakpoints.add('step if iteration > 1 log "{iteration}: {loss:.2f}"', save=False)
    session.breakpoints.add("backward log nope", save=False)
    assert (await session.motion("continue")).reason == "end"
    remarks = session.remarks.since(0)
    assert [(one.seq, one.text) for one in remarks if not one.failed] == [
        (15 + PER_ITERATION, "2: 0.50"),
        (15 + 2 * PER_ITERATION, "3: 0.33"),
    ]
    failed = [one.text for one in remarks if one.failed]
    assert len({text.split("'nope'")[0] for text in failed}) == 1
    assert failed[0].startswith("breakpoint backward log nope: NameNotRecorded: 'nope' is not")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("op:linaer", "no operation 'linaer' ran; did you mean linear?"),
        ("node:Mul*", "no backward node 'Mul*' ran; there are AddmmBackward0, MseLossBackward0"),
        ("module:head", "no module 'head' was called; there are fc"),
        ("param:head.*", "no parameter 'head.*'; there are fc.weight"),
        ("change:index", "'index' was not recorded: of the script's variables the trace has"),
        ("change:len(losses)", "'losses' was not recorded"),
        ("exception:all", "exceptions that were caught leave no event"),
        ("finding", "gradstep has no findings yet"),
        *((text, "") for text in ("op:lin*", "node:*Loss*", "module:fc", "param:fc.*", "nan")),
        *((text, "") for text in ("change:fc.weight.grad", "change:abs(loss)", "change:step")),
        ('change:optimizer.param_groups[0]["lr"]', ""),
    ],
)
def test_what_a_recorded_run_cannot_meet_is_told(session: Session, text: str, told: str) -> None:
    added = session.breakpoints.add(text, save=False)
    assert session.breakpoints.warning.startswith(told)
    assert bool(session.breakpoints.warning) == bool(told)
    assert session.breakpoints[added.id].note == session.breakpoints.warning


def test_less_detail_shows_less() -> None:
    told = "with --detail phases only gradients and updates are seen, no operation or node"
    assert blind_text(Breakpoint.parse("op:relu"), "phases") == told
    assert blind_text(Breakpoint.parse("nan"), "phases").startswith(told)
    assert blind_text(Breakpoint.parse("nan"), "events") == ""
    assert blind_text(Breakpoint.parse("step"), "phases") == ""


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("x = 1\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "model.py").write_text("y = 1\n")
    (tmp_path / "layers.py").write_text("z = 1\n")

    def told(text: str) -> str:
        return warning_of(Breakpoint.parse(text), str(script))

    assert told("1") == told("layers.py:1") == told("model.py:1") == told("sub/model.py:1") == ""
    assert told("layer.py:1") == (
        f"there is no layer.py in {tmp_path} or below: did you mean layers.py?"
    )
    assert told(f"{tmp_path}/gone.py:1") == f"there is no file {tmp_path}/gone.py"


def test_a_breakpoint_is_changed_in_its_place_and_counts_anew() -> None:
    book = BreakpointBook("train.py")
    first, second = book.add("step"), book.add("backward")
    book.note_hits([(first.id, 3), (second.id, 1)])
    changed = book.change(first.id, "step after 2")
    assert (changed.id, changed.hits) == (first.id, 0)
    assert [item.text for item in book.list()] == ["step after 2", "backward"]
    with pytest.raises(BreakpointError):
        book.change(first.id, "stepp")
    assert book.change(first.id, "backward").id == second.id
    assert [item.text for item in book.list()] == ["backward"]
    book.enable_all(False)
    assert not book.list()[0].enabled


def test_missing_text_reads_nothing_it_need_not(trace: Path) -> None:
    with Trace.open(trace) as opened:
        run = opened.run()
        assert missing_text(Breakpoint.parse("train.py:3"), run) == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "change:abs(loss, 2)",
            "a mistake in the expression, event 10: TypeError: abs() takes",
        ),
        ("change:1 // (step - 1)", "a mistake in the expression, event 17: ZeroDivisionError"),
        ("change:fc.weight.tolist()", "had no value: 'fc' is not recorded at event"),
        ("change:round(loss, 1)", ""),
    ],
)
async def test_a_mistake_is_told_from_what_the_trace_lacks(
    session: Session, text: str, told: str
) -> None:
    added = session.breakpoints.add(text, save=False)
    while (await session.motion("continue")).reason == "breakpoint":
        pass
    await session.motion("continue", backward=True)
    said = [remark.text for remark in session.remarks.since(0)]
    if not told:
        assert said == []
        return
    assert len(said) == 1
    assert said[0].startswith(f"breakpoint {added.text}: {told}")
    assert session.breakpoints[added.id].note.startswith(told)


async def test_what_has_no_value_yet_is_not_told_too_soon(session: Session) -> None:
    session.breakpoints.add("change:round(loss, 1)", save=False)
    await session.motion("step")
    assert list(session.remarks.since(0)) == []


@pytest.mark.parametrize(
    "text",
    [
        *("backward", "step if loss < 0.6", "op:mse_loss after 1", "param:fc.weight"),
        *("change:fc.weight", "iteration", "9", "step if nowhere", "param:* if norm > 8.5"),
    ],
)
async def test_hits_are_counted_by_the_cursor(session: Session, text: str) -> None:
    """As many as there were stops on the way, and the hits that passed."""
    place = text.removesuffix(" after 1")
    added = session.breakpoints.add(place, save=False)
    stopped = []
    while (stop := await session.motion("continue")).reason != "end":
        stopped += [stop.seq] if stop.reason == "breakpoint" else []
    session.breakpoints.remove(added.id)
    added = session.breakpoints.add(text, save=False)
    for seq in (session.head, 1, 20, session.head):
        await session.seek(seq)
        expected = sum(one <= seq for one in stopped)
        assert await session.count_hits() == {added.id: expected}
    session.breakpoints.enable(added.id, enabled=False)
    assert await session.count_hits() == {}
