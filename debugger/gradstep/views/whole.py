"""Everything that the screen shows of one moment, as plain text, without a screen.

For comparing moments: two cursors stand at the same event if and only if these texts are equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradstep.views.explain import explain
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.graph import graph_view
from gradstep.views.named import named_tensors
from gradstep.views.optimizer import optimizer_view
from gradstep.views.phases import phase_strip
from gradstep.views.source import source_view
from gradstep.views.subject import latest_subject
from gradstep.views.tensor import tensor_view
from gradstep.views.text import line, plain
from gradstep.views.timeline import timeline
from gradstep.views.title import title_line
from gradstep.views.why import why_view

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment

WIDTH: Final = 120
PANE: Final = 58
GRAPH: Final = 100
"""Wide enough for every column of the graph: which there are must not hang on what is to come."""


def all_views(
    moment: Moment,
    *,
    state: str,
    head: int,
    live: bool = False,
    printed: str = "",
    glyphs: Glyphs = UNICODE,
) -> dict[str, str]:
    """Give the text of each view by its name.

    `state` is what the title says, `head` the newest event, `printed` what the script had printed.
    """
    graph = graph_view(moment, glyphs=glyphs)
    rows = [graph.render(index, GRAPH) for index in range(len(graph.rows))]
    source = source_view(moment, glyphs=glyphs)
    time = timeline(moment, head=head, width=WIDTH - 2, state=state, live=live, glyphs=glyphs)
    strip = phase_strip(moment, width=WIDTH, glyphs=glyphs)
    found = {
        "title": plain([title_line(moment, state=state, width=WIDTH, glyphs=glyphs)]),
        "phases": plain([strip.strip, strip.progress]),
        "timeline": plain([time.line]) + "\n" + time.caption,
        "source": plain([(*row.gutter, *line(row.text, "  "), *row.inline) for row in source.lines])
        + plain(source.note),
        "graph": plain([*rows, *graph.empty]) + "\n" + graph.summary,
        "card": plain(explain(moment, width=PANE, glyphs=glyphs).lines),
        "optimizer": plain(optimizer_view(moment, width=PANE, glyphs=glyphs).lines),
        "locals": plain(named_tensors(moment).lines),
        "stdout": printed,
    }
    why = why_view(moment, width=PANE, glyphs=glyphs)
    if why.tensor is None:
        why = why_view(moment, latest_subject(moment), width=PANE, glyphs=glyphs)
    found["why"] = plain(why.lines)
    for what in ("value", "grad"):
        view = tensor_view(moment, None, what=what, width=PANE, glyphs=glyphs)
        if view.tensor is None and (other := latest_subject(moment)) is not None:
            view = tensor_view(moment, other, what=what, width=PANE, glyphs=glyphs)
        found[f"tensor {what}"] = plain(view.lines)
    return found
