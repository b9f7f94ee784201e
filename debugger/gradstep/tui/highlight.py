"""Python source in colour, block by block, so that a long file costs only what is seen."""

from __future__ import annotations

from typing import Any, Final

from gradstep.views.text import Line, Span

BLOCK: Final = 200

_Token = tuple[str, ...]
_STYLES: Final[tuple[tuple[_Token, str], ...]] = (
    (("Comment",), "dim italic"),
    (("Keyword", "Constant"), "number"),
    (("Keyword",), "keyword"),
    (("Operator", "Word"), "keyword"),
    (("Literal", "String", "Interpol"), "number"),
    (("Literal", "String"), "string"),
    (("Literal", "Number"), "number"),
    (("Name", "Function"), "function"),
    (("Name", "Class"), "function bold"),
    (("Name", "Decorator"), "function"),
    (("Name", "Builtin"), "function"),
    (("Operator",), "keyword"),
)


class Highlighter:
    """The lines of one file. A block that starts inside a long string is wrong until `lex_all`."""

    def __init__(self, text: str) -> None:
        """Take the file's text; nothing is lexed yet."""
        self._source = text.expandtabs(4).split("\n")
        self._blocks: dict[int, list[Line]] = {}
        self.is_whole = len(self._source) <= BLOCK

    def line(self, number: int) -> Line:
        """Return line `number` (1-based) in colour; an empty line past the end."""
        index = number - 1
        if not 0 <= index < len(self._source):
            return ()
        block = index // BLOCK
        if block not in self._blocks:
            start = block * BLOCK
            self._blocks[block] = _lex(self._source[start : start + BLOCK])
        return self._blocks[block][index % BLOCK]

    def lex_all(self) -> None:
        """Lex the whole file; meant for a thread, the result is swapped in at once."""
        lines = _lex(self._source)
        self._blocks = {
            start // BLOCK: lines[start : start + BLOCK] for start in range(0, len(lines), BLOCK)
        }
        self.is_whole = True


def _lex(source: list[str]) -> list[Line]:
    from pygments.lexers.python import PythonLexer  # type: ignore[import-untyped]

    lines: list[Line] = []
    current: list[Span] = []
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    for token, text in lexer.get_tokens("\n".join(source)):
        style = _style(token)
        for index, part in enumerate(text.split("\n")):
            if index:
                lines.append(tuple(current))
                current = []
            if part:
                current.append(Span(part, style))
    lines.append(tuple(current))
    return lines


def _style(token: Any) -> str:
    path = tuple(token)
    for prefix, style in _STYLES:
        if path[: len(prefix)] == prefix:
            return style
    return ""
