"""Calls of modules as ranges of ops: what can be folded in the graph.

A scope is one call of a module. It is known by its place among the calls (the third of the model's,
the first in that), so it is the same in every iteration. A call that ran one op only is
no scope, for its row says all; neither is one that holds another call and nothing else, nor the
call of a model that has no name.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradstep.views.graph_ops import Op

Key = tuple[int, ...]
"""The place of a call: its number among the calls in the one around it, from outside to inside."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One call of a module: the ops `first` <= number < `stop`.

    `path` is the module's, `nth` tells its calls apart: 0 for the only one, else 1, 2, 3 … `taken`
    are the ops before the scope whose outputs its ops take, `output` the op whose result leaves it,
    its last one if none does.
    """

    key: Key
    path: str
    nth: int
    first: int
    stop: int
    taken: tuple[int, ...]
    output: int
    inner: tuple[Scope, ...] = ()

    @property
    def size(self) -> int:
        """How many ops it has."""
        return self.stop - self.first

    @property
    def name(self) -> str:
        """The path, and the number of the call where there are several."""
        return f"{self.path} #{self.nth}" if self.nth else self.path


@dataclass(slots=True)
class _Call:
    """A call while it is read."""

    number: int
    key: Key
    first: int
    stop: int = 0
    path: str | None = None
    inner: list[_Call] = field(default_factory=list)
    own: int = 0


@dataclass(frozen=True, slots=True)
class _Uses:
    """For each op, what it takes, and the last op that takes its output."""

    sources: Sequence[tuple[int, ...]]
    last: Sequence[int]


def read_scopes(ops: Sequence[Op]) -> tuple[Scope, ...]:
    """Find the outermost scopes, each with those inside."""
    root = _Call(-1, (), 0, len(ops), "")
    stack = [root]
    before: tuple[int, ...] = ()
    for index, op in enumerate(ops):
        calls = op.event.calls
        if calls == before:
            stack[-1].own += 1
            continue
        before = calls
        depth = 0
        while depth < len(calls) and depth + 1 < len(stack):
            if stack[depth + 1].number != calls[depth]:
                break
            depth += 1
        for ended in stack[depth + 1 :]:
            ended.stop = index
        del stack[depth + 1 :]
        for number in calls[depth:]:
            outer = stack[-1]
            call = _Call(number, (*outer.key, len(outer.inner)), index)
            outer.inner.append(call)
            stack.append(call)
        innermost = stack[-1]
        innermost.own += 1
        if innermost is not root:
            innermost.path = op.event.module
    for ended in stack[1:]:
        ended.stop = len(ops)
    last = list(range(len(ops)))
    for index, op in enumerate(ops):
        for source in op.sources:
            last[source] = index
    uses = _Uses([op.sources for op in ops], last)
    found = [scope for call in root.inner for scope in _scopes(call, "", uses)]
    return tuple(_numbered(found, _repeated(found, {}), {}))


def scope_around(scopes: Sequence[Scope], op: int) -> tuple[Scope, ...]:
    """Give the scopes that hold an op, the outermost first."""
    found: list[Scope] = []
    while scopes:
        place = bisect_right(scopes, op, key=_first) - 1
        if place < 0 or op >= scopes[place].stop:
            break
        found.append(scopes[place])
        scopes = scopes[place].inner
    return tuple(found)


def count_scopes(scopes: Sequence[Scope]) -> int:
    """Count scopes and those inside of them."""
    return sum(1 + count_scopes(scope.inner) for scope in scopes)


def _first(scope: Scope) -> int:
    return scope.first


def _scopes(call: _Call, around: str, uses: _Uses) -> list[Scope]:
    """Make the scope of a call, or hand on those inside where the call itself is none."""
    path = _path(call)
    inner = [scope for one in call.inner for scope in _scopes(one, path or around, uses)]
    holds_one_call_only = not call.own and len(call.inner) == 1
    if call.stop - call.first < 2 or not path or path == around or holds_one_call_only:
        return inner
    taken: set[int] = set()
    output = call.stop - 1
    for index in range(call.first, call.stop):
        taken.update(source for source in uses.sources[index] if source < call.first)
        if uses.last[index] >= call.stop:
            output = index
    return [
        Scope(
            key=call.key,
            path=path,
            nth=0,
            first=call.first,
            stop=call.stop,
            taken=tuple(sorted(taken)),
            output=output,
            inner=tuple(inner),
        )
    ]


def _path(call: _Call) -> str:
    """Give the path of a call's module; without an op of its own, what its calls' have in common.

    The trace has the path of the innermost module with each op, and only the numbers of the calls
    around it.
    """
    if call.path is None:
        paths = [_path(one).split(".") for one in call.inner]
        # The module around another has a shorter path than that, be it the only one in it.
        most = min(map(len, paths)) - 1
        alike = 0
        while alike < most and len({path[alike] for path in paths}) == 1:
            alike += 1
        call.path = ".".join(paths[0][:alike])
    return call.path


def _repeated(scopes: Sequence[Scope], found: dict[str, int]) -> dict[str, int]:
    for scope in scopes:
        found[scope.path] = found.get(scope.path, 0) + 1
        _repeated(scope.inner, found)
    return found


def _numbered(scopes: Sequence[Scope], total: dict[str, int], seen: dict[str, int]) -> list[Scope]:
    found: list[Scope] = []
    for scope in scopes:
        nth = seen[scope.path] = seen.get(scope.path, 0) + 1
        inner = tuple(_numbered(scope.inner, total, seen))
        found.append(replace(scope, nth=nth if total[scope.path] > 1 else 0, inner=inner))
    return found
