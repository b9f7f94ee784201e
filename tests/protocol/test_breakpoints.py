"""Breakpoints: the grammar, places, counting and conditions."""

from __future__ import annotations

from types import CodeType

import pytest

from gradstep.protocol.breakpoints import (
    Breakpoint,
    BreakpointError,
    BreakpointTable,
    Entry,
    from_wire,
    to_wire,
)
from gradstep.protocol.row import EventRow
from tests.protocol.rows import FILE, PER_ITERATION, loop, row

ROWS = loop()


def never(code: CodeType) -> object:
    raise AssertionError(f"no condition to evaluate: {code}")


def stops(text: str, rows: list[EventRow] = ROWS, *, recorded: bool = True) -> list[int]:
    """The rows at which one breakpoint stops; its condition sees the row's own counters."""
    table = BreakpointTable([Entry(1, Breakpoint.parse(text))], script=FILE, recorded=recorded)

    def reached(at: EventRow) -> bool:
        names = {"iteration": at.iteration, "step": at.step, "name": at.name}
        return bool(table.reached(at, lambda code: eval(code, {}, names)))

    return [at.seq for at in rows if reached(at)]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("backward", "backward"),
        ("  step  ", "step"),
        ("op:lin*", "op:lin*"),
        ("param:fc1.weight if norm > 1 after 3", "param:fc1.weight if norm > 1 after 3"),
        ("train.py:12   if   loss<1", "train.py:12 if loss<1"),
        ("12 after 2", "12 after 2"),
        ("my file.py:7", "my file.py:7"),
        ("step if after == 3", "step if after == 3"),
        ("op:add if name == 'a if b'", "op:add if name == 'a if b'"),
        ("exception", "exception"),
        ("exception:all", "exception:all"),
        ("nan after 2", "nan after 2"),
        ("finding", "finding"),
        ("finding:missing-zero-grad", "finding:missing-zero-grad"),
        ("change: fc1.weight.grad", "change:fc1.weight.grad"),
        ("change:0.weight", "change:0.weight"),
        ("change:a if b else c", "change:a if b else c"),
        ("change:a if b else c   if d > 1", "change:a if b else c if d > 1"),
        ('change:opt.param_groups[0]["lr"]', 'change:opt.param_groups[0]["lr"]'),
        ("step  log  loss, lr", "step log loss, lr"),
        ('12 if i after 2 log "i {i:.2f}"', '12 if i after 2 log "i {i:.2f}"'),
        ("step if log > 3", "step if log > 3"),
        ("my log file.py:3 log x", "my log file.py:3 log x"),
    ],
)
def test_text_reads_back(text: str, canonical: str) -> None:
    parsed = Breakpoint.parse(text)
    assert str(parsed) == canonical
    assert Breakpoint.parse(canonical) == parsed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a breakpoint needs a place: zero_grad, forward"),
        ("if loss > 1", "a breakpoint needs a place"),
        ("bacward", "did you mean 'backward'"),
        ("para:fc1.weight", "did you mean 'param:fc1.weight'"),
        ("xyzzy", "unknown breakpoint 'xyzzy': there are zero_grad"),
        ("op", "'op' needs a name, such as op:linear"),
        ("node:", "'node:' needs a name, such as node:MulBackward0"),
        ("backward:x", "'backward' takes no name"),
        ("0", "lines count from 1"),
        ("train.py:0", "lines count from 1"),
        ("step if", "no condition after 'if'"),
        ("step if loss >", "the condition 'loss >' is not valid Python"),
        ("step if (", "not valid Python"),
        ("step if x = 1", "not valid Python"),
        ("step if '\0'", "not valid Python"),
        ("step after", "'after' needs the number"),
        ("step after -1", "'after' needs the number"),
        ("step after 0", "'after' needs the number"),
        ("step after soon", "'after' needs the number"),
        ("nan:x", "'nan' takes no name"),
        ("change:", "'change:' needs what to look at, such as change:fc1.weight"),
        ("change:1 +", "the expression '1 +' is not valid Python"),
        ("change:0.5", "0.5 is the same always"),
        ("chang:w", "did you mean 'change:w'"),
        ("exception:KeyError", "there are 'exception', for what nobody catches"),
        ("finding:", "'finding:' needs a code"),
        ("log loss", "'log' needs a place before it"),
        ("step log", "'log' needs what to write"),
        ("stepp log x", "unknown breakpoint 'stepp': did you mean 'step'"),
        ("step log x = 1", "what to log, x = 1, is not valid Python"),
        ("step log 'x {y'", "is not valid Python"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text: str, message: str) -> None:
    with pytest.raises(BreakpointError) as caught:
        Breakpoint.parse(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("zero_grad", 3),
        ("forward", 6),
        ("backward", 10),
        ("step", 15),
        ("iteration", 3),
        ("op:lin*", 7),
        ("node:AddmmBackward0", 12),
        ("module:fc", 7),
        ("train.py:12", 10),
        ("12", 10),
        ("10", 6),
    ],
)
def test_places_come_once_an_iteration(text: str, first: int) -> None:
    assert stops(text) == [first, first + PER_ITERATION, first + 2 * PER_ITERATION]


def test_param_is_met_by_everything_that_touches_it() -> None:
    assert stops("param:fc.*")[:4] == [4, 13, 16, 4 + PER_ITERATION]
    written = row(9, "written", name="mul_", detail={"parameter": "fc.weight"})
    assert Breakpoint.parse("param:fc.weight").matches(written)
    assert not Breakpoint.parse("param:mul_").matches(written)


def test_after_and_condition_count_together() -> None:
    assert stops("backward after 2") == [10 + 2 * PER_ITERATION]
    assert stops("backward if iteration > 1") == [10 + PER_ITERATION, 10 + 2 * PER_ITERATION]
    assert stops("backward if iteration > 1 after 1") == [10 + 2 * PER_ITERATION]


def errors(condition: str, names: list[dict[str, int]]) -> list[str]:
    """What a breakpoint on `linear` says each time it is met, "" for a plain stop."""
    table = BreakpointTable([Entry(7, Breakpoint.parse(f"op:linear if {condition}"))])
    known = iter(names)
    hits = [hit for at in ROWS for hit in table.reached(at, lambda code: eval(code, next(known)))]
    assert {hit.id for hit in hits} == {7}
    return [hit.error for hit in hits]


def test_a_condition_that_raises_stops_and_says_so_each_time() -> None:
    found = errors("1 / zero", [{"zero": 0}, {"zero": 0}, {"zero": 1}])
    assert found == ["condition '1 / zero' failed: ZeroDivisionError: division by zero"] * 2 + [""]


def test_an_unknown_name_stops_once_and_may_come_to_be() -> None:
    unknown = "condition 'best > 1' failed: NameError: name 'best' is not defined"
    assert errors("best > 1", [{}, {}, {}]) == [unknown]
    assert errors("best > 1", [{}, {}, {"best": 2}]) == [unknown, ""]


def test_module_is_met_once_a_call_however_many_ops_it_runs() -> None:
    def op(seq: int, module: str, *calls: int) -> EventRow:
        return row(seq, "op", "forward", 1, name="linear", module=module, calls=calls, line=4)

    rows = [
        op(1, "encoder.fc1", 1, 2, 3),
        op(2, "encoder.fc2", 1, 2, 4),
        op(3, "encoder.fc1", 1, 5, 6),  # a second call of encoder
        op(4, "head", 1, 7),
        op(5, "encoder.fc1", 1, 8, 9),
    ]
    assert stops("module:encoder", rows) == [1, 3, 5]
    assert stops("module:encoder.fc1", rows) == [1, 3, 5]
    assert stops("module:*", rows) == [1, 3, 4, 5]


def test_live_lines_are_met_by_line_rows_alone() -> None:
    rows = [row(1, "line", line=12), row(2, "op", line=12, name="add"), row(3, "line", line=12)]
    assert stops("12", rows, recorded=False) == [1, 3]
    assert stops("12", rows) == [1, 3]
    assert stops("12", recorded=False) == []


def test_a_disabled_breakpoint_is_not_met_and_hits_survive_an_update() -> None:
    table = BreakpointTable([Entry(1, Breakpoint.parse("backward"), enabled=False)])
    assert not any(table.reached(at, never) for at in ROWS)
    table.replace([Entry(1, Breakpoint.parse("backward after 2"))])
    assert sum(bool(table.reached(at, never)) for at in ROWS[:20]) == 0
    table.replace([Entry(1, Breakpoint.parse("backward after 2"))])
    assert [entry.hits for entry in table] == [1]
    table.replace([Entry(1, Breakpoint.parse("step"))])
    assert [entry.hits for entry in table] == [0]


def test_exception_is_met_by_what_carries_an_error() -> None:
    failed = row(3, "run_finished", detail={"exit_status": 1, "error": {"type": "ValueError"}})
    assert stops("exception", [*ROWS[:2], failed]) == [3]
    fine = row(3, "run_finished", detail={"exit_status": 0, "error": None})
    assert stops("exception", [*ROWS[:2], fine]) == []


def test_wire_form_reads_back() -> None:
    entries = [Entry(3, Breakpoint.parse("op:add after 2"), enabled=False, hits=4)]
    assert from_wire(to_wire(entries)) == entries
