"""What a paused script answers about its variables, and how an answer is broken off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.debuggee.children import PATIENCE, Child
from tests.debuggee.toy import LOOP

SCRIPT = """\
import json
limit = 2

class Config:
    def __init__(self):
        self.rate = 0.5
    def __repr__(self):
        raise RuntimeError("never run")

def inner(values):
    total = sum(values)
    return total

def outer():
    config = Config()
    return inner([1, 2])

def broken():
    return 1 / 0

outer()
"""


@pytest.fixture
async def child(tmp_path: Path) -> AsyncIterator[Child]:
    one = Child(tmp_path)
    yield one
    await one.close()


async def at_line(child: Child, line: int) -> None:
    points = [{"id": 1, "text": str(line), "enabled": True}]
    await child.start(SCRIPT, breakpoints=points, pause_at_entry=False)
    assert (await child.stopped())["line"] == line


def named(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in answer["result"]["rows"]}


async def test_frames_and_variables(child: Child) -> None:
    await at_line(child, 12)
    answer = await child.ask("look", frame=0, opened=[["local", "values"]])
    result = answer["result"]
    assert [(f["name"], f["line"]) for f in result["frames"]] == [
        ("inner", 12), ("outer", 16), ("<module>", 21),
    ]  # fmt: skip
    rows = [(row["scope"], row["name"], row["depth"], row["text"]) for row in result["rows"]]
    assert rows == [
        ("local", "values", 0, "[1, 2]"),
        ("local", "[0]", 1, "1"),
        ("local", "[1]", 1, "2"),
        ("local", "total", 0, "3"),
        ("global", "limit", 0, "2"),
    ]
    # json, Config, inner, outer and broken.
    assert result["left_out"] == 5
    answer = await child.ask("look", frame=1, opened=[["local", "config"]])
    rows_by_name = named(answer)
    assert rows_by_name["config"]["text"] == "Config object"
    assert rows_by_name["rate"]["text"] == "0.5"
    assert answer["result"]["frame"] == 1


async def test_evaluating_in_another_frame(child: Child) -> None:
    await at_line(child, 12)
    assert (await child.ask("evaluate", text="config.rate", frame=1))["result"]["text"] == "0.5"
    assert "NameError" in (await child.ask("evaluate", text="config", frame=0))["error"]
    assert "not that deep" in (await child.ask("evaluate", text="1", frame=9))["error"]
    assert (await child.ask("execute", text="config.rate = 2", frame=1))["ok"]
    assert (await child.ask("evaluate", text="config.rate", frame=1))["result"]["text"] == "2"
    completed = await child.ask("complete", text="con", frame=1)
    assert completed["result"] == {"begun": "con", "offered": ["config", "continue"]}
    assert (await child.ask("complete", text="config.r", frame=1))["result"]["offered"] == ["rate"]


async def test_an_error_names_the_users_line_that_it_came_from(child: Child) -> None:
    await at_line(child, 12)
    failed = await child.ask("evaluate", text="broken()")
    assert failed["error"] == "ZeroDivisionError: division by zero · train.py:19, in broken"


async def test_what_takes_long_is_broken_off_and_the_script_stands(child: Child) -> None:
    await child.start(LOOP)
    await child.stopped()
    await child.go("iteration")
    endless = child.request("execute", text="while True:\n try:\n  1\n except Exception: pass")
    for _ in range(100):
        if (await child.ask("interrupt"))["result"]["interrupted"]:
            break
        await asyncio.sleep(0.02)
    answer = await asyncio.wait_for(endless, PATIENCE)
    assert answer["error"] == "interrupted"
    assert not (await child.ask("interrupt"))["result"]["interrupted"]
    assert await child.value("1 + 1") == "2"
    await child.go("iteration")


async def test_watches_are_evaluated_each_on_its_own(child: Child) -> None:
    await child.start(LOOP)
    await child.stopped()
    await child.go("iteration")
    texts = ["w * 2", "nosuch", "[1, 2]", "sum(1 for _ in iter(int, 1))"]
    answer = await child.ask("look", watches=texts)
    first, second, third, fourth = answer["result"]["watches"]
    assert first["number"] == pytest.approx(2 * float(await child.value("w.item()")))
    assert "NameError" in second["error"]
    assert third["value"] == "[1, 2]"
    assert third["number"] is None
    assert "longer than 0.5 s" in fourth["error"]
