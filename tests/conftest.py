"""What every test gets: a clean environment, and a visible reason where PyTorch is absent."""

import importlib.util
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pytest

from tests.scenario_recordings import record_scenario

__all__ = ["record_scenario"]

ROOT = Path(__file__).resolve().parent.parent

# Textual and Rich read these while they are imported, so they go before any test module is.
for name in list(os.environ):
    if name.startswith("TEXTUAL") or name in {
        "NO_COLOR",
        "FORCE_COLOR",
        "COLORTERM",
        "COLUMNS",
        "LINES",
        "GRADSTEP_DEBUGGEE",
    }:
        del os.environ[name]
os.environ["TEXTUAL_ANIMATIONS"] = "none"

# Each worker and each script has a core at best: further threads of numpy's would only spin.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# Some three hundred Pythons are started, and most of what each would do is compile the same
# modules: so all of them, pytest's workers included, keep compiled code in one place.
OWN_BYTECODE = ""
if not os.environ.get("PYTHONPYCACHEPREFIX"):
    OWN_BYTECODE = tempfile.mkdtemp(prefix="gradstep-bytecode-")
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = OWN_BYTECODE
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # As in the background of a shell: what is started from here would not hear Ctrl-C either.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure() -> None:
    if OWN_BYTECODE:
        shutil.rmtree(OWN_BYTECODE, ignore_errors=True)


HAS_TORCH = importlib.util.find_spec("torch") is not None


def pytest_report_header() -> str | None:
    """Say why comparisons are left out, once instead of for each of some thousands."""
    left_out = "PyTorch is not installed: the comparisons with it are left out (make test-torch)"
    return None if HAS_TORCH else left_out


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if HAS_TORCH:
        return
    absent = [item for item in items if item.get_closest_marker("torch")]
    if absent:
        config.hook.pytest_deselected(items=absent)
        items[:] = [item for item in items if not item.get_closest_marker("torch")]


@pytest.fixture(autouse=True)
def own_state_directory(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Keep saved breakpoints and settings of the person who runs the tests out of the tests."""
    place = tmp_path_factory.mktemp("state")
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(place))
    return place


@pytest.fixture(scope="session")
def root() -> Path:
    """The directory of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def scenarios() -> Path:
    """The directory of the bundled scenarios."""
    return ROOT / "scenarios"


@pytest.fixture(scope="session")
def child_environment() -> dict[str, str]:
    """The environment for a child Python that finds gradstep as this checkout has it."""
    paths = [str(ROOT / "engine"), str(ROOT / "debugger")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONIOENCODING": "utf-8",
    }


@pytest.fixture(scope="session")
def python() -> str:
    """The interpreter that runs the tests."""
    return sys.executable
