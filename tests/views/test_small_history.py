"""Pane 4 of a tensor of very few elements: its last changes, latest first."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gradstep.trace.reader import Trace
from gradstep.views.tensor import tensor_view
from gradstep.views.text import plain, width_of
from tests.views.tracing import TraceBuilder, find


def test_a_leaf_s_values_and_gradients_one_event_each(trace: Trace) -> None:
    moment = find(trace, "phase_exited", "SGD.step", nth=2)
    found = tensor_view(moment, moment.tensor_named("x"), width=62, height=7)
    assert plain(found.history).splitlines() == [
        "value   █▃▁  1.000 → 0.1600",
        ".grad   █▁  6.000 → 2.400",
        "Δ event 44   step 2                0.4000 → 0.1600",
        "◄ event 41   backward adds  .grad  None → 2.4000",
        "∅ event 26   cleared        .grad  6.0000 → None",
        "Δ event 22   step 1                1.0000 → 0.4000",
    ]


def test_the_future_is_not_told(trace: Trace) -> None:
    moment = find(trace, "phase_exited", "forward")
    assert not tensor_view(moment, moment.tensor_named("y")).history[1:]


def test_a_result_goes_by_its_name(trace: Trace) -> None:
    moment = find(trace, "phase_exited", "SGD.step", nth=2)
    found = tensor_view(moment, moment.tensor_named("z"), width=62)
    assert plain(found.history).startswith("z       █▁  11.00 → ")


def test_it_fits_and_large_tensors_have_none(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "trace.gradstep")
    four = b.tensor(np.arange(4.0, dtype=np.float32), "four", parameter=True)
    five = b.tensor(np.arange(5.0, dtype=np.float32), "five", parameter=True)
    for leaf in (four, five):
        before = b.tensor(leaf.array)
        b.write(leaf, leaf.array / 3)
        b.event("updated", "leaf", [("param", leaf), ("before", before)])
    with b.done() as trace:
        moment = find(trace, "updated", nth=2)
        found = tensor_view(moment, four.id, width=50, height=9)
        assert plain(found.history).splitlines()[-1].startswith("Δ event 2")
        assert all(width_of(one) <= 50 for one in found.lines)
        assert not tensor_view(moment, five.id).history
