"""The graph of an iteration as DOT text, for Graphviz and whatever else reads that.

Calls of modules are clusters, parameters boxes, other inputs boxes with a dotted border. An edge
that carries values and brings no gradient back is dashed. Names, shapes and norms are those of one
moment; an operation that has not run by then is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers
from gradstep.views.graph_details import grad_norm
from gradstep.views.graph_folds import Folds
from gradstep.views.graph_rows import FoundRows, GraphRow, read_rows
from gradstep.views.reading import norm_of, result_name
from gradstep.views.text import visible

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment
    from gradstep.views.graph_scopes import Scope

EACH_OP: Final = Folds(every=True)
CUT: Final = 'style=dashed, color="#b06000"'


class NoGraphError(ValueError):
    """There is nothing to draw; the text says why."""


def dot_lines(moment: Moment) -> Iterator[str]:
    """Yield the lines of a DOT file, each with its end: the graph of the moment's iteration.

    Raises:
        NoGraphError: no operation of that iteration had run by then.
    """
    rows = read_rows(moment, EACH_OP)
    event = moment.event
    if not rows.ran:
        raise NoGraphError(
            f"no operation of iteration {event.iteration} has run by event {moment.seq}"
        )
    title = f"iteration {event.iteration}, event {moment.seq}: {event.kind} {event.name}".rstrip()
    yield "digraph {\n"
    yield f"  label={_quoted(title)}; labelloc=t; rankdir=TB;\n"
    yield '  node [shape=ellipse, fontname="Helvetica"]; edge [fontname="Helvetica"];\n'
    yield from _ops(rows, rows.outline.scopes, range(rows.ran), "  ")
    yield from _leaves(rows)
    yield from _edges(rows)
    yield "}\n"


def _ops(rows: FoundRows, scopes: Sequence[Scope], numbered: range, indent: str) -> Iterator[str]:
    """Yield the nodes of some ops, those of module calls inside of clusters."""
    number = numbered.start
    for scope in scopes:
        if scope.first >= numbered.stop:
            break
        yield from (_op(rows, n, indent) for n in range(number, scope.first))
        number = min(scope.stop, numbered.stop)
        name = "_".join(map(str, scope.key))
        yield f"{indent}subgraph cluster_{name} {{\n"
        yield f"{indent}  label={_quoted(scope.name)}; labeljust=l; style=rounded;\n"
        yield from _ops(rows, scope.inner, range(scope.first, number), f"{indent}  ")
        yield f"{indent}}}\n"
    yield from (_op(rows, n, indent) for n in range(number, numbered.stop))


def _op(rows: FoundRows, number: int, indent: str) -> str:
    moment, row = rows.moment, rows[rows.outline.place(number)]
    named = result_name(moment, row.output, row.name)
    words = [row.name if named.startswith(row.name) else f"{row.name}: {named}"]
    if row.module:
        words.append(row.module)
    if row.made is not None and (made := moment.run.value(row.made.tensor or 0, moment.seq)):
        words.append(numbers.shape(made.shape))
    words.append(_state(moment, row))
    label = "\\n".join(_escaped(word) for word in words if word)
    look = ""
    if row.state in ("cut", "cut_off"):
        look = ', color="#b06000"'
    elif row.state == "no_grad":
        look = ", style=dotted"
    return f'{indent}op{row.seq} [label="{label}"{look}];\n'


def _state(moment: Moment, row: GraphRow) -> str:
    if row.nodes:
        times = f" x{row.passes}" if row.passes > 1 else ""
        return f"|grad| {numbers.short(norm_of(moment, row.arriving))}{times}"
    return {
        "cut": "cut",
        "cut_off": "cut off",
        "no_grad": "no grad",
        "waiting": "gradient pending",
    }.get(row.state, "")


def _leaves(rows: FoundRows) -> Iterator[str]:
    moment = rows.moment
    ops = rows.ops[: rows.ran]
    for leaf in dict.fromkeys(leaf for op in ops for leaf in op.leaves):
        value = moment.value(leaf)
        words = [moment.name(leaf), numbers.shape(value.shape) if value is not None else ""]
        look = "shape=box"
        if not moment.is_parameter(leaf):
            look += ", style=dotted"
        elif rows.own.has_reached(leaf, moment.seq):
            words.append(f"|grad| {numbers.short(grad_norm(moment, leaf))}")
        label = "\\n".join(_escaped(word) for word in words if word)
        yield f'  t{leaf} [label="{label}", {look}];\n'


def _edges(rows: FoundRows) -> Iterator[str]:
    for op in rows.ops[: rows.ran]:
        seq = op.event.seq
        for leaf in dict.fromkeys(op.leaves):
            yield f"  t{leaf} -> op{seq}{_look(leaf in op.cut_leaves)};\n"
        for source in op.sources:
            is_cut = source in op.cut_sources or rows.ops[source].is_shadow
            yield f"  op{rows.ops[source].event.seq} -> op{seq}{_look(is_cut)};\n"


def _look(is_cut: bool) -> str:
    return f" [{CUT}]" if is_cut else ""


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Put a text inside of a quoted DOT string; a backslash begins an escape there."""
    plain = visible(" ".join(text.split()))
    return plain.replace("\\", "\\\\").replace('"', '\\"')
