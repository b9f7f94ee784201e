"""What an events source tells about a training loop, as it happens.

The engine (and, for real PyTorch, a probe) calls `listener` once for each fact, at the one place
where the fact comes about. An event carries live tensors and nothing that is derived: sequence
numbers, phases, counters and source lines are added by whoever listens. This module imports the
standard library only, so that it can be used where numpy is absent.

Emitting code tests `events.listener is not None` before it builds an event: without a listener the
cost is one attribute test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

# Tensors, nodes, modules and optimizers are duck-typed here: the engine's own or PyTorch's.
Tensor = Any
Node = Any
Module = Any
Optimizer = Any


@dataclass(frozen=True, slots=True)
class ModuleCall:
    """One running call of a module; `parent` is the call that it was made from.

    `number` is unique per call in a process, so two calls of one module differ.
    """

    module: Module
    number: int
    parent: ModuleCall | None


@dataclass(frozen=True, slots=True)
class PhaseEntered:
    """zero_grad(), backward(), step() or scheduler.step() begins.

    `phase` is `zero_grad`, `backward`, `step` or `other`; `name` is the call as a user would say
    it (`SGD.step`, `StepLR.step`, `backward`). The forward stretch has no call of its own: the
    listener derives it. `others` are the further tensors that a backward begins from, `wanted` the
    only ones whose gradients it is to give, None for all leaves.
    """

    phase: str
    name: str
    optimizer: Optimizer | None = None
    root: Tensor | None = None
    others: tuple[Tensor, ...] = ()
    wanted: tuple[Tensor, ...] | None = None


@dataclass(frozen=True, slots=True)
class PhaseExited:
    """The phase of the matching `PhaseEntered` ended; `error` is what it raised, if it did."""

    phase: str
    name: str
    optimizer: Optimizer | None = None
    root: Tensor | None = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Op:
    """One operation that the user would name ran, with or without grad mode.

    `inputs` and `outputs` are tensors only; other arguments are in `attributes`. `nodes` are all
    backward nodes that this op created (a composite such as `cross_entropy` makes two), `grad_fn`
    the one that belongs to its first output, None under no_grad.
    """

    name: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    grad_fn: Node | None = None
    nodes: tuple[Node, ...] = ()
    call: ModuleCall | None = None


@dataclass(frozen=True, slots=True)
class GraphCut:
    """A value left the graph: `how` is detach, item, numpy, data, tolist, no_grad or tensor.

    `result` is the tensor that was made, None where the result is no tensor (item, tolist). A
    number or an array that comes back in a tensor is told once more, with that tensor.
    """

    how: str
    source: Tensor
    result: Tensor | None = None
    call: ModuleCall | None = None


@dataclass(frozen=True, slots=True)
class NodeRan:
    """A backward node ran: `grad_outputs` came in, `grad_inputs` went out to `next_functions`."""

    node: Node
    grad_outputs: tuple[Tensor | None, ...]
    grad_inputs: tuple[Tensor | None, ...]


@dataclass(frozen=True, slots=True)
class Accumulated:
    """A contribution was added into `leaf.grad`.

    `before` is a copy of the old gradient (None when there was none), `after` the new `leaf.grad`
    itself; `root` is the tensor whose backward() this is.
    """

    leaf: Tensor
    contribution: Tensor
    before: Tensor | None
    after: Tensor
    root: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Zeroed:
    """`tensor.grad` was cleared: `before` is a copy of it or None, `after` None or the zeros."""

    tensor: Tensor
    before: Tensor | None
    after: Tensor | None


@dataclass(frozen=True, slots=True)
class OptimizerCreated:
    """An optimizer was made, or a group was added to it: it now holds `optimizer.param_groups`."""

    optimizer: Optimizer


@dataclass(frozen=True, slots=True)
class Updating:
    """An optimizer is about to change one parameter, the `index`-th of a group.

    A listener that answers `SKIP` has it left as it is, with its state.
    """

    optimizer: Optimizer
    group: int
    index: int
    parameter: Tensor


@dataclass(frozen=True, slots=True)
class Updated:
    """An optimizer changed one parameter.

    `before` and the tensors in `state_before` are copies, `parameter` and `state_after` live.
    `grad` is `parameter.grad` as read. `hyper` holds the group's hyper-parameters by torch's names
    (`lr`, `momentum`, ...). State values are tensors or plain numbers, by torch's names.
    """

    optimizer: Optimizer
    group: int
    index: int
    parameter: Tensor
    grad: Tensor
    before: Tensor
    state_before: Mapping[str, Any]
    state_after: Mapping[str, Any]
    hyper: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A scheduler changed hyper-parameters: one mapping per param group, before and after."""

    scheduler: Any
    optimizer: Optimizer
    before: Sequence[Mapping[str, Any]]
    after: Sequence[Mapping[str, Any]]
    initial: bool = False


@dataclass(frozen=True, slots=True)
class Clipped:
    """Gradients were clipped: `how` is norm or value, `norm` the total norm before, `limit` max."""

    how: str
    parameters: tuple[Tensor, ...]
    norm: float | None
    limit: float


@dataclass(frozen=True, slots=True)
class Fetched:
    """A DataLoader yielded a batch; `indices` are the sample indices where known."""

    tensors: tuple[Tensor, ...]
    indices: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class ModeChanged:
    """train()/eval() on `subject` (a module), requires_grad_ (a tensor), or grad mode (None).

    `what` is `training`, `requires_grad` or `grad_enabled`.
    """

    what: str
    subject: Any
    before: bool
    after: bool


@dataclass(frozen=True, slots=True)
class Written:
    """A parameter, buffer or `.grad` changed outside an optimizer.

    `how` names what wrote it: an in-place op (`mul_`), `data`, `load_state_dict`, `init`, `grad`.
    """

    tensor: Tensor
    how: str


Event = (
    PhaseEntered
    | PhaseExited
    | Op
    | GraphCut
    | NodeRan
    | Accumulated
    | Zeroed
    | OptimizerCreated
    | Updating
    | Updated
    | Scheduled
    | Clipped
    | Fetched
    | ModeChanged
    | Written
)

SKIP: Final = "skip"
"""What a listener answers to have left out what begins: a `step` phase, or one `Updating`.

A step that is left out returns None at once: neither its hooks nor its closure are called. Every
other answer means nothing.
"""

Listener = Callable[[Event], str | None]

listener: Listener | None = None
"""Called with each event, on the thread where it happens; None costs nothing measurable."""
