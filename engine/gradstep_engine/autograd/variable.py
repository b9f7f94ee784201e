"""What a tensor holds; its methods by topic live in `gradstep_engine.tensor`."""

from __future__ import annotations

import weakref
from _thread import allocate_lock
from collections.abc import Iterable
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from gradstep_engine.autograd.mode import GradMode, InferenceBox, suspended

if TYPE_CHECKING:
    from gradstep_engine.autograd.node import AccumulateGrad, Node
    from gradstep_engine.tensor import Tensor

_uids = count(1)

draw_sequence = count(1).__next__
"""Draws the next number of what happens: a node made, or memory changed in place."""


class _Changes:
    """When memory was last changed in place: nodes made since then need no look at versions."""

    def __init__(self) -> None:
        self.last: int = 0

    def note(self) -> None:
        """Remember that memory changes now."""
        number = draw_sequence()
        # Another thread may have noted a later change meanwhile. Between these two lines none can:
        # Python leaves a thread at calls and loops only.
        if number > self.last:
            self.last = number


Changes = _Changes()
new_object = object.__new__


class _Watched:
    """Whether any leaf ever had hooks, which have to run at the moment its gradient is complete."""

    def __init__(self) -> None:
        self.leaves: bool = False


Watched = _Watched()

_sweeping = allocate_lock()


class TensorBase:
    """An n-dimensional array with a place in the graph.

    `_array` is the numpy array, or a numpy scalar for 0-d results of ops (five times faster in
    arithmetic). What every operation reads stands in slots, which Python finds fastest; who makes a
    tensor fills them (`wrap`, `__new__`). The rest are class attributes until they are needed.
    Tensors on the same memory share one version box; `_base` is the tensor a view looks into, and
    the base knows its views, because an in-place change gives all of them a new `grad_fn`.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_array",
        "_grad",
        "_requires_grad",
        "_version_box",
        "grad_fn",
        "output_nr",
    )

    _array: Any
    _requires_grad: bool
    _grad: Tensor | None
    grad_fn: Node | None
    output_nr: int
    _version_box: list[int] | None
    _accumulator: weakref.ref[AccumulateGrad] | None = None
    _grad_owner: weakref.ref[Tensor] | None = None
    _base: Tensor | None = None
    _view_made: str = ""  # of views that a recorded change in place refuses: how they were made
    _views: list[weakref.ref[Tensor]] | None = None
    _hooks: dict[int, Any] | None = None
    _post_hooks: dict[int, Any] | None = None
    _retains_grad: bool = False
    _uid: int = 0

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make a tensor that lacks nothing but its array."""
        tensor = new_object(cls)
        tensor._requires_grad = False
        tensor._grad = tensor.grad_fn = tensor._version_box = None
        tensor.output_nr = 0
        return tensor

    @property
    def uid(self) -> int:
        """A number that no other tensor of this process has had or will have."""
        if not self._uid:
            self._uid = next(_uids)
        return self._uid

    @property
    def _version(self) -> int:
        if self.is_inference():
            raise RuntimeError("Inference tensors do not track version counter.")
        return 0 if self._version_box is None else self._version_box[0]

    def is_inference(self) -> bool:
        """Return whether the tensor was made in inference mode."""
        return self._version_box.__class__ is InferenceBox

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded for backward."""
        return self._requires_grad or self.grad_fn is not None

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made this tensor: gradients accumulate in leaves."""
        return self.grad_fn is None

    def _box(self) -> list[int]:
        """Return the version counter, shared with all tensors on the same memory."""
        if self._version_box is None:
            self._version_box = [0]
        return self._version_box

    def _bump(self) -> None:
        Changes.note()
        box = self._version_box
        if box is None:
            self._version_box = [1]
        elif box.__class__ is InferenceBox:
            box.bump()
        else:
            box[0] += 1

    def _writable(self) -> np.ndarray[Any, Any]:
        """Return the array for an in-place change; a numpy scalar becomes a 0-d array first."""
        if type(self._array) is not np.ndarray:
            self._array = np.array(self._array)
        array: np.ndarray[Any, Any] = self._array
        if not array.flags.writeable:
            array = self._array = array.copy()
        return array

    def _become_view_of(self, source: TensorBase, *, tracked: bool = True) -> None:
        """Share `source`'s version; `tracked` views also follow its place in the graph."""
        self._version_box = source._box()
        if not tracked:
            return
        base: Any = source if source._base is None or source._requires_grad else source._base
        self._base = base
        if suspended and not GradMode.enabled:
            self._view_made = "no_grad"
        elif source._view_made:
            self._view_made = source._view_made
        views = base._views
        if views is None:
            views = base._views = []
        elif len(views) >= 32 and len(views) & (len(views) - 1) == 0:
            # Dead views are swept whenever their number reaches a power of two. What another
            # thread appends meanwhile stands behind those that are looked at.
            with _sweeping:
                count = len(views)
                views[:count] = [view for view in views[:count] if view() is not None]
        views.append(weakref.ref(self))


def bump_all(tensors: Iterable[TensorBase]) -> None:
    """Note that all of `tensors` were changed in place: one number for what happened at once."""
    Changes.note()
    for tensor in tensors:
        box = tensor._version_box
        if box.__class__ is list:
            box[0] += 1
        else:
            tensor._bump()


def wrap(array: Any) -> Tensor:
    """Return a tensor on `array` without copying; it requires no grad."""
    # The body of `__new__`, written out: this runs for every result that has no gradient.
    tensor = new_object(public)
    tensor._array = array
    tensor._requires_grad = False
    tensor._grad = tensor.grad_fn = tensor._version_box = None
    tensor.output_nr = 0
    return tensor


public: type[Tensor] = TensorBase  # type: ignore[assignment]
"""The class of tensors that users hold: `Tensor`, as soon as that is defined."""
