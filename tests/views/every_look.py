"""Every way to look at a moment that has settings of its own: modes, folds, zooms, exports."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial

from gradstep.graph_export import NoGraphError, dot_lines
from gradstep.trace.loss_table import loss_lines
from gradstep.trace.moment import Moment
from gradstep.trace.passes import Passes
from gradstep.views.connection import COLUMNS, connection_view
from gradstep.views.editable import targets
from gradstep.views.graph import graph_view
from gradstep.views.graph_card import scope_card
from gradstep.views.graph_folds import Folds
from gradstep.views.locals import recorded_rows
from gradstep.views.loss import loss_view
from gradstep.views.tensor import tensor_view
from gradstep.views.tensor_lens import COMPARISONS, MODES, Lens
from gradstep.views.text import plain
from gradstep.views.timeline import timeline
from gradstep.views.why import why_view

Look = Callable[[], object]

ZOOMS = (-6, -1, 0, 1, 2, 3)
FOLDS = (Folds(height=3), Folds(every=False), Folds(every=True))
PLACES = ((), (0,), (1, 0), (0, 0, 0))


def looks(moment: Moment, head: int) -> Iterator[Look]:
    """Yield the ways to look at a moment, each to be called."""
    for folds in FOLDS:
        yield partial(_graph, moment, folds)
    yield partial(_dot, moment)
    yield lambda: [*loss_lines(moment.run, head)]
    for height in (1, 8, 30):
        yield partial(loss_view, moment, head=head, width=58, height=height)
    yield lambda: loss_view(moment, head=head, width=58, height=20, part=(2, max(2, head // 2)))
    yield partial(why_view, moment)
    yield partial(recorded_rows, moment)
    for choice in (0, 1):
        yield partial(_connection, moment, choice)
    for zoom in ZOOMS:
        yield partial(_timeline, moment, head, zoom)
    for tensor in (None, 1, 2, 5):
        for mode in MODES:
            for compare in COMPARISONS:
                lens = Lens(mode=mode, compare=compare, cursor=PLACES[(tensor or 0) % 4])
                yield partial(tensor_view, moment, tensor, lens=lens)
        yield partial(tensor_view, moment, tensor, what="grad")
    for place in PLACES:
        yield partial(tensor_view, moment, None, lens=Lens(followed=(1, place)))
    yield partial(_all_parameters, moment)


def _graph(moment: Moment, folds: Folds) -> None:
    view = graph_view(moment, folds=folds)
    view.header(58)
    for index, row in enumerate(view.rows):
        view.render(index, 58)
        view.texts(index)
        if row.scope is not None:
            scope_card(view.rows, index, width=58)


def _dot(moment: Moment) -> None:
    with contextlib.suppress(NoGraphError):
        "".join(dot_lines(moment)).encode()


def _connection(moment: Moment, choice: int) -> None:
    view = connection_view(moment, choice=choice, worst_first=bool(choice), width=58)
    plain(view.report())
    for index in range(len(view.wires)):
        for column in range(len(COLUMNS)):
            view.detail(index, column)


def _timeline(moment: Moment, head: int, zoom: int) -> None:
    passes = Passes(moment.run)
    passes.read(head, 1_000)
    timeline(moment, head=head, width=58, zoom=zoom, passes=passes)


def _all_parameters(moment: Moment) -> None:
    for tensor in moment.parameters():
        why_view(moment, tensor)
        targets(moment, tensor)
