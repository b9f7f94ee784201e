"""Phase, iteration and step: the counters that place an event in the loop.

The forward stretch has no call of its own: it opens at the first op that takes part in a graph
while no phase runs, and closes when the next phase begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_CLOSES_FORWARD: Final = frozenset({"zero_grad", "backward", "step"})

Site = tuple[str, str, int, int]
"""(phase, file, line, optimizer number)."""


@dataclass(slots=True)
class Stretch:
    """A phase that has been entered and not left; `seq` is that of its `phase_entered`."""

    phase: str
    name: str
    seq: int


class Clock:
    """Counts; who stamps events asks it and tells it when a phase begins or ends."""

    def __init__(self) -> None:
        """Start before the first phase."""
        self.iteration = 0
        self.step = 0
        self._stretches: list[Stretch] = []
        self._sites: set[Site] = set()
        self._first_site: Site | None = None
        self._first_forward_seq = 0

    @property
    def phase(self) -> str:
        """The innermost phase that runs, `other` in none."""
        return self._stretches[-1].phase if self._stretches else "other"

    @property
    def phases(self) -> list[str]:
        """The phases that run, outermost first."""
        return [stretch.phase for stretch in self._stretches]

    @property
    def enclosing(self) -> int:
        """The seq of the innermost phase's `phase_entered`, 0 in none."""
        return self._stretches[-1].seq if self._stretches else 0

    @property
    def depth(self) -> int:
        """How many phases run within each other."""
        return len(self._stretches)

    @property
    def is_idle(self) -> bool:
        """Whether no phase runs, so that an op would begin a forward stretch."""
        return not self._stretches

    @property
    def counts_ops(self) -> bool:
        """Whether an op now could begin a forward stretch or an iteration."""
        if not self._stretches:
            return True
        first, innermost = self._first_site, self._stretches[-1]
        return (
            first is not None
            and first[0] == innermost.phase == "forward"
            and innermost.seq != self._first_forward_seq
        )

    def open_forward(self) -> Stretch | None:
        """Return the forward stretch if it is what runs now."""
        if len(self._stretches) == 1 and self._stretches[0].phase == "forward":
            return self._stretches[0]
        return None

    def ends_forward(self, phase: str) -> bool:
        """Tell whether entering `phase` closes the forward stretch that runs."""
        return phase in _CLOSES_FORWARD and self.open_forward() is not None

    def arrive(self, phase: str, file: str, line: int, optimizer: int = 0) -> None:
        """Count iterations at the entry of a phase, before it is entered.

        Phases inside others, as in a closure that an optimizer calls many times, do not count.
        """
        if self._stretches or phase == "other":
            return
        site = (phase, file, line, optimizer)
        if not self.iteration or site in self._sites:
            self._begin_iteration(site)
        else:
            self._sites.add(site)

    def enter(self, phase: str, name: str, seq: int) -> None:
        """Note that a phase runs from its `phase_entered` on."""
        if phase == "forward" and len(self._sites) == 1 and self._begins_now(phase):
            self._first_forward_seq = seq
        self._stretches.append(Stretch(phase, name, seq))

    def passes(self, file: str, line: int) -> bool:
        """Count an iteration if an op at this line, in an open forward stretch, begins one.

        That is a loop whose metrics, after the step, open the stretch in which the next round's
        forward then runs.
        """
        first, forward = self._first_site, self.open_forward()
        if (
            first is None
            or forward is None
            or first[:3] != ("forward", file, line)
            or forward.seq == self._first_forward_seq
        ):
            return False
        self._begin_iteration(first)
        self._first_forward_seq = forward.seq
        return True

    def leave(self, phase: str, *, completed: bool) -> Stretch | None:
        """Note that a phase ended; return it, None if it was never entered here."""
        for position in range(len(self._stretches) - 1, -1, -1):
            if self._stretches[position].phase == phase:
                stretch = self._stretches[position]
                # Whatever ran inside and never said that it ended is over too.
                del self._stretches[position:]
                if phase == "step" and completed:
                    self.step += 1
                return stretch
        return None

    def _begin_iteration(self, site: Site) -> None:
        self.iteration += 1
        self._sites = {site}
        self._first_site = site
        self._first_forward_seq = 0

    def _begins_now(self, phase: str) -> bool:
        return (
            self._first_site is not None
            and self._first_site[0] == phase
            and not self._first_forward_seq
        )
