"""Where the gradients that a backward node gives go to: names of nodes, leaves, forward ops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradstep.debuggee.recorder import Recorder


class Origin(int):
    """The seq of the op that made a node, with the place where that was."""

    file: str
    line: int
    module: str
    calls: tuple[int, ...]


def node_detail(
    recorder: Recorder, following: Sequence[tuple[Any, int]], origin: Any
) -> Mapping[str, Any]:
    """Return `next`, and where they are known `leaves` and `ops_back`, one entry per edge.

    An op is told by how many events it lies before the node's own op: that is the same number in
    each round of a loop, so that a round's details are those of the round before.
    """
    names: list[str] = []
    leaves: list[int | None] = []
    back: list[int | None] = []
    for node, _ in following:
        if node is None:
            names.append("")
            leaves.append(None)
            back.append(None)
            continue
        names.append(node.name())
        leaf = getattr(node, "variable", None)
        leaves.append(None if leaf is None else leaf.uid)
        made = node.origin
        back.append(int(origin) - int(made) if origin and isinstance(made, Origin) else None)
    key = ("node", *names, *leaves, *back)
    known = recorder.shared_detail(key)
    if known is not None:
        return known
    detail: dict[str, Any] = {"next": names}
    if any(leaf is not None for leaf in leaves):
        detail["leaves"] = leaves
    if any(distance is not None for distance in back):
        detail["ops_back"] = back
    return recorder.share_detail(key, detail)
