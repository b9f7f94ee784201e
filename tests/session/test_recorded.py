"""A recorded run is walked like a live one, minus control."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradstep.protocol.breakpoints import BreakpointError
from gradstep.session import Session, SessionError
from gradstep.trace.reader import TraceError
from tests.protocol.rows import PER_ITERATION
from tests.session.recording import write_loop, write_prints

END = 2 + 3 * PER_ITERATION


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    path = tmp_path / "loop.gradstep"
    write_loop(path)
    opened = Session.open(path)
    yield opened
    opened.trace.close()


async def walk(session: Session, keys: str) -> list[int]:
    """Press keys as a user would: a capital goes back."""
    names = {"s": "step", "n": "line", "p": "phase", "i": "iteration", "f": "finish"}
    names["c"] = "continue"
    return [(await session.motion(names[key.lower()], backward=key.isupper())).seq for key in keys]


def test_opens_at_the_first_event(session: Session) -> None:
    assert (session.state, session.cursor, session.head) == ("recorded", 1, END)
    assert not session.is_live
    assert not session.can_control
    assert session.exit_status == 0
    assert session.moment().event.kind == "run_started"


@pytest.mark.parametrize(
    ("keys", "stops"),
    [
        ("sss", [2, 3, 4]),
        ("pppp", [5, 9, 14, 17]),
        ("pPP", [5, 1, 1]),
        ("siiI", [2, 3, 18, 3]),
        ("ppfF", [5, 9, 14, 9]),
        ("ppfFfsSF", [5, 9, 14, 9, 14, 15, 14, 9]),
        ("ppfFFF", [5, 9, 14, 9, 6, 5]),
        ("iinnN", [3, 18, 22, 23, 22]),
        ("cC", [END, 1]),
        ("Sc", [1, END]),
    ],
)
async def test_keys(session: Session, keys: str, stops: list[int]) -> None:
    assert await walk(session, keys) == stops


async def test_a_jump_back_leads_onto_the_way_again(session: Session) -> None:
    assert await walk(session, "ssfi") == [2, 3, 5, 20]
    await session.seek(5)
    assert await walk(session, "FS") == [3, 2]
    assert await walk(session, "sf") == [3, 5]
    await session.seek(40)
    await session.seek(5)
    assert await walk(session, "F") == [3]


@pytest.mark.parametrize(
    ("text", "forth"),
    [
        ("backward", [10, 25, 40]),
        ("step after 1", [30, 45]),
        ("train.py:10", [6, 21, 36]),
        ("iteration", [3, 18, 33]),
        ("op:mse_loss if value < 0.6", [23, 38]),
        ("backward if loss < 0.4", [40]),
        ("param:fc.weight if iteration == 2", [19, 28, 31]),
        ("step if lr > 0.4 after 2", [45]),
    ],
)
async def test_breakpoints_are_met_both_ways(session: Session, text: str, forth: list[int]) -> None:
    number = session.breakpoints.add(text).id
    assert await walk(session, "c" * (len(forth) + 1)) == [*forth, END]
    assert await walk(session, "C" * (len(forth) + 1)) == [*reversed(forth), 1]
    stop = await session.motion("continue")
    assert (stop.reason, stop.breakpoints) == ("breakpoint", (number,))
    assert stop.message == f"breakpoint {text}"


async def test_a_breakpoint_comes_before_the_motions_own_end(session: Session) -> None:
    session.breakpoints.add("op:linear")
    assert await walk(session, "ppp") == [5, 7, 9]
    assert await walk(session, "PP") == [7, 5]


async def test_a_condition_on_what_is_not_recorded_stops_and_says_so(session: Session) -> None:
    session.breakpoints.add("op:linear if scheduler.lr > 1")
    stop = await session.motion("continue")
    assert (stop.reason, stop.seq) == ("condition_error", 7)
    assert "'scheduler' is not recorded at event 7" in stop.message


async def test_seek_and_edge(session: Session) -> None:
    await session.seek(12)
    assert session.moment().event.name == "AddmmBackward0"
    assert not session.at_edge
    await session.to_edge()
    assert session.at_edge
    for wrong in (0, -1, END + 1):
        with pytest.raises(SessionError, match=f"there is no event {wrong}"):
            await session.seek(wrong)
    stop = await session.motion("step")
    assert (stop.reason, stop.message) == ("end", "the end of the recorded run: finished")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("loss", "tensor(1.0, dtype=float32)"),
        ("loss.item()", "1.0"),
        ("iteration + 1", "2"),
        ("phase", "'backward'"),
        ("max(loss, 3)", "3"),
        ("lr", "0.5"),
        ('optimizer.param_groups[0]["lr"]', "0.5"),
    ],
)
async def test_expressions_are_answered_from_the_recording(
    session: Session, text: str, answer: str
) -> None:
    await session.seek(12)
    assert (await session.evaluate(text)).text == answer


@pytest.mark.parametrize(
    ("seq", "loss"),
    [
        (8, "1.0"),  # the op whose result is called loss
        (22, "1.0"),  # iteration 2, before its loss is there
        (23, "0.5"),  # mse_loss of iteration 2; its backward comes at 25
        (24, "0.5"),
        (30, "0.5"),
    ],
)
async def test_loss_is_the_one_that_the_script_had_by_then(
    session: Session, seq: int, loss: str
) -> None:
    await session.seek(seq)
    assert (await session.evaluate("loss.item()")).text == loss


async def test_a_loss_without_a_variable_is_this_iterations_or_none(tmp_path: Path) -> None:
    path = tmp_path / "loop.gradstep"
    write_loop(path, variable="cost")
    session = Session.open(path)
    await session.seek(25)
    assert (await session.evaluate("loss")).text == "0.5"
    await session.seek(24)
    answer = await session.evaluate("loss")
    assert not answer.ok
    assert "no backward() has run in iteration 2; the last one, event 10, began from 1" in (
        answer.error
    )
    session.trace.close()


async def test_an_unknown_name_is_answered_with_those_there_are(session: Session) -> None:
    await session.seek(12)
    answer = await session.evaluate("los")
    assert answer.error.startswith("'los' is not recorded at event 12; there are iteration, step")
    assert answer.error.endswith("lr, name, fc.weight")


async def test_an_unknown_name_in_a_condition_stops_once(session: Session) -> None:
    number = session.breakpoints.add("op:linear if scheduler.lr > 1").id
    stops = [(await session.motion("continue")).reason for _ in range(2)]
    assert stops == ["condition_error", "end"]
    # a breakpoint made anew tells anew
    session.breakpoints.remove(number)
    session.breakpoints.add("op:linear if scheduler.lr > 1")
    assert (await session.motion("continue", backward=True)).reason == "condition_error"


async def test_printed_is_what_was_printed_by_the_cursor(tmp_path: Path) -> None:
    path = tmp_path / "prints.gradstep"
    write_prints(path, ["one\n", "two\n", "three\n"])
    session = Session.open(path)
    found = []
    for seq in range(1, 8):
        await session.seek(seq)
        found.append(session.printed().split())
    one, two, three = ["one"], ["one", "two"], ["one", "two", "three"]
    assert found == [[], [], one, one, two, two, three]
    await session.seek(4)
    assert session.printed().split() == one
    session.trace.close()


async def test_of_a_great_deal_of_printing_the_latest_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "prints.gradstep"
    write_prints(path, [f"{number:0100000}\n" for number in range(9)])
    session = Session.open(path)
    await session.to_edge()
    numbers = [int(line[-9:]) for line in session.printed().split()]
    assert numbers == [4, 5, 6, 7, 8]
    session.trace.close()


@pytest.mark.parametrize("text", ["nothing", "1 +", "open('x')", "loss = 1", "().__class__.__x"])
async def test_what_cannot_be_answered_is_said(session: Session, text: str) -> None:
    answer = await session.evaluate(text)
    assert not answer.ok
    assert answer.error
    assert "\n" not in answer.error


async def test_control_is_refused_in_words(session: Session) -> None:
    with pytest.raises(SessionError, match="this is a recorded run: it cannot be paused"):
        await session.pause()
    with pytest.raises(SessionError, match="this is a recorded run: it cannot be restarted"):
        await session.restart()
    with pytest.raises(SessionError, match="this is a recorded run"):
        session.send_input("x")
    assert "recorded run" in (await session.execute("x = 1")).error
    with pytest.raises(SessionError, match="no motion 'jump'"):
        await session.motion("jump")
    await session.quit()
    await session.quit()


async def test_breakpoints_are_kept_for_the_script(session: Session, tmp_path: Path) -> None:
    session.breakpoints.add("step if loss > 2 after 3")
    session.breakpoints.enable(session.breakpoints.add("12").id, False)
    again = Session.open(tmp_path / "loop.gradstep")
    again.trace.close()
    assert [(e.text, e.enabled) for e in again.breakpoints.list()] == [
        ("step if loss > 2 after 3", True),
        ("12", False),
    ]


async def test_the_book(session: Session) -> None:
    book = session.breakpoints
    changes: list[int] = []
    session.subscribe(lambda: changes.append(1))
    added = book.toggle("train.py:12")
    assert added is not None
    assert book.toggle("train.py:12") is None
    assert book.list() == []
    with pytest.raises(BreakpointError, match="did you mean 'backward'"):
        book.add("bakward")
    first = book.add("backward")
    assert book.add(" backward ").id == first.id
    book.remove(first.id)
    book.remove(first.id)
    assert book.list() == []


def test_what_is_no_trace_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "x.gradstep"
    other.write_text("hello")
    with pytest.raises(TraceError, match="not a gradstep trace"):
        Session.open(other)
    with pytest.raises(TraceError, match="there is no file"):
        Session.open(tmp_path / "missing")


async def test_subscribers_hear_once_per_turn(session: Session) -> None:
    calls: list[int] = []
    told = asyncio.Event()

    def on_change() -> None:
        calls.append(session.cursor)
        told.set()

    unsubscribe = session.subscribe(on_change)
    await walk(session, "ss")
    await told.wait()
    assert calls == [3]
    unsubscribe()
    await walk(session, "s")
    assert calls == [3]


async def test_a_long_walk_is_called_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradstep.session.walk.BREATH_SECONDS", 0.0)  # Fast as it may be.
    path = tmp_path / "long.gradstep"
    write_loop(path, iterations=1000)
    session = Session.open(path)
    session.breakpoints.add("backward if loss > 1e9", save=False)
    walking = asyncio.create_task(session.motion("continue"))
    while not session.walked and not walking.done():
        await asyncio.sleep(0)
    await session.pause()
    stop = await walking
    assert stop.reason == "pause"
    assert 1 < stop.seq < session.head
    session.trace.close()
