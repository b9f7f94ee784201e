"""Random programs do on the engine what they do on PyTorch, and fail where they fail there."""

from __future__ import annotations

from typing import Any

import pytest

import gradstep_engine
from tests.engine.parity import torch_or_skip
from tests.engine.programs.comparing import Differs, run_program

pytestmark = pytest.mark.torch

ours: Any = gradstep_engine
BLOCKS = range(12)
PER_BLOCK = 25


@pytest.mark.parametrize("block", BLOCKS)
def test_programs_agree(block: int) -> None:
    torch = torch_or_skip()
    statements = 0
    for seed in range(block * PER_BLOCK, (block + 1) * PER_BLOCK):
        statements += len(run_program((ours, torch), seed, 5 + seed % 26))
    assert statements > 5 * PER_BLOCK  # they do not all end at once


def test_a_difference_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = torch_or_skip()
    monkeypatch.setattr(ours.Tensor, "exp", ours.Tensor.exp2)

    def run_some() -> None:
        for seed in range(100):
            run_program((ours, torch), seed, 30)

    with pytest.raises(Differs, match="program"):
        run_some()
