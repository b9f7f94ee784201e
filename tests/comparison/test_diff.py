"""`gradstep diff` on real recordings: the first difference is the one that was made."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gradstep.comparison import Tolerance, compare
from gradstep.trace.reader import Trace
from gradstep.tui.diff_app import Details, DiffApp, Rows

SCRIPT = """\
import torch

torch.manual_seed({seed})
x = torch.arange(12.0).reshape(4, 3) / 10
y = x.sum(1, keepdim=True)
net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.{activation}(), torch.nn.Linear(4, 1))
optimizer = torch.optim.SGD(net.parameters(), lr={lr})
for index in range({steps}):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(net(x), y)
    {extra}
    loss.backward()
    optimizer.step()
"""
DEFAULTS = {"seed": 1, "activation": "Tanh", "lr": 0.1, "steps": 4, "extra": "pass"}

Record = Callable[..., Path]


@pytest.fixture(scope="module")
def record(
    tmp_path_factory: pytest.TempPathFactory, python: str, child_environment: dict[str, str]
) -> Record:
    """A function that records SCRIPT with some things changed, each variant once."""
    folder = tmp_path_factory.mktemp("diff")

    def make(name: str, detail: str = "values", **changes: object) -> Path:
        path = folder / f"{name}.gradstep"
        if not path.exists():
            script = folder / f"{name}.py"
            script.write_text(SCRIPT.format(**{**DEFAULTS, **changes}))
            command = [python, "-m", "gradstep", "record", "-o", str(path), "--detail", detail]
            subprocess.run([*command, str(script)], env=child_environment, check=True, timeout=60)
        return path

    make("plain")
    return make


@pytest.fixture
def diff(
    record: Record, python: str, child_environment: dict[str, str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A function that runs `gradstep diff` on the plain recording and another file."""

    def run(other: Path, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, "-m", "gradstep", "diff", *options, str(record("plain")), str(other)],
            env=child_environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def test_the_same_script_agrees_exactly(record, diff) -> None:
    done = diff(record("again"), "--exact")
    assert (done.returncode, done.stderr) == (0, "")
    assert "the runs agree" in done.stdout


def test_another_rate_is_found_where_the_optimizer_was_made(record, diff) -> None:
    done = diff(record("rate", lr=0.2))
    assert done.returncode == 1
    assert "optimizer_created SGD  plain.py:7" in done.stdout
    assert "groups[0].lr" in done.stdout
    assert "0.1  ≠  0.2" in done.stdout
    assert "another setting" in done.stdout
    # The first loss is the same, the next ones are not.
    losses = [line.split() for line in done.stdout.splitlines() if line.split()[:1] == ["1"]]
    assert losses[0][1] == losses[0][2]


def test_another_seed_shows_in_the_first_weights(record, diff) -> None:
    result = json.loads(diff(record("seed", seed=2), "--json").stdout)
    assert (result["same"], result["first"]["why"]) == (False, "values")
    assert result["first"]["event_a"]["kind"] == "written"
    assert result["first"]["differences"][0]["name"] == "0.weight"
    assert result["only_in_a"] == result["only_in_b"] == 0


def test_another_activation_is_an_event_of_each_run(record, diff) -> None:
    result = json.loads(diff(record("relu", activation="ReLU"), "--json").stdout)
    first = result["first"]
    assert (first["why"], first["event_a"]["name"], first["b"]) == ("events", "tanh", None)
    # An op and a backward node for each of four iterations.
    assert (result["only_in_a"], result["only_in_b"]) == (8, 8)


def test_an_operation_more_is_shown_between_its_neighbours(record, diff) -> None:
    done = diff(record("more", extra="loss = loss * 1.0"))
    lines = done.stdout.splitlines()
    at = next(i for i, text in enumerate(lines) if "  +  " in text)
    assert "mse_loss" in lines[at - 1]
    assert "mul" in lines[at]
    assert "8 in B only" in done.stdout
    assert "the losses of all 4 backward calls agree" in done.stdout


def test_a_longer_run_differs_at_its_end_only(record, diff) -> None:
    done = diff(record("longer", steps=5))
    assert done.returncode == 1
    assert "fetched" not in done.stdout
    result = json.loads(diff(record("longer", steps=5), "--json").stdout)
    assert result["differing"] == 0
    assert result["only_in_a"] == 0
    assert result["first"]["event_b"]["iteration"] == 5


def test_runs_in_unlike_detail_are_compared_by_what_both_have(record, diff) -> None:
    assert diff(record("events", detail="events")).returncode == 0
    assert diff(record("phases", detail="phases")).returncode == 0
    done = diff(record("phases_rate", detail="phases", lr=0.2))
    assert done.returncode == 1
    assert "optimizer_created" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: A, B"),
        (["x.gradstep", "y.gradstep"], "there is no file x.gradstep"),
        (["{plain}", "{plain}"], "A and B are the same run"),
        (["{plain}#3", "{plain}"], "holds no run 3"),
        (["--rtol", "x", "{plain}", "{plain}"], "is not a tolerance"),
        (["--exact", "--rtol", "1", "{plain}", "{plain}"], "--exact leaves no room"),
        (["--screen", "--json", "{plain}", "{plain}"], "one of --screen and --json"),
        (["--screen", "{plain}", "{again}"], "--screen needs a terminal"),
    ],
)
def test_bad_usage_is_one_line_and_status_2(
    record, python, child_environment, arguments, message
) -> None:
    paths = {name: record(name) for name in ("plain", "again")}
    done = subprocess.run(
        [python, "-m", "gradstep", "diff", *(text.format(**paths) for text in arguments)],
        env=child_environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert message in done.stderr


def test_rows_hold_every_event_of_both_and_know_their_number(record) -> None:
    with Trace.open(record("plain")) as a, Trace.open(record("more")) as b:
        comparison = compare(a.run(), b.run())
        pairs = [comparison.pair(row) for row in range(len(comparison))]
        for side, run in (("a", a.run()), ("b", b.run())):
            seqs = [getattr(pair, side) for pair in pairs if getattr(pair, side) is not None]
            assert seqs == sorted(seqs)
            kinds = {event.seq for event in run.events(1) if event.kind != "run_started"}
            assert set(seqs) == kinds


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (30, 10)])
async def test_the_screen_stands_at_the_first_difference_and_goes_on(record, size) -> None:
    with Trace.open(record("plain")) as a, Trace.open(record("rate", lr=0.2)) as b:
        app = DiffApp(a.run(), b.run(), Tolerance())
        async with app.run_test(size=size) as pilot:
            await app.workers.wait_for_complete()
            await pilot.pause()
            comparison = app.comparison
            assert comparison is not None
            rows = app.query_one(Rows)
            first, second = comparison.different[:2]
            assert rows.row == first
            await pilot.press("n")
            assert rows.row == second
            await pilot.press("N", "N")
            assert rows.row == first
            await pilot.press("q")
        assert app.return_value == 1


async def test_enter_and_arrows_explain_the_row(record) -> None:
    with Trace.open(record("plain")) as a, Trace.open(record("rate", lr=0.2)) as b:
        app = DiffApp(a.run(), b.run(), Tolerance())
        async with app.run_test() as pilot:
            await app.workers.wait_for_complete()
            await pilot.pause()
            await pilot.press("down", "up")
            shown = app.query_one(Details)
            text = "\n".join(shown.row_text(row) for row in range(shown.row_count()))
            assert "groups[0].lr" in text
            assert str(shown.border_subtitle).startswith("difference 1 of")
