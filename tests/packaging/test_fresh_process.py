"""What a fresh interpreter loads: the contracts that only `sys.modules` can prove."""

import pkgutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

REFUSE = """
import sys

class Absent:
    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent(__NAMES__))
"""


def run(code: str, python: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [python, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded_by(code: str, python: str, environment: dict[str, str]) -> set[str]:
    code += "\nimport sys; print('\\n'.join({name.partition('.')[0] for name in sys.modules}))"
    return set(run(code, python, environment).splitlines())


def modules_of(package: str) -> list[str]:
    path = ROOT / "debugger" / Path(*package.split("."))
    found = [name for _, name, _ in pkgutil.walk_packages([str(path)], prefix=f"{package}.")]
    return [package, *(name for name in found if not name.endswith("__main__"))]


def test_a_refused_module_cannot_be_imported(python: str, child_environment: dict[str, str]):
    code = REFUSE.replace("__NAMES__", "{'numpy'}") + (
        "try:\n    import numpy\nexcept ModuleNotFoundError:\n    print('refused')"
    )

    assert run(code, python, child_environment) == "refused\n"


@pytest.mark.parametrize("arguments", [["--help"], ["demo"], ["record", "--help"]])
def test_command_line_loads_neither_screen_nor_numbers(
    arguments: list[str], python: str, child_environment: dict[str, str]
):
    code = f"import sys; sys.argv = ['gradstep', *{arguments!r}]\n" + (
        "from gradstep.cli import main\n"
        "import contextlib, io\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    try:\n        main()\n    except SystemExit:\n        pass"
    )

    loaded = loaded_by(code, python, child_environment)

    assert "gradstep" in loaded
    assert not loaded & {"textual", "rich", "numpy", "torch", "gradstep_engine"}


def test_recording_needs_no_session(python: str, child_environment: dict[str, str]):
    loaded = loaded_by("import gradstep.cli.record", python, child_environment)

    assert "sqlite3" in loaded
    assert not loaded & {"asyncio", "textual", "numpy"}


@pytest.mark.parametrize("package", ["gradstep.session", "gradstep.views"])
def test_session_and_views_know_neither_screen_nor_engine(
    package: str, python: str, child_environment: dict[str, str]
):
    code = "\n".join(f"import {name}" for name in modules_of(package))

    loaded = loaded_by(code, python, child_environment)

    assert not loaded & {"textual", "rich", "numpy", "torch", "gradstep_engine"}


def test_screen_does_not_know_the_engine(python: str, child_environment: dict[str, str]):
    code = "\n".join(f"import {name}" for name in modules_of("gradstep.tui"))

    loaded = loaded_by(code, python, child_environment)

    assert "textual" in loaded
    assert not loaded & {"torch", "gradstep_engine"}


@pytest.mark.parametrize("package", ["gradstep.protocol", "gradstep.trace", "gradstep.debuggee"])
def test_the_users_side_needs_the_standard_library_only(
    package: str, python: str, child_environment: dict[str, str]
):
    code = REFUSE.replace("__NAMES__", "{'numpy', 'textual', 'rich', 'torch'}")
    code += "\n".join(f"import {name}" for name in modules_of(package))

    run(code, python, child_environment)


def test_events_can_be_imported_without_numpy(python: str, child_environment: dict[str, str]):
    code = REFUSE.replace("__NAMES__", "{'numpy'}") + "import gradstep_engine.events"

    run(code, python, child_environment)


def test_engine_loads_nothing_of_the_debugger(python: str, child_environment: dict[str, str]):
    loaded = loaded_by(
        "import gradstep_engine as torch; torch.tensor([1.0])", python, child_environment
    )

    assert "gradstep_engine" in loaded
    assert not loaded & {"gradstep", "textual", "torch"}
