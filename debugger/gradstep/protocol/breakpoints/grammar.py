"""Reads breakpoints: `WHERE [if CONDITION] [after N] [log TEXT]`."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from difflib import get_close_matches
from types import CodeType
from typing import Final

from gradstep.protocol.breakpoints.logpoint import LogError, compile_log
from gradstep.protocol.breakpoints.point import Breakpoint, BreakpointError
from gradstep.protocol.breakpoints.watched import is_path, watched

PHASE_PLACES: Final = ("zero_grad", "forward", "backward", "step")
GLOB_PLACES: Final = ("op", "node", "module", "param")
PLACES_TEXT: Final = (
    "zero_grad, forward, backward, step, iteration, op:NAME, node:NAME, module:PATH, param:NAME, "
    "FILE:LINE or LINE, change:EXPR, nan, exception, finding:CODE"
)

_WORDS: Final = (*PHASE_PLACES, "iteration", "nan", "exception", "finding")
_ALL_WORDS: Final = (*_WORDS, *GLOB_PLACES, "change")
_EXAMPLES: Final = {
    "op": "op:linear",
    "node": "node:MulBackward0",
    "module": "module:layers.0",
    "param": "param:fc1.weight",
}


def parse(text: str) -> Breakpoint:
    """Read a breakpoint as a person writes it.

    Raises:
        BreakpointError: with one line that says what is wrong and what is allowed.
    """
    text = text.strip()
    places = list(re.finditer(r"\s+log(?=\s|$)", text))
    for found in places:
        head = text[: found.start()]
        # `log` may as well be a name in a condition: what stands before must be whole.
        if _is_whole(head):
            message = text[found.end() :].strip()
            try:
                compiled = compile_log(message)
            except LogError as error:
                raise BreakpointError(str(error)) from None
            return replace(_parse_stop(head), log=message, message=compiled)
    if re.match(r"log(\s|$)", text):
        raise BreakpointError(f"'log' needs a place before it, such as 'step log loss': {text!r}")
    if places and not _partition_if(head := text[: places[0].start()])[1]:
        # The text of a logpoint is no part of the place that cannot be understood.
        return _parse_stop(text if _is_whole(text) else head)
    return _parse_stop(text)


def _is_whole(text: str) -> bool:
    try:
        _parse_stop(text)
    except BreakpointError:
        return False
    return True


def _parse_stop(text: str) -> Breakpoint:
    """Read what stands before `log`."""
    rest, after = _split_after(text)
    where, separator, condition = _partition_if(rest)
    if separator and not condition:
        raise BreakpointError(f"no condition after 'if' in {text!r}")
    if not where:
        raise BreakpointError(f"a breakpoint needs a place: {PLACES_TEXT}")
    code = _compiled("condition", condition) if condition else None
    return replace(_parse_where(where), condition=condition, after=after, code=code)


def _split_after(text: str) -> tuple[str, int]:
    found = re.fullmatch(r"(?:(.*\S)\s+)?after(?:\s+(\S+))?", text, re.DOTALL)
    if not found or not _could_be_count(found[2]):
        return text, 0
    if found[2] is None or not re.fullmatch(r"\d{1,9}", found[2]) or int(found[2]) == 0:
        raise BreakpointError("'after' needs the number of times to pass first, such as 'after 3'")
    return found[1] or "", int(found[2])


def _could_be_count(text: str | None) -> bool:
    """Tell a count, even a wrong one such as `after -1`, from a condition's `after ==2`."""
    return text is None or re.fullmatch(r"[-+]?\d+(\.\d*)?|[^\W\d]+", text) is not None


def _partition_if(text: str) -> tuple[str, str, str]:
    if re.fullmatch(r"if(\s.*)?", text, re.DOTALL):
        return "", "if", text[2:].strip()
    splits = [
        (text[: found.start()], "if", text[found.end() :].strip())
        for found in re.finditer(r"\s+if(\s+|$)", text)
    ]
    if not splits:
        return text, "", ""
    if text.startswith("change:"):
        # EXPR may hold an `if` of its own: the right one has Python on both sides.
        for where, word, condition in splits:
            if _is_python(where[len("change:") :]) and _is_python(condition):
                return where, word, condition
        if _is_python(text[len("change:") :]):
            return text, "", ""
    return splits[0]


def _parse_where(where: str) -> Breakpoint:
    if where in _WORDS:
        return Breakpoint(where)
    if re.fullmatch(r"\d+", where):
        return Breakpoint("line", line=_line_number(where))
    word, colon, argument = where.partition(":")
    if colon and word in GLOB_PLACES:
        if not argument:
            raise BreakpointError(f"'{word}:' needs a name, such as {_EXAMPLES[word]}")
        return Breakpoint(word, pattern=argument)
    if word == "change":
        return _parse_change(argument.strip())
    if colon and word == "exception":
        if argument != "all":
            raise BreakpointError(
                f"'exception:{argument}': there are 'exception', for what nobody catches, and "
                "'exception:all'"
            )
        return Breakpoint(word, pattern=argument)
    if colon and word == "finding":
        if not re.fullmatch(r"[\w*?-]+", argument):
            raise BreakpointError("'finding:' needs a code, such as finding:missing-zero-grad")
        return Breakpoint(word, pattern=argument)
    file, _, line = where.rpartition(":")
    if file and re.fullmatch(r"\d+", line):
        return Breakpoint("line", file=file, line=_line_number(line))
    raise BreakpointError(_unknown(where, word, colon, argument))


def _parse_change(text: str) -> Breakpoint:
    if not text:
        raise BreakpointError(
            "'change:' needs what to look at, such as change:fc1.weight or change:len(losses)"
        )
    code = _compiled("expression", text) if _is_python(text) or not is_path(text) else None
    if code is not None and not code.co_names:
        raise BreakpointError(f"'change:{text}' can never be met: {text} is the same always")
    return Breakpoint("change", pattern=text, watched=watched(text, code))


def _line_number(text: str) -> int:
    if len(text) > 9 or int(text) == 0:
        raise BreakpointError(f"no line {text}: lines count from 1")
    return int(text)


def _unknown(where: str, word: str, colon: str, argument: str) -> str:
    if not colon and word in GLOB_PLACES:
        return f"'{word}' needs a name, such as {_EXAMPLES[word]}"
    if colon and word in _WORDS:
        return f"'{word}' takes no name; write just '{word}'"
    close = get_close_matches(word, _ALL_WORDS, n=1)
    if close:
        takes_name = close[0] in (*GLOB_PLACES, "change")
        guess = f"{close[0]}:{argument or 'NAME'}" if takes_name else close[0]
        return f"unknown breakpoint '{where}': did you mean '{guess}'? There are {PLACES_TEXT}"
    return f"unknown breakpoint '{where}': there are {PLACES_TEXT}"


def _is_python(text: str) -> bool:
    try:
        _compiled("expression", text)
    except BreakpointError:
        return False
    return True


def _compiled(what: str, text: str) -> CodeType:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compile(text.strip(), f"<{what}>", "eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error) or "too complicated"
        raise BreakpointError(f"the {what} '{text}' is not valid Python: {reason}") from None
