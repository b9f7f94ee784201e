"""Calls of modules as scopes of the graph: which there are, and how they fold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from gradstep.trace.reader import RunTrace, Trace
from gradstep.views.glyphs import ASCII
from gradstep.views.graph import Folds, GraphView, graph_view
from gradstep.views.graph_card import scope_card
from gradstep.views.graph_folds import outline
from gradstep.views.graph_ops import read_ops
from gradstep.views.graph_scopes import Scope, scope_around
from gradstep.views.text import plain, width_of
from tests.views.tracing import T, TraceBuilder

BLOCKS = 3
OPS = ("norm", "linear", "relu", "linear", "add")
MODULES = ("ln", "mlp.0", "mlp.1", "mlp.2", "")


def blocks(path: Path, *, iterations: int = 2, amount: int = BLOCKS, upto: str = "") -> Trace:
    """A net of residual blocks, each `x + mlp(ln(x))`: forward and backward, twice."""
    b = TraceBuilder(path)
    weights = [b.tensor([2.0], f"blocks.{n}.ln.weight", parameter=True) for n in range(amount)]
    calls = 100
    for b.iteration in range(1, iterations + 1):
        b.enter("forward", "forward")
        h = b.tensor([1.0], "x")
        ops: list[tuple[int, str]] = []
        root = calls = calls + 1
        for number, weight in enumerate(weights):
            block, calls = calls + 1, calls + 2
            mlp = calls
            into = h
            for name, module in zip(OPS, MODULES, strict=True):
                calls += 1
                inner = {"": (), "ln": (calls,)}.get(module, (mlp, calls))
                taken = {"norm": [h, weight], "add": [into, h]}.get(name, [h])
                made = b.tensor([1.0])
                ops.append(
                    (
                        b.op(
                            name,
                            taken,
                            made,
                            [f"{name.title()}Backward0"],
                            module=f"blocks.{number}.{module}".rstrip("."),
                            calls=(root, block, *inner),
                        ),
                        name,
                    )
                )
                h = made
        loss = b.tensor([1.0], "loss")
        # The net itself runs this one, and has no name.
        ops.append((b.op("mean", [h], loss, ["MeanBackward0"], calls=(root,)), "mean"))
        b.leave("forward")
        if upto == "forward" and b.iteration == iterations:
            break
        b.enter("backward", "backward", tensors=[("root", loss)])
        for seq, name in reversed(ops):
            grad = b.tensor([0.1])
            b.node(f"{name.title()}Backward0", seq, [grad], [grad], [None])
            if name == "norm":
                weight = weights[(ops.index((seq, name))) // len(OPS)]
                added = b.tensor([3.0])
                b.accumulate(f"w{weight.id}", weight, added, None, added)
        b.leave("backward")
        b.phase = "other"
    return b.done()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunTrace]:
    with blocks(tmp_path / "blocks.gradstep") as trace:
        yield trace.run()


def shown(view: GraphView, width: int = 62) -> str:
    rows = [view.render(i, width) for i in range(len(view.rows))]
    assert all(width_of(row) == width for row in rows)
    return plain(rows)


def names(scopes: Sequence[Scope]) -> list[object]:
    return [[scope.name, *names(scope.inner)] for scope in scopes]


def seq_of(run: RunTrace, kind: str, name: str, nth: int) -> int:
    found = [row.seq for row in run.events(1, None, {kind}) if row.name == name]
    return found[nth]


def test_calls_of_two_ops_and_more_are_scopes(run: RunTrace) -> None:
    graph, _ = read_ops(run.at(run.head), 1)
    scopes = graph.scopes()
    # The net has no name and ln ran one op; mlp ran none itself: its name is what its calls share.
    assert names(scopes) == [[f"blocks.{n}", [f"blocks.{n}.mlp"]] for n in range(BLOCKS)]
    assert [(scope.first, scope.stop) for scope in scopes] == [(0, 5), (5, 10), (10, 15)]
    assert [scope.output for scope in scopes] == [4, 9, 14]
    assert [scope.taken for scope in scopes] == [(), (4,), (9,)]
    assert [s.path for s in scope_around(scopes, 7)] == ["blocks.1", "blocks.1.mlp"]
    assert scope_around(scopes, 15) == ()


def test_a_module_that_is_called_again_says_which_call(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "cell.gradstep")
    h = b.tensor([1.0], "h", parameter=True)
    b.iteration = 1
    b.enter("forward", "forward")
    for call in (7, 8):
        for name in ("mul", "tanh"):
            made = b.tensor([1.0])
            b.op(name, [h], made, ["Backward0"], module="cell", calls=(call,))
            h = made
    with b.done() as trace:
        view = graph_view(trace.run().at(b.seq), folds=Folds(every=False))
        assert [row.name for row in view.rows] == ["cell #1", "cell #2"]
        assert [row.breakpoint for row in view.rows] == ["module:cell", "module:cell"]
        assert [row.sources for row in view.rows] == [(), (0,)]


def test_everything_folded(run: RunTrace) -> None:
    at = seq_of(run, "op", "relu", 4)
    assert (
        shown(graph_view(run.at(at), folds=Folds(every=False)))
        == """\
 ●  ▸ blocks.0 5 ops  [1] ●                   1 param
 ◉  ▸ blocks.1 3/5    [1] ◉ 3/5               1 param
 ○  ▸ blocks.2 5 ops  [1] ○                   1 param
 ○  mean       → loss [1] ○"""
    )


def test_backward_in_a_folded_graph(run: RunTrace) -> None:
    at = seq_of(run, "node", "ReluBackward0", 1)
    view = graph_view(run.at(at), folds=Folds(every=False))
    assert (
        shown(view)
        == """\
 ●  ▸ blocks.0 5 ops  [1] ○ pending           1 param
 ◉  ▸ blocks.1 3/5    [1] ◄ 0.1000 ━━━━━━━    1 param
 ●  ▸ blocks.2 5 ops  [1] ✓ 0.1000 ━━━━━━━    1 param |3.000|
 ●  mean       → loss [1] ✓ 0.1000 ━━━━━━━"""
    )
    assert view.current == 1
    assert view.summary == "16 ops · 9 backward"


def test_an_open_scope_has_a_title_that_the_rails_pass(run: RunTrace) -> None:
    at = seq_of(run, "op", "mean", 1)
    view = graph_view(run.at(at), folds=Folds({(0, 1): True}, every=False))
    assert (
        shown(view, 70)
        == """\
 ●    ▸ blocks.0 5 ops  [1] ●                   1 param
 │    ▾ blocks.1  5 ops
 ├─●   norm_47   ln     [1] ●                   weight
 │ ●   ▸ mlp     3 ops  [1] ●
 ●─╯   add_51           [1] ●
 ●    ▸ blocks.2 5 ops  [1] ●                   1 param
 ◉    mean       → loss [1] ◉"""
    )
    assert [row.sources for row in view.rows] == [(), (), (0,), (2,), (0, 3), (4,), (5,)]
    assert view.title_around(3) == 1
    assert view.title_around(1) is None
    assert list(view.triangle(1, 70)) == [6, 7]


def test_a_long_graph_is_folded_but_around_the_op_that_runs(tmp_path: Path) -> None:
    with blocks(tmp_path / "long.gradstep", amount=12) as trace:
        run = trace.run()
        folds = Folds(height=16)
        at = seq_of(run, "op", "relu", 12 + 3)
        rows = graph_view(run.at(at), folds=folds).rows
        assert [row.name for row in rows if row.is_open] == ["blocks.3", "blocks.3.mlp"]
        assert len(rows) == 11 + 1 + 1 + 1 + 1 + 3 + 1
        by_hand = folds.toggled((0, 3), unfold=False).toggled((0, 5), unfold=True)
        rows = graph_view(run.at(at), folds=by_hand).rows
        assert [row.name for row in rows if row.is_open] == ["blocks.5"]
        assert rows.current == 3
        assert rows[3].is_current
        # What is on two screens is shown as a whole.
        rows = graph_view(run.at(at), folds=Folds(height=43)).rows
        assert len(rows) == 12 * 5 + 1 + 24


def test_the_same_call_has_the_same_key_in_every_iteration(run: RunTrace) -> None:
    first, second = (read_ops(run.at(run.head), n)[0].scopes() for n in (1, 2))
    assert [(s.key, s.inner[0].key) for s in first] == [(s.key, s.inner[0].key) for s in second]


def test_folding_all_again_leaves_it_to_the_picture() -> None:
    folds = Folds(height=9).everything(unfold=False)
    assert folds.every is False
    assert folds.everything(unfold=True).every is True
    assert folds.everything(unfold=False) == Folds(height=9)
    assert folds.toggled((1,), unfold=True).everything(unfold=False).by_hand == {}


def test_ghosts_fold_like_what_has_run(tmp_path: Path) -> None:
    with blocks(tmp_path / "going_on.gradstep", upto="forward") as trace:
        run = trace.run()
        seqs = range(seq_of(run, "op", "norm", BLOCKS), seq_of(run, "op", "mean", 1) + 1)
        folds = Folds({(0, 1): True}, every=False)
        views = [graph_view(run.at(seq), folds=folds) for seq in seqs]
        assert len({view.rails for view in views}) == 1
        assert {len(view.rows) for view in views} == {7}


def test_a_selected_row_lights_its_own_lanes_only(run: RunTrace) -> None:
    at, norm = seq_of(run, "op", "mean", 1), seq_of(run, "op", "norm", 4)
    view = graph_view(run.at(at), selected=norm)
    index = view.selected
    assert index is not None
    styles = [{s.text: s.style for s in view.render(n, 60)[1:4]} for n in range(len(view.rows))]
    assert styles[index]["●"] == "forward bold selected"
    assert styles[index - 2]["●"] == "forward bold"  # what made its input
    assert styles[index + 5]["●"] == "dim"


def test_the_card_of_a_module(run: RunTrace) -> None:
    def card(kind: str, name: str, nth: int, width: int = 60) -> str:
        view = graph_view(run.at(seq_of(run, kind, name, nth)), folds=Folds(every=False))
        lines = scope_card(view.rows, 1, width=width)
        assert all(width_of(found) <= width for found in lines)
        return plain(lines)

    assert (
        card("op", "relu", 4)
        == """\
blocks.1  a call of the module  line 0
  3 of 5 ops have run
  in  add_46  [1] |·| 1.000
  1 parameter
    ln.weight  |θ| 2.000"""
    )
    assert (
        card("phase_exited", "backward", 1)
        == """\
blocks.1  a call of the module  line 0
  5 ops  ◄ backward came by 5 of 5
  in  add_46  [1] |·| 1.000
  out add_51  [1] |·| 1.000  |grad| 0.1000
  1 parameter  |grad| of all 3.000
    ln.weight  |θ| 2.000  |grad| 3.000"""
    )
    assert "…" in card("phase_exited", "backward", 1, width=30)


def test_ascii_draws_modules_too(run: RunTrace) -> None:
    at = seq_of(run, "node", "ReluBackward0", 1)
    for folds in (Folds(every=False), Folds(every=True)):
        view = graph_view(run.at(at), folds=folds, glyphs=ASCII)
        assert plain(view.render(n, 60) for n in range(len(view.rows))).isascii()


def test_an_outline_has_a_place_for_every_op(run: RunTrace) -> None:
    graph, _ = read_ops(run.at(run.head), 2)
    scopes = graph.scopes()
    keys = [scopes[0].key, scopes[0].inner[0].key]
    for amount in range(3):
        rows = outline(scopes, len(graph.ops), frozenset(keys[:amount]))
        for number in range(len(graph.ops)):
            item = rows.items[rows.place(number)]
            stop = item.first + item.size
            assert not item.is_open
            assert item.first <= number < stop


def test_a_graph_that_goes_other_ways_drops_its_ghosts(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "changed.gradstep")
    w = b.tensor([2.0], "w", parameter=True)

    def forward(*names: str) -> T:
        b.enter("forward", "forward")
        taken = w
        for name in names:
            made = b.tensor([1.0])
            b.op(name, [taken], made, [f"{name.title()}Backward0"])
            taken = made
        return taken

    b.iteration = 1
    forward("mul", "relu", "mean")
    b.iteration = 2
    forward("mul")
    seen = b.seq
    b.op("sin", [w], b.tensor([1.0]), ["SinBackward0"])
    with b.done() as trace:
        run = trace.run()
        view = graph_view(run.at(run.head))
        assert [row.name for row in view.rows] == ["mul", "sin"]
        assert view.rows.changed == 1
        text = shown(view, 80).splitlines()
        assert text[1].startswith("≠")
        assert "graph changed since iteration 1" in text[1]
        assert view.summary == "2 ops · ≠ changed since iteration 1"
        # Before that op has run nothing is said of it.
        assert graph_view(run.at(seen)).rows.changed is None


def test_a_cut_between_two_phases_is_shown_unless_backward_is_through(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "gan.gradstep")
    w, v = (b.tensor([2.0], name, parameter=True) for name in "wv")
    fake, copy, loss = b.tensor([1.0], "fake"), b.tensor([1.0]), b.tensor([1.0], "loss")
    b.iteration = 1
    b.enter("forward", "forward")
    b.op("mul", [w], fake, ["MulBackward0"])
    b.leave("forward")
    b.event("graph_cut", "detach", [("source", fake), ("result", copy)])
    b.enter("forward", "forward")
    op = b.op("sub", [v, copy], loss, ["SubBackward0"])
    b.leave("forward")
    b.enter("backward", "backward", tensors=[("root", loss)])
    grad = b.tensor([1.0])
    b.node("SubBackward0", op, [grad], [grad], ["AccumulateGrad"])
    b.leave("backward")
    b.event("graph_cut", "detach", [("source", loss), ("result", b.tensor([1.0]))])
    with b.done() as trace:
        rows = graph_view(trace.run().at(b.seq)).rows
        assert [(row.name, row.state) for row in rows] == [
            ("mul", "cut_off"),
            ("detach", "cut"),
            ("sub", "backward"),
        ]
        assert [row.sources for row in rows] == [(), (0,), (1,)]


@pytest.mark.parametrize("trains", [True, False])
def test_more_ops_behind_a_step_are_a_change_if_backward_comes_by(
    tmp_path: Path, trains: bool
) -> None:
    b = TraceBuilder(tmp_path / "more.gradstep")
    w = b.tensor([2.0], "w", parameter=True)
    for b.iteration in (1, 2):
        names = ("mul", "sin") if b.iteration == 2 else ("mul",)
        for name in names:
            b.enter("forward", "forward")
            made = b.tensor([1.0], name)
            op = b.op(name, [w], made, [f"{name.title()}Backward0"])
            b.leave("forward")
            if name == "mul" or trains:
                b.enter("backward", "backward", tensors=[("root", made)])
                b.node(f"{name.title()}Backward0", op, [made], [made], ["AccumulateGrad"])
                b.leave("backward")
            b.enter("step", "SGD.step")
            b.leave("SGD.step")
    with b.done() as trace:
        rows = graph_view(trace.run().at(b.seq)).rows
        assert [row.name for row in rows] == ["mul", "sin"]
        assert rows.changed == (1 if trains else None)
