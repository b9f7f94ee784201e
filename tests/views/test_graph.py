"""The graph as rails."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gradstep.trace.reader import Trace
from gradstep.views.glyphs import ASCII
from gradstep.views.graph import GraphView, graph_view
from gradstep.views.rails import lay_out
from gradstep.views.text import plain, width_of
from tests.views.tracing import TraceBuilder, at, find

DRAWN = str.maketrans("|-+tTjeo", "│─┼├┤┴╯●")


def picture(structure: tuple[tuple[int, ...], ...], *, open_ended: bool = False) -> str:
    rows = lay_out(structure, open_ended=open_ended).rows
    return "\n".join(row.parts.translate(DRAWN) for row in rows)


def shown(view: GraphView, width: int = 60) -> str:
    rows = [view.render(i, width) for i in range(len(view.rows))]
    assert all(width_of(row) == width for row in rows)
    return plain([view.header(width), *rows])


def test_a_chain_is_one_lane() -> None:
    assert picture(((), (0,), (1,))) == "●\n●\n●"


def test_a_residual_connection_runs_beside_its_branch() -> None:
    assert (
        picture(((), (0,), (1,), (0, 2), (3,)))
        == """\
●
├─●
│ ●
●─╯
●"""
    )


def test_several_tensors_join_in_one_row() -> None:
    assert (
        picture(((), (), (), (0, 1, 2)))
        == """\
●
│ ●
│ │ ●
●─┴─╯"""
    )


def test_an_edge_goes_under_the_lanes_that_it_only_passes() -> None:
    assert (
        picture(((), (), (0,), (0, 1, 2)))
        == """\
●
│ ●
├─│─●
●─┴─╯"""
    )


def test_an_output_that_nobody_takes_is_open_only_while_more_may_come() -> None:
    assert picture(((), ()), open_ended=True) == "●\n│ ●"
    assert picture(((), ())) == "●\n●"


def test_before_the_first_op_the_pane_says_what_will_come(trace: Trace) -> None:
    assert plain(graph_view(at(trace, 1)).empty).splitlines()[0] == "no op has run yet"
    narrow = graph_view(at(trace, 1), width=30).empty
    assert max(width_of(text) for text in narrow) <= 30
    assert plain(narrow).split()[-4:] == ["walks", "the", "rows", "up."]


def test_pending_ops_stand_where_they_will_run(trace: Trace) -> None:
    assert (
        shown(graph_view(find(trace, "op", "mul", nth=2)), 58)
        == """\
      op         out   |grad| flow       inputs
 ●    pow_30     [1] ●                   x
 ◉    mul_31     [1] ◉
 │ ○  pow_32     [1] ○                   y
 ○─╯  add    → z [1] ○"""
    )


def test_backward_walks_the_same_rows_upwards(trace: Trace) -> None:
    view = graph_view(find(trace, "node", "MulBackward0"))
    assert (
        shown(view, 58)
        == """\
      op         out   |grad| flow       inputs
 ●    pow_8      [1] ○ pending           x
 ◉    mul_9      [1] ◄ 1.000  ━━━━━━━━
 │ ●  pow_10     [1] ✓ 1.000  ━━━━━━━━   y.grad 12.0000
 ●─╯  add    → z [1] ✓ 1.000  ━━━━━━━━"""
    )
    assert (view.current, view.summary) == (1, "4 ops · 3 backward")


def test_the_rails_never_move_while_stepping(trace: Trace) -> None:
    run = trace.run()
    start, stop = run.iteration_bounds(2) or (0, 0)
    rails = {graph_view(run.at(seq)).rails for seq in range(start, stop + 1)}
    assert len(rails) == 1


def test_a_selected_row_is_found_by_its_op_and_by_its_node(trace: Trace) -> None:
    moment = find(trace, "phase_exited", "backward")
    node = find(trace, "node", "MulBackward0").seq
    op = find(trace, "op", "mul").seq
    assert graph_view(moment, selected=op).selected == 1
    assert graph_view(moment, selected=node).selected == 1
    assert "selected" in graph_view(moment, selected=op).render(1, 60)[1].style


def test_ascii_glyphs_draw_the_same_graph(trace: Trace) -> None:
    view = graph_view(find(trace, "phase_exited", "backward"), glyphs=ASCII)
    assert plain(view.render(i, 60) for i in range(4)).isascii()


def test_no_grad_ops_cuts_and_two_passes(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "trace.gradstep")
    w = b.tensor([2.0], "fc1.weight", "parameter", parameter=True)
    b.iteration = 1
    b.enter("forward", "forward")
    h = b.tensor([4.0], "h")
    op = b.op("relu", [w], h, ["ReluBackward0"], module="fc1")
    cut = b.tensor([4.0], "frozen")
    b.event("graph_cut", "detach", [("source", h), ("result", cut)])
    b.op("mul", [cut], b.tensor([8.0]))
    b.op("add", [h, cut], b.tensor([8.0], "loss"), ["AddBackward0"])
    b.leave("forward")
    for _ in range(2):
        b.enter("backward", "backward")
        grad = b.tensor(np.array([np.nan], np.float32))
        b.node("ReluBackward0", op, [grad], [grad], ["AccumulateGrad"])
        b.leave("backward")
    with b.done() as trace:
        text = shown(graph_view(trace.run().at(trace.run().head)), 66)
    assert (
        text
        == """\
        op              out   |grad|    flow       inputs
 ●      relu   fc1 → h  [1] ✓ NaN x2               weight
 ├┄⊘    detach → frozen [1] ⊘ cut
 │ ├┄◦  mul_5           [1] – no grad
 ●┄╯    add    → loss   [1] ●"""
    )


def test_where_only_values_pass_the_rails_are_dashed(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "trace.gradstep")
    w = b.tensor([2.0], "w", parameter=True)
    data = b.tensor([1.0], "data")
    b.iteration = 1
    b.enter("forward", "forward")
    scaled = b.tensor([3.0])
    b.op("div", [data], scaled)
    copy = b.tensor([2.0], "copy")
    b.event("graph_cut", "detach", [("source", w), ("result", copy)])
    h, loss = b.tensor([4.0], "h"), b.tensor([8.0], "loss")
    b.op("relu", [w], h, ["ReluBackward0"])
    b.op("mul", [h, scaled], loss, ["MulBackward0"])
    # loss · h.item(): the number is known again, and told of the op's own result.
    last = b.tensor([8.0], "last")
    b.op("mul", [loss], last, ["MulBackward0"])
    b.event("graph_cut", "item", [("source", h), ("result", last)])
    b.op("add", [last, copy], b.tensor([8.0], "end"), ["AddBackward0"])
    b.leave("forward")
    with b.done() as trace:
        view = graph_view(trace.run().at(trace.run().head))
        texts = plain(view.render(i, 66) for i in range(6)).splitlines()
    assert [row.name for row in view.rows] == ["div", "detach", "relu", "mul", "mul", "add"]
    assert [row.cut_sources for row in view.rows] == [(), (), (), (), (2,), ()]
    assert [row.is_shadow for row in view.rows] == [False, True, False, False, False, False]
    assert view.rows[1].cut_leaves == (w.id,)
    rails = [text[: view.rail_width + 1].rstrip() for text in texts]
    # Data alone has no gradient and nothing was cut: its lane is whole, that of `copy` dashed.
    assert rails == [" ◦", " │ ⊘", " │ ┆ ●", " ●─┆─┤", " ●┄┆┄╯", " ●┄╯"]
    assert "┄w" in texts[1]


def test_a_graph_of_another_shape_is_no_ghost(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "trace.gradstep")
    w = b.tensor([2.0], "w", parameter=True)
    for b.iteration, names in ((1, ["mul", "sin"]), (2, ["cos"])):
        b.enter("forward", "forward")
        for name in names:
            b.op(name, [w], b.tensor([1.0]), [f"{name.title()}Backward0"])
    with b.done() as trace:
        assert [row.name for row in graph_view(trace.run().at(trace.run().head)).rows] == ["cos"]


def test_where_room_is_short_a_bar_stays_and_nothing_is_cut_within(trace: Trace) -> None:
    view = graph_view(find(trace, "phase_exited", "backward"))
    for width in range(36, 60):
        rows = plain([view.render(index, width) for index in range(4)])
        assert "grad" not in rows.replace("x.grad 6.0000", "").replace("y.grad 12.0000", "")
        if width >= 38:
            assert all("━━" in row or ".grad" in row for row in rows.splitlines())


def test_what_has_a_gradient_is_named_first(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "trace.gradstep")
    other = b.tensor([1.0], "other", parameter=True)
    w = b.tensor([2.0], "w", parameter=True)
    b.iteration = 1
    b.enter("forward", "forward")
    b.op("mul", [other, w], b.tensor([4.0], "out"), ["MulBackward0"])
    b.leave("forward")
    b.enter("backward", "backward")
    grad = b.tensor([3.0])
    b.accumulate("w", w, grad, None, grad)
    b.leave("backward")
    with b.done() as trace:
        run = trace.run()
        rows = [graph_view(run.at(seq)).render(0, 80) for seq in (run.head - 3, run.head)]
    texts = ["".join(span.text for span in row) for row in rows]
    assert texts[0].rstrip().endswith("other  w")
    assert texts[1].rstrip().endswith("w.grad 3.0000  other")


def test_a_state_carried_on_from_the_last_iteration_is_no_row_of_this_one(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "carried.gradstep")
    state = b.tensor([1.0], "h")
    for b.iteration, ops in ((1, ("mul", "tanh", "mean")), (2, ("mul", "tanh"))):
        b.enter("forward", "forward")
        taken = carried = state
        for name in ops:
            made = b.tensor([0.5])
            b.op(name, [taken], made, [f"{name.title()}Backward0"])
            carried, taken = taken, made
        state = carried  # what tanh made: the second of the ops
    with b.done() as trace:
        rows = graph_view(trace.run().at(trace.run().head)).rows
    assert [(row.name, row.state, row.sources) for row in rows] == [
        ("mul", "done", ()),
        ("tanh", "current", (0,)),
        ("mean", "pending", (1,)),
    ]
