"""What goes wrong with a trace file, said in one line."""

from __future__ import annotations


class TraceError(Exception):
    """A trace cannot be read: missing, foreign, newer or damaged; the text is one clear line."""
