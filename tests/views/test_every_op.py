"""Every op of the engine: its card has a formula whose numbers are right, or words.

The cases are those that hold every op's derivatives to PyTorch's, recorded as a script runs them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradstep.protocol.row import EventRow
from gradstep.trace.reader import RunTrace
from gradstep.views.explain import explain
from gradstep.views.formulas import rule_of
from gradstep.views.formulas.words import WORDS, words_of
from gradstep.views.text import plain
from tests.provenance.recorded import record

SCRIPT = """\
import warnings

import torch
from tests.engine.derivatives import layer_cases, tensor_cases
from tests.engine.parity import arrays, leaves, outputs

warnings.simplefilter("ignore")
for name, (function, shapes) in (tensor_cases.CASES | layer_cases.CASES).items():
    made = leaves(torch, arrays(*shapes))
    found = [out for out in outputs(function(torch, *made)) if out.requires_grad]
    sum((out * out).sum() for out in found).backward()
"""

FORMS = {
    "binary_cross_entropy_with_logits", "kl_div",
    "binary_cross_entropy", "cross_entropy", "norm", "masked_select", "conv1d", "getitem",
}  # fmt: skip
"""Ops that some ways of calling them are not worked out for, and say so."""


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory, child_environment: dict[str, str], root: Path
) -> Iterator[RunTrace]:
    path = f"{child_environment['PYTHONPATH']}:{root}"
    environment = {**child_environment, "PYTHONPATH": path}
    with record(tmp_path_factory.mktemp("ops"), SCRIPT, environment) as trace:
        yield trace.run()


def ops(run: RunTrace) -> list[EventRow]:
    return [row for row in run.events(1, None, ("op",)) if row.detail.get("nodes")]


def test_every_op_has_a_formula_or_words(run: RunTrace) -> None:
    missing = {
        (op.name, node)
        for op in ops(run)
        for node in op.detail["nodes"]
        if rule_of(op, node) is None and not words_of(op)
    }
    assert not missing, "add a Rule to views/formulas, or words to formulas/words.py"


def test_words_are_only_for_ops_without_a_formula(run: RunTrace) -> None:
    worded: defaultdict[str, set[bool]] = defaultdict(set)
    for op in ops(run):
        for node in op.detail["nodes"]:
            worded[op.name].add(rule_of(op, node) is not None)
    needless = {name for name in WORDS if worded.get(name) == {True}}
    assert not needless


def test_no_card_shows_arithmetic_that_does_not_hold(run: RunTrace) -> None:
    seen: defaultdict[tuple[str, str, int], int] = defaultdict(int)
    names = {op.seq: op.name for op in ops(run)}
    wrong, unworked = [], set()
    for row in run.events(1, None, ("op", "node")):
        # Every way of calling an op stands in some case; the sums behind them say nothing new.
        key = (row.kind, row.name + names.get(row.op, ""), len(str(row.detail)))
        seen[key] += 1
        if seen[key] > 4:
            continue
        card = explain(run.at(row.seq), width=100)
        text = plain(card.lines)
        if card.matches is False:
            wrong.append(text)
        if row.kind == "node" and "not worked out" in text:
            unworked.add(names[row.op])
        if row.kind == "node":
            assert re.search(r"→|grad stays|no input needs|not recorded|None", text), text
    assert not wrong, "\n\n".join(wrong)
    assert unworked <= FORMS
