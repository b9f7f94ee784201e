"""What is written in a row of the graph: names, shapes, norms, read when the row is painted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradstep.trace.norms import norm_of_grad, norm_of_version, shape_of_version
from gradstep.views import numbers
from gradstep.views.glyphs import Glyphs
from gradstep.views.reading import is_op_name
from gradstep.views.text import Line, Span, cells

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment
    from gradstep.views.graph_ops import OpGraph
    from gradstep.views.graph_rows import GraphRow

LABEL_WIDTH: Final = 14


@dataclass(frozen=True, slots=True)
class RowTexts:
    """The words of a row: all but the figures. `module` and `result` share a column."""

    title: str
    module: str
    result: str
    shape: str

    @property
    def label(self) -> str:
        """Module and result."""
        return " ".join(part for part in (self.module, self.result) if part)

    def label_in(self, width: int) -> str:
        """Give the label in some cells: what the script calls a result says more than a module."""
        if cells(self.label) <= width or not self.result:
            return self.label
        return self.result


def read_texts(moment: Moment, row: GraphRow, glyphs: Glyphs) -> RowTexts:
    """Read a row's title, label, and the shape of its output."""
    indent = " " * row.depth
    if row.scope is not None:
        mark = glyphs.unfolded if row.is_open else glyphs.folded
        name = name_inside(row.path, row.name)
        shape = "" if row.is_open else _shape(moment, row)
        return RowTexts(f"{indent}{mark} {name}", _progress(row), "", shape)
    name = moment.name(row.output) if row.output is not None else ""
    variable = "" if not name or is_op_name(name, row.name) else f"{glyphs.arrow} {name}"
    # A result without a name in the script goes by the same name as in the cards: mul_1.
    numbered = bool(name) and not variable and not is_op_name(name, "tensor")
    title = indent + (name if numbered else row.name)
    return RowTexts(title, name_inside(row.path, row.module), variable, _shape(moment, row))


def read_grad(moment: Moment, row: GraphRow) -> float | None:
    """Read the norm of the gradient that arrived at a row's output, None where none has."""
    if row.arriving is None or row.arriving.tensor is None:
        return None
    return norm_of_version(moment, row.arriving.tensor, row.arriving.version)


def read_inputs(
    moment: Moment, row: GraphRow, graph: OpGraph, glyphs: Glyphs, *, brief: bool = False
) -> Line:
    """Name the leaves that a row takes, with `.grad` once backward has added to it.

    A gradient of one element is shown itself, a larger one by its norm; of a scope's parameters
    all together, and where it has to be `brief` of an op's as well. Leaves that have one come
    first, data last: where room is short the end is left out.
    """
    if row.scope is not None or (brief and not row.cut_leaves):
        return _parameters(moment, row, graph, glyphs, brief=brief)
    spans: list[Span] = []

    def rank(tensor: int) -> int:
        if graph.has_reached(tensor, moment.seq):
            return 0
        return 1 if moment.is_parameter(tensor) else 2

    for tensor in sorted(row.leaves, key=rank):
        name = moment.name(tensor)
        if not name or is_op_name(name, "tensor") or not moment.is_leaf(tensor):
            continue
        inner = name_inside(row.module, name)
        if tensor in row.cut_leaves:
            spans += [Span("  "), Span(f"{glyphs.across_cut}{inner}", "warning dim")]
        elif not row.ghost and graph.has_reached(tensor, moment.seq):
            spans += [Span("  "), Span(f"{inner}.grad {_grad_text(moment, tensor)}", "leaf")]
        else:
            spans += [Span("  "), Span(inner, "dim")]
    return tuple(spans[1:])


def name_inside(path: str, name: str) -> str:
    """Leave out what the title of the scope around, or of the row itself, says already."""
    if not path or not f"{name}.".startswith(f"{path}."):
        return name
    inner = name[len(path) + 1 :]
    # The third of a list says nothing without the list: mlp.2.
    return f"{path.rpartition('.')[2]}.{inner}" if inner.isdecimal() else inner


def _shape(moment: Moment, row: GraphRow) -> str:
    if row.made is None or row.made.tensor is None:
        return ""
    # A ghost of the future has no value as of this moment, but it does have a shape.
    shape = shape_of_version(moment.run, row.made.tensor, row.made.version)
    return numbers.shape(shape) if shape is not None else ""


def _progress(row: GraphRow) -> str:
    """Say how many ops a scope has, and of these how many are through where it is at work."""
    if row.state in ("running", "current") and row.ran < row.size:
        return f"{row.ran}/{row.size}"
    if row.state == "backward_current" and row.walked < row.walkable:
        return f"{row.walked}/{row.walkable}"
    return numbers.plural(row.size, "op")


def _parameters(
    moment: Moment, row: GraphRow, graph: OpGraph, glyphs: Glyphs, *, brief: bool
) -> Line:
    """Sum up the parameters in a row: how many, the norm of their gradients together, its cuts."""
    parameters = [leaf for leaf in row.leaves if moment.is_parameter(leaf)]
    reached = [leaf for leaf in parameters if graph.has_reached(leaf, moment.seq)]
    norm = numbers.short(grad_norm(moment, *reached)) if reached and not row.ghost else ""
    if brief:
        cuts = f"{glyphs.cut} {row.cuts}" if row.cuts else ""
        return (Span(norm, "leaf"),) if norm else (Span(cuts, "warning"),)
    spans: list[Span] = []
    if row.cuts:
        spans += [Span("  "), Span(f"{glyphs.cut} {numbers.plural(row.cuts, 'cut')}", "warning")]
    if parameters:
        part = f"{len(reached)}/" if norm and len(reached) < len(parameters) else ""
        named = part + numbers.plural(len(parameters), "param")
        spans.append(Span("  "))
        spans.append(Span(f"{named} |{norm}|", "leaf") if norm else Span(named, "dim"))
    return tuple(spans[1:])


def grad_norm(moment: Moment, *parameters: int) -> float | None:
    """Give the norm of the `.grad` of parameters as one vector, NaN with NaN or Inf in one.

    None where the norm of one of them is not known.
    """
    total = 0.0
    for parameter in parameters:
        norm = norm_of_grad(moment, parameter)
        if norm is None or math.isnan(norm):
            return norm
        total += norm**2
    return math.sqrt(total)


def _grad_text(moment: Moment, param: int) -> str:
    state = moment.grad(param)
    value = moment.value(state.tensor) if state.tensor is not None else None
    if value is None or value.norm is None:
        return "?"
    if all(size == 1 for size in value.shape) and value.mean is not None:
        return numbers.number(value.mean)
    return f"|{numbers.short(value.norm)}|"
