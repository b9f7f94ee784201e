"""docs/engine-coverage.md says what a user can expect: it must be what the engine has."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def coverage(root: Path) -> Any:
    spec = importlib.util.spec_from_file_location("coverage_page", root / "docs/engine_coverage.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_current(coverage: Any) -> None:
    names = json.loads(coverage.NAMES.read_text(encoding="utf-8"))
    page = coverage.PAGE.read_text(encoding="utf-8")
    assert page == coverage.page(names), "run python docs/engine_coverage.py"


def test_presence_is_asked_of_the_engine(coverage: Any) -> None:
    assert coverage.is_present("torch.nn", "Linear")
    assert coverage.is_present("torch.Tensor", "backward")
    assert not coverage.is_present("torch.nn", "DataParallel")
    assert not coverage.is_present("torch.no_such_namespace", "anything")


@pytest.mark.torch
def test_the_names_are_those_of_torch(coverage: Any) -> None:
    pytest.importorskip("torch", reason="the names are PyTorch's")
    names = coverage.torch_names()
    known = json.loads(coverage.NAMES.read_text(encoding="utf-8"))
    if names["version"] != known["version"]:
        pytest.skip(f"the names are those of PyTorch {known['version'][0]}")
    assert known == names, "run python docs/engine_coverage.py --names"
