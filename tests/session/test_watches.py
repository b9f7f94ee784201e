"""What may be watched, and what is kept of it."""

from __future__ import annotations

import pytest

from gradstep.session.model import SessionError
from gradstep.session.watches import WatchBook, is_path


def test_watches_are_kept_for_the_script_and_bad_ones_refused() -> None:
    book = WatchBook("one.py")
    for text in ("loss", "0.weight.grad", "a + 1"):
        assert book.add(f" {text} ") == text
    for text, told in (("loss", "already"), ("a b", "no expression"), (" ", "write")):
        with pytest.raises(SessionError, match=told):
            book.add(text)
    book.remove("loss")
    assert WatchBook("one.py").texts == ["0.weight.grad", "a + 1"]
    assert WatchBook("other.py").texts == []
    # A path that is no Python is for the trace alone.
    assert book.to_ask() == ["a + 1"]


def test_paths_that_are_no_python() -> None:
    assert is_path("0.weight")
    assert is_path("net.0.weight.grad")
    assert not any(is_path(text) for text in ("w.grad", "loss", "0.5", "x + 0.weight", "a1.b2"))
