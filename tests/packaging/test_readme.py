"""What the README tells a newcomer to type exists."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```(?:console|sh)\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]


def made(target: str) -> bool:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE) is not None


def test_two_commands_do_everything():
    assert {"make demo", "make check"} <= set(COMMANDS)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make ")])
def test_make_target_exists(command: str):
    assert made(command.split()[1])


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("gradstep ")])
def test_gradstep_command_exists(command: str, python: str, child_environment: dict[str, str]):
    word = command.split()[1]
    if word.endswith((".py", ".gradstep")) or word.startswith("-"):
        return

    done = subprocess.run(
        [python, "-m", "gradstep", word, "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        env=child_environment,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage:")


@pytest.mark.parametrize(
    "target",
    sorted({t for t in re.findall(r"\]\(([^)#]+)", README) if not t.startswith("http")}),
)
def test_link_leads_somewhere(target: str):
    assert (ROOT / target).exists()


def test_example_is_a_test_that_runs():
    example = ROOT / "tests" / "scenarios" / "test_headless_example.py"

    assert re.findall(r"```python\n(.*?)```", README, re.DOTALL) == [example.read_text("utf-8")]
