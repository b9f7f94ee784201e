"""Norms and shapes alone: a long list of them must not bring the contents of every tensor along."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment
    from gradstep.trace.reader import RunTrace

_NEWEST: Final = "ORDER BY seq DESC, version DESC LIMIT 1"


def norm_of_version(moment: Moment, tensor: int, version: int) -> float | None:
    """Return the norm of one version as recorded by now, NaN if it holds NaN or Inf."""
    row = moment.run.database.row(
        "SELECT norm, nan, inf FROM value"
        f" WHERE run = ? AND tensor = ? AND seq <= ? AND version = ? {_NEWEST}",
        (moment.run.number, tensor, moment.seq, version),
    )
    return _norm(row)


def norm_of_grad(moment: Moment, param: int) -> float | None:
    """Return the norm of what `.grad` of a parameter is now; None for None or unknown."""
    number, seq = moment.run.number, moment.seq
    row = moment.run.database.row(
        "SELECT norm, nan, inf FROM value WHERE run = ? AND tensor ="
        " (SELECT tensor FROM grad WHERE run = ? AND param = ? AND seq <= ?"
        f" ORDER BY seq DESC LIMIT 1) AND seq <= ? {_NEWEST}",
        (number, number, param, seq, seq),
    )
    return _norm(row)


def shape_of_version(run: RunTrace, tensor: int, version: int) -> tuple[int, ...] | None:
    """Return the shape of one version, None where it was not recorded."""
    row = run.database.row(
        "SELECT shape FROM value WHERE run = ? AND tensor = ? AND version = ? LIMIT 1",
        (run.number, tensor, version),
    )
    if row is None:
        return None
    try:
        return tuple(map(int, row[0].split(","))) if row[0] else ()
    except ValueError as error:
        raise run.database.damaged(error) from None


def _norm(row: tuple[Any, ...] | None) -> float | None:
    if row is None:
        return None
    norm, nan, inf = row
    if nan or inf:
        return math.nan
    return None if norm is None else float(norm)
