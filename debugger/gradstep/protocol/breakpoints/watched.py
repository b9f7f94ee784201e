"""The expression of `change:EXPR`: what it may name, and how closely it has to be looked at."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from types import CodeType
from typing import Final

_PATH: Final = re.compile(r"\w+(\.\w+)*")
_MOVED_BY: Final[dict[str, frozenset[str]]] = {
    "loss": frozenset({"phase_entered"}),
    "lr": frozenset({"phase_entered", "updated", "scheduled", "optimizer_created"}),
    "step": frozenset({"phase_exited"}),
}
_OF_ROWS: Final = frozenset({"iteration", "step", "phase", "name", "lr", "loss"})


@dataclass(frozen=True, slots=True)
class Watched:
    """What `change:` looks at.

    `names` are the names of a tensor that the text may be, the likeliest first, () if it is no
    name: `model.fc1.weight.grad` may be the gradient (`of_grad`) of `model.fc1.weight` or of
    `fc1.weight`. `rate` is (optimizer, group, key) for `opt.param_groups[0]["lr"]`. `code` is the
    expression, None where only a name fits (`layers.0.weight`).
    """

    text: str
    names: tuple[str, ...] = ()
    of_grad: bool = False
    rate: tuple[str, int, str] | None = None
    code: CodeType | None = field(default=None, compare=False, repr=False)

    @property
    def is_of_rows(self) -> bool:
        """Whether it changes at events only, and never between them."""
        return self.code is not None and set(self.code.co_names) <= _OF_ROWS

    @property
    def kinds(self) -> frozenset[str] | None:
        """The kinds of events that can change what every event has; None for all."""
        names = set(self.code.co_names) if self.code is not None else set()
        if not names <= set(_MOVED_BY):
            return None
        return frozenset().union(*(_MOVED_BY[name] for name in names))

    @property
    def is_free(self) -> bool:
        """Whether it is an expression whose value any line of the script may change."""
        return not self.names and self.rate is None and not self.is_of_rows


def watched(text: str, code: CodeType | None) -> Watched:
    """Take an expression apart; `code` is None if it is not Python."""
    names: tuple[str, ...] = ()
    of_grad = False
    if is_path(text):
        base = text.removesuffix(".grad")
        of_grad = base != text
        names = (base,)
        if "." in base:
            # The script says model.fc1.weight; the model knows its parameter as fc1.weight.
            names += (base.split(".", 1)[1],)
    return Watched(text, names, of_grad, _rate(text), code)


def is_path(text: str) -> bool:
    """Tell whether a text is a name with dots, as parameters have: `0.weight`, `fc1.weight.grad`.

    A number is none, and neither is a name of Python's own, such as True.
    """
    if not _PATH.fullmatch(text) or re.fullmatch(r"[\d._]+([eE]\d+)?|0[xXoObB]\w+", text):
        return False
    return text not in {"True", "False", "None"}


def _rate(text: str) -> tuple[str, int, str] | None:
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    match tree:
        case ast.Subscript(
            value=ast.Subscript(
                value=ast.Attribute(value=owner, attr="param_groups"),
                slice=ast.Constant(value=int(group)),
            ),
            slice=ast.Constant(value=str(key)),
        ) if isinstance(owner, ast.Name | ast.Attribute):
            name = owner.id if isinstance(owner, ast.Name) else owner.attr
            return name, group, key
    return None
