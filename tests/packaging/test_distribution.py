"""The wheel and the source distribution hold everything that a user without a checkout needs."""

import configparser
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def build(kind: str, place: Path, python: str) -> Path:
    done = subprocess.run(
        [python, "-m", "hatchling", "build", "-t", kind, "-d", str(place)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    (made,) = place.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, python: str) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"), python)


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def sources() -> list[Path]:
    return [
        path
        for package in ("debugger/gradstep", "engine/gradstep_engine")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]


def test_wheel_holds_every_file_of_both_packages(names: set[str]):
    expected = {"/".join(path.relative_to(ROOT).parts[1:]) for path in sources()}

    assert expected <= names


def test_wheel_holds_what_is_no_module(names: set[str]):
    assert {"gradstep/py.typed", "gradstep_engine/py.typed"} <= names
    assert "gradstep/debuggee/inject/sitecustomize.py" in names
    assert any(name.startswith("gradstep/tui/") and name.endswith(".tcss") for name in names)


def test_wheel_holds_every_scenario(names: set[str]):
    scenarios = {f"gradstep/scenarios/{path.name}" for path in (ROOT / "scenarios").glob("*.py")}

    assert len(scenarios) >= 13
    assert scenarios <= names


def test_wheel_brings_nothing_else_to_import(names: set[str]):
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {
        "gradstep",
        "gradstep_engine",
    }


def test_wheel_installs_the_command_and_the_licence(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        info = next(n.split("/")[0] for n in archive.namelist() if ".dist-info/" in n)
        scripts = configparser.ConfigParser()
        scripts.read_string(archive.read(f"{info}/entry_points.txt").decode())
        licence = archive.read(f"{info}/licenses/LICENSE").decode()

    assert scripts["console_scripts"]["gradstep"] == "gradstep.cli:main"
    assert licence.startswith("MIT License")


def test_source_distribution_can_build_and_test(tmp_path: Path, python: str):
    with tarfile.open(build("sdist", tmp_path, python)) as archive:
        held = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}

    assert {
        "pyproject.toml",
        "Makefile",
        "LICENSE",
        "scenarios/two_scalars.py",
        "tests/conftest.py",
        "debugger/gradstep/__init__.py",
        "engine/gradstep_engine/events.py",
    } <= held


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> dict[str, str]:
    """An environment that finds gradstep as the wheel has it, and no checkout."""
    place = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    return {**os.environ, "PYTHONPATH": str(place), "PYTHONIOENCODING": "utf-8"}


def gradstep(*arguments: str, python: str, cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(
        [python, "-m", "gradstep", *arguments],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_demo_of_the_wheel_lists_every_scenario(
    installed: dict[str, str], tmp_path: Path, python: str
):
    listed = gradstep("demo", python=python, cwd=tmp_path, env=installed)

    for path in (ROOT / "scenarios").glob("*.py"):
        (line,) = [row for row in listed.splitlines() if row.split()[:1] == [path.stem]]
        assert line.split(None, 1)[1] in (path.read_text(encoding="utf-8"))


def test_wheel_records_a_script(installed: dict[str, str], tmp_path: Path, python: str):
    script = tmp_path / "own.py"
    script.write_text("import torch\nprint(torch.tensor([1.0, 2.0]) * 3)\n", encoding="utf-8")

    printed = gradstep("record", str(script), python=python, cwd=tmp_path, env=installed)

    assert printed == "tensor([3., 6.])\n"
    assert (tmp_path / "own.gradstep").is_file()
