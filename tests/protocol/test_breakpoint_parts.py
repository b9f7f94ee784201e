"""What a breakpoint's text is taken apart into: watched expressions, logpoints, origins of NaN."""

from __future__ import annotations

from types import CodeType
from typing import Any

import pytest

from gradstep.protocol.breakpoints import (
    Breakpoint,
    BreakpointTable,
    Entry,
    Hit,
    closest_text,
    reason_of,
    say,
)
from gradstep.protocol.breakpoints.cause import changed_text, error_text
from gradstep.protocol.breakpoints.origin import NumberUse, origins
from gradstep.protocol.row import EventRow
from tests.protocol.rows import row


@pytest.mark.parametrize(
    ("text", "names", "of_grad", "is_free"),
    [
        ("w", ("w",), False, False),
        ("fc1.weight", ("fc1.weight", "weight"), False, False),
        ("model.fc1.weight.grad", ("model.fc1.weight", "fc1.weight"), True, False),
        ("layers.0.weight", ("layers.0.weight", "0.weight"), False, False),
        ("iteration", ("iteration",), False, False),
        ("step * 2", (), False, False),
        ("len(losses)", (), False, True),
        ("w.sum()", (), False, True),
    ],
)
def test_what_change_looks_at(
    text: str, names: tuple[str, ...], of_grad: bool, is_free: bool
) -> None:
    watched = Breakpoint.parse(f"change:{text}").watched
    assert watched is not None
    found = watched.names, watched.of_grad, watched.is_free
    assert found == (names, of_grad, is_free)


def test_the_learning_rate_of_a_group_is_known_by_its_form() -> None:
    def rate(text: str) -> object:
        watched = Breakpoint.parse(f"change:{text}").watched
        assert watched is not None
        return watched.rate

    assert rate('opt.param_groups[0]["lr"]') == ("opt", 0, "lr")
    assert rate("self.opt.param_groups[1]['momentum']") == ("opt", 1, "momentum")
    assert rate("opt.param_groups[i]['lr']") is None
    assert rate("opt.param_groups") is None


def logged(text: str, **names: Any) -> tuple[str, bool]:
    code = Breakpoint.parse(f"step log {text}").message
    assert code is not None
    said = say(code, lambda one: eval(one, dict(names)))
    return said.text, said.failed


def test_a_logpoint_writes_expressions_with_their_values_or_a_text() -> None:
    assert logged("loss", loss=0.25) == ("loss = 0.25", False)
    assert logged("a, b+1", a=[1, 2], b=2) == ("a = [1, 2], b + 1 = 3", False)
    assert logged("\"loss {loss:.2f} of {d['a']}\"", loss=1 / 3, d={"a": 7}) == (
        "loss 0.33 of 7",
        False,
    )
    assert logged("long", long="x\ny" * 200)[0].endswith("…")
    assert logged("nope") == ("NameError: name 'nope' is not defined", True)


def numbers(kind: str, *uses: NumberUse, **attributes: str) -> list[str]:
    """The roles with which NaN or Inf came about at an event."""
    at = row(5, kind, name=kind, detail={"attributes": attributes} if attributes else {})
    return [use.role for use in origins(at, uses)]


def test_nan_is_met_where_it_comes_about_and_not_where_it_is_passed_on() -> None:
    def use(
        role: str, tensor: int, *, new: bool = False, nan: bool = False, inf: bool = False
    ) -> NumberUse:
        return NumberUse(role, tensor, 0, new, nan, inf)

    fine = use("input", 1)
    assert numbers("op", fine, use("output", 2, new=True)) == []
    assert numbers("op", fine, use("output", 2, new=True, inf=True)) == ["output"]
    assert numbers("op", use("input", 1, inf=True), use("output", 2, new=True, inf=True)) == []
    assert numbers("op", use("input", 1, nan=True), use("output", 2, new=True, nan=True)) == []
    # softmax of a row of −Inf: the NaN is new.
    row_of_inf = use("input", 1, inf=True)
    assert numbers("op", row_of_inf, use("output", 2, new=True, nan=True)) == ["output"]
    # What comes in from outside: NaN counts, the −Inf of a mask does not.
    assert numbers("op", use("input", 1, new=True, nan=True), use("output", 2, new=True)) == [
        "input"
    ]
    assert numbers("op", use("input", 1, new=True, inf=True), use("output", 2, new=True)) == []
    out = use("output", 2, new=True, inf=True)
    assert numbers("op", fine, out, input_2="-inf") == []
    assert numbers("op", fine, out, input_2="1.5") == ["output"]


def test_an_update_of_what_was_nan_is_no_origin() -> None:
    after = NumberUse("after", 3, 2, True, True, False, nan_before=True)
    assert numbers("clipped", after) == []
    fresh = NumberUse("after", 3, 2, True, True, False)
    contribution = NumberUse("contribution", 4, 0, False, False, False)
    assert numbers("accumulated", contribution, fresh) == ["after"]


class Always:
    """A probe that meets everything."""

    def is_at(self, entry: Entry, row: EventRow) -> bool:
        return row.kind == "op"

    def told(self, entry: Entry, row: EventRow) -> str:
        return f"changed at {row.seq}"


def never(code: CodeType) -> object:
    raise AssertionError(f"nothing to evaluate: {code}")


def test_change_and_nan_ask_the_probe_and_count_like_all_others() -> None:
    rows = [row(seq, kind) for seq, kind in enumerate(("line", "op", "op", "node", "op"), 1)]
    entry = Entry(1, Breakpoint.parse("change:w after 1"))
    table = BreakpointTable([entry], probe=Always())
    hits = [hit for at in rows for hit in table.reached(at, never)]
    assert hits == [Hit(1, told="changed at 3"), Hit(1, told="changed at 5")]
    assert table[1].hits == 3
    assert table[1].met
    blind = BreakpointTable([entry])
    assert not any(blind.reached(at, never) for at in rows)


def test_a_stop_says_why() -> None:
    assert reason_of([]) == ("motion", "")
    assert reason_of([Hit(1, told="a"), Hit(2), Hit(3, told="b")]) == ("breakpoint", "a; b")
    assert reason_of([Hit(1), Hit(2, error="no")]) == ("condition_error", "no")


def test_the_words_of_changes_and_errors() -> None:
    update = row(9, "updated", name="w", line=13, detail={"class": "Adam"})
    assert changed_text("w", update, "2 → 1", None) == (
        "w changed by the update (Adam), line 13: 2 → 1"
    )
    line = row(9, "line", line=14)
    assert changed_text("i", line, "0 → 1", None) == "i changed before line 14: 0 → 1"
    assert changed_text("z", line, "0 → 1", ("add", 7)) == "z changed by add (event 7): 0 → 1"
    failed = row(9, "phase_exited", detail={"error": "ValueError: no", "failed": "linear of [2]"})
    assert error_text(failed) == "ValueError: no · in linear of [2]"
    over = row(9, "run_finished", detail={"error": {"type": "KeyError", "message": "'a'"}})
    assert error_text(over) == "KeyError: 'a'"
    assert error_text(line) == ""


def test_what_is_offered_in_place_of_an_unknown_name() -> None:
    assert closest_text("linaer", ["linear", "relu"]) == "did you mean linear?"
    assert closest_text("x", list("abcdefgh")) == "there are a, b, c, d, e, f …"
    assert closest_text("x", []) == ""
