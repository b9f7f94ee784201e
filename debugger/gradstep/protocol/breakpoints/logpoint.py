"""What a logpoint writes: `log "loss {loss:.4f}"`, or `log loss, lr` for `loss = 0.31, lr = 0.1`.

Text in quotes is a format string, as after Python's f; anything else is one expression or several,
each written with its value.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any, Final

_VALUE_LIMIT: Final = 200


class LogError(ValueError):
    """What to log cannot be understood; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a logpoint wrote; `failed` if it is the error that its expression raised."""

    text: str
    failed: bool = False


def compile_log(text: str) -> CodeType:
    """Return the code that makes what a logpoint writes: a string, or pairs of text and value.

    Raises:
        LogError: the text is neither a format string nor an expression.
    """
    if not text:
        raise LogError("'log' needs what to write: log loss, or log \"loss {loss:.4f}\"")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text, "<log>", "eval")
            if isinstance(tree.body, ast.Constant) and isinstance(tree.body.value, str):
                # In the quotes that the user wrote, so that the other kind may stand inside.
                if text[0] not in "'\"":
                    raise LogError(f"write the text of 'log' in plain quotes, not as {text}")
                return compile(f"f{text}", "<log>", "eval")
            parts = tree.body.elts if isinstance(tree.body, ast.Tuple) else [tree.body]
            pairs: list[ast.expr] = [
                ast.Tuple([ast.Constant(ast.unparse(part)), part], ast.Load()) for part in parts
            ]
            tree.body = ast.Tuple(pairs, ast.Load())
            return compile(ast.fix_missing_locations(tree), "<log>", "eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError) as error:
        if isinstance(error, LogError):
            raise
        reason = error.msg if isinstance(error, SyntaxError) else str(error) or "too complicated"
        raise LogError(f"what to log, {text}, is not valid Python: {reason}") from None


def say(code: CodeType, evaluate: Callable[[CodeType], Any], told: str = "") -> Said:
    """Return what a logpoint writes now; what its expressions raise is told in its place.

    `told` is what there is to say about the place itself, such as how much a value changed.
    """
    try:
        made = evaluate(code)
        if isinstance(made, str):
            text = _one_line(made)
        else:
            text = ", ".join(f"{text} = {_value_text(value)}" for text, value in made)
    except Exception as error:
        return Said(f"{type(error).__name__}: {error}", failed=True)
    return Said(" · ".join(filter(None, (text, told))))


def _value_text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = _one_line(repr(value))
    return text if len(text) <= _VALUE_LIMIT else f"{text[: _VALUE_LIMIT - 1]}…"


def _one_line(text: str) -> str:
    return " ".join(text.split())
