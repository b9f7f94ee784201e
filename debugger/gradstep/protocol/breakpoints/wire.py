"""Breakpoints as the `set_breakpoints` message carries them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gradstep.protocol.breakpoints.grammar import parse
from gradstep.protocol.breakpoints.table import Entry


def from_wire(items: Iterable[Mapping[str, object]]) -> list[Entry]:
    """Entries from the `set_breakpoints` message.

    Raises:
        BreakpointError: for a text that does not parse.
    """
    entries = []
    for item in items:
        hits = item.get("hits", 0)
        entries.append(
            Entry(
                id=int(str(item["id"])),
                breakpoint=parse(str(item["text"])),
                enabled=bool(item.get("enabled", True)),
                hits=hits if isinstance(hits, int) else 0,
            )
        )
    return entries


def to_wire(entries: Iterable[Entry]) -> list[dict[str, object]]:
    """What `from_wire` reads back."""
    return [
        {
            "id": entry.id,
            "text": str(entry.breakpoint),
            "enabled": entry.enabled,
            "hits": entry.hits,
        }
        for entry in entries
    ]
