"""One clear error for what PyTorch has and this engine lacks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from opcode import opmap
from typing import Final, NoReturn

HINT = "see docs/engine.md for what it has"
_IMPORT_FROM: Final = opmap["IMPORT_FROM"]


class MissingFeatureError(AttributeError, NotImplementedError):
    """A name or an option of PyTorch that the engine lacks; `hasattr` answers False for names."""


def missing(what: str) -> Exception:
    """Return the error for `what`, such as `torch.fft` or `Tensor.lu`.

    It is a `MissingFeatureError`; where a script says `from torch.… import …`, an ImportError,
    because Python replaces the text of an AttributeError there by one of its own.
    """
    text = f"gradstep's built-in engine has no {what} yet; {HINT}"
    return ImportError(text) if _is_imported() else MissingFeatureError(text)


def lacking(place: str) -> Callable[[str], NoReturn]:
    """Return the `__getattr__` of the module `place` (`torch.nn`), which names what it lacks."""

    def __getattr__(name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise missing(f"{place}.{name}")

    return __getattr__


def _is_imported() -> bool:
    """Return whether the first frame outside the engine is at `from … import`."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(__package__):
        frame = frame.f_back
    return frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == _IMPORT_FROM
