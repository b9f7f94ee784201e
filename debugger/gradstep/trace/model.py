"""What a reader of a trace gets back: plain frozen values, no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One run of a script; `exit_status` is None while it runs or when it left no word."""

    id: int
    script: str
    argv: tuple[str, ...]
    cwd: str
    engine: str
    versions: Mapping[str, str]
    detail: str
    pid: int
    started: float
    finished: float | None
    exit_status: int | None
    error: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class TensorRef:
    """A tensor in its role in an event (`input`, `output`, `grad_output`, `before`, …).

    `tensor` is None where the place is empty (a node that passes no gradient on that edge).
    """

    role: str
    tensor: int | None
    version: int = 0


@dataclass(frozen=True, slots=True)
class TensorValue:
    """One recorded version of a tensor. Statistics ignore NaN and Inf; None for an empty tensor.

    `std` is the population standard deviation, `norm` the Euclidean norm, `zeros`, `nan` and `inf`
    are counts. `content` is little-endian and C-ordered, None when it was not recorded.
    """

    tensor: int
    version: int
    seq: int
    shape: tuple[int, ...]
    dtype: str
    requires_grad: bool
    min: float | None
    max: float | None
    mean: float | None
    std: float | None
    norm: float | None
    zeros: int
    nan: int
    inf: int
    content: bytes | None


@dataclass(frozen=True, slots=True)
class GradState:
    """What `.grad` of a parameter is: not yet known, None, or a tensor.

    `seq` is the event that made it so, 0 if none is recorded.
    """

    known: bool
    tensor: int | None
    seq: int


@dataclass(frozen=True, slots=True)
class OptimizerState:
    """The optimizer's groups at a moment: each a mapping with `params` (tensor ids) and hypers."""

    id: int
    class_name: str
    name: str
    seq: int
    groups: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class StateValue:
    """One entry of `optimizer.state[param]`: a plain number or a tensor id."""

    name: str
    number: float | None
    tensor: int | None
    seq: int
