"""Phase, iteration and step: the counters that place an event in the loop.

The forward stretch has no call of its own: it opens at the first op that takes part in a graph
while no phase runs, and closes when the next phase begins.

Every thread has phases and rounds of its own. Iterations are the rounds of one thread, the leading
one; what others do meanwhile lies in them. The first thread that has a phase leads, until another
one takes a step before it does, or until it has ended.
"""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass
from typing import Final

_CLOSES_FORWARD: Final = frozenset({"zero_grad", "backward", "step"})

Site = tuple[str, str, int, int]
"""(phase, file, line, optimizer number)."""

Place = tuple[str, str, int]
"""(phase, file, line): a site without its optimizer."""


@dataclass(slots=True)
class Stretch:
    """A phase that has been entered and not left; `seq` is that of its `phase_entered`."""

    phase: str
    name: str
    seq: int


class _Course:
    """Where one thread is in its loop."""

    def __init__(self) -> None:
        self.stretches: list[Stretch] = []
        self.sites: set[Site] = set()
        self.made: dict[Place, int] = {}
        self.first_site: Site | None = None
        self.head: Site | None = None
        """Where the latest round that went backward began."""
        self.first_forward_seq = 0
        self.has_stepped = False

    def begin_round(self, site: Site) -> None:
        if any(passed[0] == "backward" for passed in self.sites):
            self.head = self.first_site
        self.sites = {site}
        self.made = {}
        self.first_site = site
        self.first_forward_seq = 0

    def ends_evaluation(self, site: Site) -> bool:
        """Tell whether a site where rounds began before comes after nothing but forward."""
        return site == self.head and all(passed[0] == "forward" for passed in self.sites)

    def begins_now(self, phase: str) -> bool:
        return (
            self.first_site is not None
            and self.first_site[0] == phase
            and not self.first_forward_seq
        )


class _Here(threading.local):
    """The course of the thread that asks; it goes with the thread."""

    def __init__(self) -> None:
        self.course = _Course()


class Clock:
    """Counts; who stamps events asks it and tells it when a phase begins or ends.

    What it says of phases is so for the thread that asks.
    """

    def __init__(self) -> None:
        """Start before the first phase."""
        self.iteration = 0
        self.step = 0
        self._here = _Here()
        self._leader: weakref.ref[_Course] | None = None

    @property
    def phase(self) -> str:
        """The innermost phase that runs, `other` in none."""
        stretches = self._here.course.stretches
        return stretches[-1].phase if stretches else "other"

    @property
    def phases(self) -> list[str]:
        """The phases that run, outermost first."""
        return [stretch.phase for stretch in self._here.course.stretches]

    @property
    def enclosing(self) -> int:
        """The seq of the innermost phase's `phase_entered`, 0 in none."""
        stretches = self._here.course.stretches
        return stretches[-1].seq if stretches else 0

    @property
    def depth(self) -> int:
        """How many phases run within each other."""
        return len(self._here.course.stretches)

    @property
    def is_idle(self) -> bool:
        """Whether no phase runs, so that an op would begin a forward stretch."""
        return not self._here.course.stretches

    @property
    def counts_ops(self) -> bool:
        """Whether an op now could begin a forward stretch or an iteration."""
        here = self._here.course
        if not here.stretches:
            return True
        first, innermost = here.first_site, here.stretches[-1]
        return (
            first is not None
            and first[0] == innermost.phase == "forward"
            and innermost.seq != here.first_forward_seq
        )

    def open_forward(self) -> Stretch | None:
        """Return the forward stretch if it is what runs now."""
        stretches = self._here.course.stretches
        if len(stretches) == 1 and stretches[0].phase == "forward":
            return stretches[0]
        return None

    def ends_forward(self, phase: str) -> bool:
        """Tell whether entering `phase` closes the forward stretch that runs."""
        return phase in _CLOSES_FORWARD and self.open_forward() is not None

    def arrive(self, phase: str, file: str, line: int, optimizer: int = 0, newest: int = 0) -> None:
        """Count iterations at the entry of a phase, before it is entered.

        Phases inside others, as in a closure that an optimizer calls many times, do not count.
        `newest` is the number of the optimizer that was made last. One that was made after its line
        was passed comes with another round; one that was there already may be the second of a loop
        over optimizers.
        """
        here = self._here.course
        if here.stretches or phase == "other":
            return
        site, place = (phase, file, line, optimizer), (phase, file, line)
        is_new = optimizer > here.made.get(place, optimizer)
        is_known = site in here.sites or here.ends_evaluation(site)
        if here.first_site is None or is_known or is_new:
            self._begin_round(here, site)
        else:
            here.sites.add(site)
        here.made.setdefault(place, newest)

    def enter(self, phase: str, name: str, seq: int) -> None:
        """Note that a phase runs from its `phase_entered` on."""
        here = self._here.course
        if phase == "forward" and len(here.sites) == 1 and here.begins_now(phase):
            here.first_forward_seq = seq
        here.stretches.append(Stretch(phase, name, seq))

    def passes(self, file: str, line: int) -> bool:
        """Count an iteration if an op at this line, in an open forward stretch, begins one.

        That is a loop whose metrics, after the step, open the stretch in which the next round's
        forward then runs.
        """
        here, forward = self._here.course, self.open_forward()
        first = here.first_site
        if (
            first is None
            or forward is None
            or first[:3] != ("forward", file, line)
            or forward.seq == here.first_forward_seq
        ):
            return False
        self._begin_round(here, first)
        here.first_forward_seq = forward.seq
        return True

    def leave(self, phase: str, *, completed: bool) -> Stretch | None:
        """Note that a phase ended; return it, None if it was never entered here."""
        here = self._here.course
        for position in range(len(here.stretches) - 1, -1, -1):
            if here.stretches[position].phase == phase:
                stretch = here.stretches[position]
                # Whatever ran inside and never said that it ended is over too.
                del here.stretches[position:]
                if phase == "step" and completed:
                    self.step += 1
                    self._note_step(here)
                return stretch
        return None

    def _begin_round(self, here: _Course, site: Site) -> None:
        """Begin a round of this thread's, an iteration if that thread leads."""
        here.begin_round(site)
        leader = self._leading()
        if leader is None:
            self._leader = weakref.ref(here)
        if leader is None or leader is here:
            self.iteration += 1

    def _note_step(self, here: _Course) -> None:
        """Have this thread lead if it is the first to take a step."""
        here.has_stepped = True
        leader = self._leading()
        if leader is None or not leader.has_stepped:
            self._leader = weakref.ref(here)

    def _leading(self) -> _Course | None:
        return None if self._leader is None else self._leader()
