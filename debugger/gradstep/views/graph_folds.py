"""Which module scopes of the graph are open: as the user said, else as the picture needs it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from gradstep.views.graph_scopes import Key, Scope, count_scopes, scope_around
from gradstep.views.rails import Structure

SCREENS: Final = 2
"""A graph of more screens than this is folded, unless the user unfolds it."""


@dataclass(frozen=True, slots=True)
class Folds:
    """What the user folded (False) and unfolded (True).

    `every` is what holds for the scopes that were not named one by one; None leaves it to the
    picture: a graph that is longer than two screens of `height` rows is folded, but for the scopes
    around the op that runs, and those that hold more than half of all. A `height` of 0 folds none.
    """

    by_hand: Mapping[Key, bool] = field(default_factory=dict)
    every: bool | None = None
    height: int = 0

    def toggled(self, key: Key, *, unfold: bool) -> Folds:
        """Return what holds once the user has folded or unfolded one scope."""
        return replace(self, by_hand={**self.by_hand, key: unfold})

    def everything(self, *, unfold: bool) -> Folds:
        """Return what holds once the user has folded or unfolded all; asked again: none of it."""
        again = self.every is unfold and not self.by_hand
        return Folds(every=None if again else unfold, height=self.height)


class Item(NamedTuple):
    """One row of the picture: an op (no scope), a folded scope, or the title of an open one.

    `first` is the number of the first op in it, `depth` says how many open scopes are around it,
    `path` is the path of the innermost of these.
    """

    first: int
    scope: Scope | None
    is_open: bool
    depth: int
    path: str

    @property
    def size(self) -> int:
        """How many ops it stands for, where it is no title."""
        return 1 if self.scope is None else self.scope.size


@dataclass(frozen=True, slots=True)
class Outline:
    """The rows of a folded graph."""

    items: tuple[Item, ...]
    scopes: tuple[Scope, ...]
    firsts: tuple[int, ...]

    def place(self, op: int) -> int:
        """Give the row that stands for an op: its own, or that of the scope that hides it."""
        # The title of an open scope begins with the same op as the first row in it.
        return bisect_right(self.firsts, op) - 1

    def structure(self, sources: Sequence[tuple[int, ...]]) -> Structure:
        """Say for each row which rows it takes the outputs of; a title has no node."""
        row_of: list[int] = []
        for index, item in enumerate(self.items):
            row_of += [index] * (0 if item.is_open else item.size)
        rows: list[tuple[int, ...] | None] = []
        for item in self.items:
            if item.is_open:
                rows.append(None)
                continue
            taken = sources[item.first] if item.scope is None else item.scope.taken
            if len(taken) < 2:
                rows.append((row_of[taken[0]],) if taken else ())
            else:
                rows.append(tuple(sorted({row_of[source] for source in taken})))
        return tuple(rows)


def opened(
    scopes: Sequence[Scope], count: int, folds: Folds, focus: int | None = None
) -> frozenset[Key]:
    """Say which scopes of `count` ops are open; `focus` is the number of the op that runs."""
    around = scope_around(scopes, focus) if focus is not None else ()
    keys = {scope.key for scope in around}
    is_long = 0 < folds.height * SCREENS < count + count_scopes(scopes)
    found: set[Key] = set()
    waiting = list(scopes)
    while waiting:
        scope = waiting.pop()
        said = folds.by_hand.get(scope.key, folds.every)
        by_itself = not is_long or scope.key in keys or scope.size * 2 > count
        if by_itself if said is None else said:
            found.add(scope.key)
            waiting.extend(scope.inner)
    return frozenset(found)


def outline(scopes: tuple[Scope, ...], count: int, is_open: frozenset[Key]) -> Outline:
    """Lay out `count` ops as rows."""
    items: list[Item] = []

    def add(first: int, stop: int, inner: Sequence[Scope], depth: int, path: str) -> None:
        number = first
        for scope in inner:
            items.extend(Item(n, None, False, depth, path) for n in range(number, scope.first))
            items.append(Item(scope.first, scope, scope.key in is_open, depth, path))
            if scope.key in is_open:
                add(scope.first, scope.stop, scope.inner, depth + 1, scope.path)
            number = scope.stop
        items.extend(Item(n, None, False, depth, path) for n in range(number, stop))

    add(0, count, scopes, 0, "")
    return Outline(tuple(items), scopes, tuple(item.first for item in items))
