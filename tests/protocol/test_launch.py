"""The launch configuration survives its way through the environment."""

from __future__ import annotations

import pytest

from gradstep.protocol.launch import LaunchConfig


def test_reads_back() -> None:
    config = LaunchConfig(
        launcher_pid=7,
        target="träin.py",
        trace="/somewhere/a b.gradstep",
        pythonpath=None,
        breakpoints=[{"id": 1, "text": "step", "enabled": True, "hits": 0}],
    )
    assert LaunchConfig.load(config.dump()) == config


@pytest.mark.parametrize("text", ["", "[]", '{"port": 1}', '{"other": 1}'])
def test_foreign_text_is_an_error(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        LaunchConfig.load(text)
