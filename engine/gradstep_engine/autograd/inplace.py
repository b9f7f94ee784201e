"""In-place operations: they write into memory that other tensors and nodes may look at."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine import events
from gradstep_engine.autograd import function
from gradstep_engine.autograd.errors import refused_view
from gradstep_engine.autograd.function import (
    Op,
    promoted,
    versions_of,
)
from gradstep_engine.autograd.mode import GradMode, suspended
from gradstep_engine.autograd.node import Edge, Node, edge_of, edges_of
from gradstep_engine.autograd.overlap import reads_its_target, refuse_overlap
from gradstep_engine.autograd.report import emit_op
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.dtypes import check_fits, result_numpy
from gradstep_engine.emission import written


def apply_inplace(op: type[Op], target: Any, *others: Any, **attributes: Any) -> Any:
    """Run `op` on `target` and `others` and write the result into `target`.

    The version counter goes up. Where the operation is recorded, `target` gets the new node as its
    `grad_fn`; if it is a view, its base gets a `CopySlices` node and all views follow.

    Raises:
        RuntimeError: the target is a leaf that requires grad (or looks into one), or the result
            does not fit in shape or type.
    """
    recorded = _is_recorded(op, target, others)
    array = _own_memory(target, whole=not op.view)
    if reads_its_target(target, others):
        refuse_overlap(op.op_name, array, others, attributes["index"] if op.view else None)
    node = op()
    node.op_name = _inplace_name(op.op_name)
    if recorded:
        node.edges = edges_of((target, *others))
    first = array
    if recorded and 0 in op.saves:
        first = array.copy()  # what backward needs is about to be overwritten
    operands = [first, *[x._array if isinstance(x, TensorBase) else x for x in others]]
    if op.promotes:
        node.check_types(operands)
        if not op.answers:
            _check_type(operands)
        operands = promoted(node, operands)
    result = node.forward(*operands, **attributes)
    if not op.writes:
        if np.shape(result) != array.shape:
            raise RuntimeError(
                f"output with shape {list(array.shape)} doesn't match the broadcast shape "
                f"{list(np.shape(result))}"
            )
        if result.dtype is not array.dtype:
            check_fits(array.dtype, result.dtype)
        array[...] = result
    if recorded:
        # Before the change counts: where an operand is the target, what was kept is overwritten.
        node.sequence = function.next_sequence()
        if node.saves:
            node.versions = versions_of(tuple(i for i in node.saves if i), (target, *others))
    target._bump()
    if recorded:
        if op.saves_output and node.saved:
            node.saved = (array, *node.saved[1:])
            box = target._box()
            node.versions += (box, box[0])
        _rebase(target, node)
    if events.listener is not None:
        emit_op(node, (target, *others), (target,), attributes, recorded)
        written(target, node.op_name)
    return target


def _inplace_name(name: str) -> str:
    return name if name.endswith("_") else name + "_"


def _is_recorded(op: type[Op], target: TensorBase, others: tuple[Any, ...]) -> bool:
    if suspended and not GradMode.enabled:
        return False
    if not target.requires_grad and not any(
        isinstance(other, TensorBase) and other.requires_grad for other in others
    ):
        return False
    base = target._base
    if target._view_made:
        raise refused_view(target)
    if target._requires_grad and target.grad_fn is None:
        place = "a view of a leaf" if op.view else "a leaf"
        raise RuntimeError(
            f"{place} Variable that requires grad is being used in an in-place operation."
        )
    if base is not None and base._requires_grad and base.grad_fn is None:
        raise RuntimeError(
            "a view of a leaf Variable that requires grad is being used in an in-place operation."
        )
    return op.differentiable and target._array.dtype.kind == "f"


def _own_memory(target: TensorBase, *, whole: bool) -> np.ndarray[Any, Any]:
    """Return the array to write to; `whole` says that all of it is written, not a part."""
    array = target._array
    repeats = target._base is not None or (whole and 0 in _steps_taken(array))
    if not array.flags.writeable and repeats:
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. Please clone() the tensor before performing the operation."
        )
    return target._writable()


def _steps_taken(array: Any) -> list[int]:
    """Return the strides along the axes that have more than one element."""
    return [step for n, step in zip(array.shape, array.strides, strict=True) if n > 1]


def _check_type(operands: list[Any]) -> None:
    given = tuple([operand for operand in operands if operand is not None])
    check_fits(operands[0].dtype, result_numpy(given))


def _rebase(target: TensorBase, node: Op) -> None:
    """Make `node` the origin of `target`, and of everything that shares its memory."""
    base: Any = target._base
    if base is None:
        target.grad_fn, target.output_nr = node, 0
        base = target
    else:
        base.grad_fn, base.output_nr = CopySlices(base, target, node), 0
    for reference in base._views or ():
        view = reference()
        if view is not None and view._array.dtype.kind == "f":
            look = AsStrided(_places(base, view), base._array.shape, edge_of(base))
            view.grad_fn, view.output_nr = look, 0


class CopySlices(Node):
    """An in-place operation on a view, as its base sees it: only a part went through `inner`."""

    node_name = "CopySlices"

    def __init__(self, base: TensorBase, view: TensorBase, inner: Op) -> None:
        self.inner = inner
        self.places = _places(base, view)
        self.edges = (edge_of(base), *inner.edges[1:])
        self.saved, inner.saved = inner.saved, ()
        self.versions = inner.versions
        self.sequence = inner.sequence
        self.shape: tuple[int, ...] = base._array.shape
        if inner.extras is not None:
            self._extras().casts = inner.extras.casts

    def backward(self, *grads: Any) -> Any:
        """Send the part of grad that the view covers through `inner`; the rest passes."""
        inner = self.inner
        flat = np.array(grads[0]).reshape(-1)
        inner.saved = self.saved
        results = inner.backward(flat[self.places])
        inner.saved = ()
        along_base = results[0] if isinstance(results, tuple) else results
        flat[self.places] = 0 if along_base is None else along_base
        rest = results[1:] if isinstance(results, tuple) else ()
        return (flat.reshape(grads[0].shape), *rest)

    def backward_tensors(self, *grads: Any) -> Any:
        """Do the same in operations on tensors."""
        inner: Any = self.inner
        flat = grads[0].reshape(-1).clone()
        inner.saved = self.saved
        inner.output = self._output  # what `inner` kept is the view after the change
        try:
            results = inner.backward_tensors(flat[wrap(self.places)])
        finally:
            inner.saved = ()
            del inner.output
        several = results if isinstance(results, tuple) else (results,)
        flat[wrap(self.places)] = 0 if several[0] is None else several[0]
        return (flat.reshape(grads[0].shape), *several[1:])

    def _output(self) -> Any:
        """Return the kept output of `inner` as a tensor: it looks into what this node made."""
        assert self.saved is not None
        tensor = wrap(self.saved[0])
        tensor.grad_fn = AsStrided(self.places, self.shape, (self, 0))
        return tensor


class AsStrided(Node):
    """A view whose base changed in place: it now looks into what the base became."""

    node_name = "AsStridedBackward0"

    def __init__(
        self, places: np.ndarray[Any, Any], shape: tuple[int, ...], edge: Edge | None
    ) -> None:
        self.places, self.shape = places, shape
        self.edges = (edge,)
        self.sequence = function.next_sequence()

    def backward(self, *grads: Any) -> Any:
        """Return zeros of the base's shape with grad where the view looks."""
        flat = np.zeros(self.shape, grads[0].dtype).reshape(-1)
        np.add.at(flat, self.places, grads[0])
        return (flat.reshape(self.shape),)

    def backward_tensors(self, *grads: Any) -> Any:
        """Do the same in operations on tensors."""
        flat: Any = wrap(np.zeros(math.prod(self.shape), grads[0]._array.dtype))
        return (
            flat.index_put((wrap(self.places),), grads[0], accumulate=True).reshape(self.shape),
        )


def _places(base: TensorBase, view: TensorBase) -> np.ndarray[Any, Any]:
    """Return for each element of `view` its number among the elements of `base`."""
    whole, part = base._array, view._array
    numbers = np.empty_like(whole, dtype=np.int64, subok=False)
    numbers[...] = np.arange(whole.size).reshape(whole.shape)
    size = whole.itemsize
    if tuple(s // 8 for s in numbers.strides) != tuple(s // size for s in whole.strides):
        raise RuntimeError(
            "gradstep's built-in engine cannot record an in-place operation on a view of memory "
            "with gaps; clone() the tensor first"
        )
    offset = part.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    numbers_flat = numbers.ravel(order="K")  # in the order of memory
    view_of_numbers = np.ndarray(
        part.shape,
        np.int64,
        numbers_flat,
        offset // size * 8,
        [s // size * 8 for s in part.strides],
    )
    return view_of_numbers.copy()
