"""Evaluates and executes text in a paused frame of the user's, as if it stood there."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import CodeType, FrameType, FunctionType, ModuleType, TracebackType
from typing import Any, Final

from gradstep.debuggee.ending import message_of
from gradstep.protocol.offer import names_text

_REPR_LIMIT: Final = 20_000


class EvaluationError(Exception):
    """What the text raised, as one line: `NameError: name 'x' is not defined`.

    `trace` is how the error came about, None where that says nothing.
    """

    trace: TracebackType | None = None


def _failed(error: Exception) -> EvaluationError:
    failure = EvaluationError(one_line(error))
    failure.trace = error.__traceback__
    return failure


def evaluate(text: str, frame: FrameType | None) -> Any:
    """Return the value of an expression.

    Raises:
        EvaluationError: it is no expression, or it raised.
    """
    try:
        code = compile(text.strip(), "<evaluate>", "eval")
        with without_grad(), unpaged(code):
            return eval(code, _namespace(frame))
    except Exception as error:
        raise _failed(error) from None


def evaluate_condition(code: CodeType, frame: FrameType | None, extra: Mapping[str, Any]) -> Any:
    """Return the value of a breakpoint's condition; whatever it raises goes to the caller.

    Raises:
        NameError: one of its names does not exist; the text says which do.
    """
    names = {**_namespace(frame), **extra}
    try:
        with without_grad():
            return eval(code, names)
    except NameError as error:
        if error.name not in code.co_names:
            raise
        known = [*extra, *(name for name in names if name not in extra and is_data(names, name))]
        raise NameError(f"{error}; {names_text(known)}", name=error.name) from None


@contextmanager
def unpaged(code: CodeType) -> Iterator[None]:
    """Let help(x) print at once: a pager would wait for keys, with the script stopped."""
    if "help" not in code.co_names:
        yield
        return
    import pydoc

    pager = pydoc.pager
    pydoc.pager = pydoc.plainpager
    try:
        yield
    finally:
        pydoc.pager = pager


def is_data(names: Mapping[str, Any], name: str) -> bool:
    """Tell whether a name of the script's is worth offering: no module, function or class."""
    value = names[name]
    return not name.startswith("_") and not isinstance(value, ModuleType | type | FunctionType)


def execute(text: str, frame: FrameType | None) -> None:
    """Run statements; names that they bind stay bound in the frame.

    Raises:
        EvaluationError: they do not compile, or they raised.
    """
    try:
        code = compile(text, "<execute>", "exec")
        with without_grad(), unpaged(code):
            _execute(code, frame)
    except Exception as error:
        raise _failed(error) from None


def text_of(value: Any) -> str:
    """Return the repr of a value, cut to what a screen can use.

    Raises:
        EvaluationError: the repr raised.
    """
    try:
        with without_grad():
            text = repr(value)
    except Exception as error:
        raise EvaluationError(f"repr failed: {one_line(error)}") from None
    return text if len(text) <= _REPR_LIMIT else text[:_REPR_LIMIT] + " …"


@contextmanager
def warnings_heard() -> Iterator[list[str]]:
    """Collect what is warned of inside, each as one line and once, instead of printing it."""
    heard: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield heard
    # The list is the caller's already: it fills when the block is left.
    for warning in caught:
        text = " ".join(f"{warning.category.__name__}: {warning.message}".split())
        if text not in heard:
            heard.append(text)


def one_line(error: BaseException) -> str:
    """Return `Type: message` in one line."""
    message = error.msg if isinstance(error, SyntaxError) else message_of(error)
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return " ".join(text.split())


def without_grad() -> AbstractContextManager[Any]:
    """Return a context in which the engine, if the script uses it, records nothing."""
    mode = sys.modules.get("gradstep_engine.autograd.mode")
    return nullcontext() if mode is None else mode.no_grad()


def _namespace(frame: FrameType | None) -> dict[str, Any]:
    # One dictionary: a comprehension in the text sees globals only.
    if frame is None:
        main = sys.modules.get("__main__")
        return dict(vars(main)) if main is not None else {}
    return {**frame.f_globals, **frame.f_locals}


def _execute(code: CodeType, frame: FrameType | None) -> None:
    if frame is None or frame.f_locals is frame.f_globals:
        exec(code, _namespace(None) if frame is None else frame.f_globals)
        return
    namespace = _namespace(frame)
    exec(code, namespace)
    local = frame.f_locals
    own = set(frame.f_code.co_varnames) | set(frame.f_code.co_cellvars)
    own |= set(frame.f_code.co_freevars)
    for name, value in namespace.items():
        if name in own:
            local[name] = value
        elif name != "__builtins__" and frame.f_globals.get(name, frame) is not value:
            frame.f_globals[name] = value
    if sys.version_info < (3, 13):
        # Before PEP 667 f_locals is a copy that must be written back.
        import ctypes

        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
