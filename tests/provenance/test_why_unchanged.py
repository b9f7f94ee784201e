"""Why a parameter does not change, and what changed it: each answer with its line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gradstep.protocol.row import EventRow
from gradstep.trace.about import writes
from gradstep.trace.reasons import why_unchanged
from gradstep.views.text import plain
from gradstep.views.why import FIRST_WRITES, why_view
from tests.provenance.recorded import Recorded, record

SCRIPT = """\
import torch

def leaf(number):
    return torch.tensor(number, requires_grad=True)

held, still, zero, tiny = leaf(1.0), leaf(2.0), leaf(3.0), leaf(1e8)
free, frozen, skipped, hand = leaf(4.0), leaf(5.0), leaf(6.0), leaf(7.0)
optimizer = torch.optim.SGD(
    [
        {"params": [held, zero, tiny, frozen, skipped]},
        {"params": [still], "lr": 0.0},
    ],
    lr=0.1,
)
frozen.requires_grad_(False)
print("before")
for iteration in range(40):
    optimizer.zero_grad()
    loss = held * held + still * 3 + zero * 0 + tiny * 0.1 + free * 2 + frozen + hand
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        hand -= 0.01 * hand.grad
        hand.grad = None
print("after")
"""

CASES = [
    ("before", "held", ["no_step"], ""),
    ("after", "held", ["changed"], ""),
    ("after", "hand", ["changed_by_hand"], ""),
    ("after", "free", ["no_optimizer"], "No optimizer holds it"),
    ("after", "still", ["lr_zero"], "step() at line 21 used lr = 0"),
    ("after", "zero", ["grad_zero"], "a gradient that is 0 in every element"),
    ("after", "tiny", ["too_small"], "what it adds is lost in float32"),
    ("after", "frozen", ["frozen"], "requires_grad was switched off at line 15"),
    ("after", "skipped", ["skipped", "not_used"], "step() at line 21 passed over it"),
]


@pytest.fixture(scope="module")
def recorded(
    tmp_path_factory: pytest.TempPathFactory, child_environment: dict[str, str]
) -> Iterator[Recorded]:
    with record(tmp_path_factory.mktemp("still"), SCRIPT, child_environment) as trace:
        yield Recorded(trace.run())


@pytest.mark.parametrize(
    ("mark", "name", "codes", "text"), CASES, ids=[f"{mark}: {name}" for mark, name, *_ in CASES]
)
def test_the_reason_and_its_line(
    recorded: Recorded, mark: str, name: str, codes: list[str], text: str
) -> None:
    moment = recorded.at(mark)
    reasons = why_unchanged(moment, recorded.tensor(moment, name))
    assert [reason.code for reason in reasons] == codes
    said = recorded.why(mark, name)
    assert text in said
    assert ("does not change" in said) == bool(text)


def test_changes_are_listed_latest_first_and_lead_to_their_events(recorded: Recorded) -> None:
    moment = recorded.at("after")
    view = why_view(moment, recorded.tensor(moment, "held"), width=100)
    steps = [
        row for row in view.rows if "step " in plain([row.line]) and "|Δ|" in plain([row.line])
    ]
    assert len(steps) == FIRST_WRITES
    events = [moment.run.event(row.seq) for row in steps]
    assert {event.kind for event in events} == {"updated"}
    assert [event.step + 1 for event in events] == list(range(40, 40 - FIRST_WRITES, -1))
    assert view.rows[-1].asks_more
    everything = why_view(moment, recorded.tensor(moment, "held"), width=100, most=1000)
    assert not everything.rows[-1].asks_more
    # 1 - 0.1 · 2 · 1: the first step.
    assert "|Δ| 0.2000  |Δ|/|w| 0.2000  |grad| 2.000" in plain([everything.rows[-1].line])


def test_only_what_is_listed_is_read(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = recorded.at("after")
    run = moment.run
    read: list[int] = []
    event = run.event

    def reading(seq: int) -> EventRow:
        read.append(seq)
        return event(seq)

    monkeypatch.setattr(run, "event", reading)
    found = writes(run, recorded.tensor(moment, "held"), before=moment.seq, most=5)
    assert [row.step for row in found] == [39, 38, 37, 36, 35]
    assert len(read) == 5


def test_an_update_by_hand_uses_a_gradient_up(recorded: Recorded) -> None:
    moment = recorded.at("after")
    hand = recorded.tensor(moment, "hand")
    last = writes(moment.run, hand, before=moment.seq, most=1)[0]
    assert (last.kind, last.name) == ("written", "sub_")
    assert "already used by sub_ at line 23" in plain(
        why_view(moment.run.at(last.seq), hand, width=100).lines
    )
