"""Breakpoints: `WHERE [if CONDITION] [after N] [log TEXT]`, parsed, matched and counted.

The stepper and the session use the same `BreakpointTable`, so a breakpoint means the same live and
over recorded rows. Rows are fed to a table in the order in which they happened.
"""

from gradstep.protocol.breakpoints.grammar import PHASE_PLACES, PLACES_TEXT, parse
from gradstep.protocol.breakpoints.logpoint import Said, say
from gradstep.protocol.breakpoints.offered import closest_text
from gradstep.protocol.breakpoints.point import (
    CONDITION_NAMES,
    Breakpoint,
    BreakpointError,
    parameter_name,
)
from gradstep.protocol.breakpoints.table import (
    BreakpointTable,
    Entry,
    Evaluate,
    Hit,
    Probe,
    judge,
    reason_of,
)
from gradstep.protocol.breakpoints.watched import Watched
from gradstep.protocol.breakpoints.wire import from_wire, to_wire

__all__ = [
    "CONDITION_NAMES",
    "PHASE_PLACES",
    "PLACES_TEXT",
    "Breakpoint",
    "BreakpointError",
    "BreakpointTable",
    "Entry",
    "Evaluate",
    "Hit",
    "Probe",
    "Said",
    "Watched",
    "closest_text",
    "from_wire",
    "judge",
    "parameter_name",
    "parse",
    "reason_of",
    "say",
    "to_wire",
]
