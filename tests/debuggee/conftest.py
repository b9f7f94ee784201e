"""Traces that a test has opened are closed with it: Python 3.13 tells of those that are not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.debuggee import children


@pytest.fixture(autouse=True)
def closed_traces() -> Iterator[None]:
    yield
    while children.OPENED:
        children.OPENED.pop().close()
