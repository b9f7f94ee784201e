"""What can go wrong on the way back, in torch's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradstep_engine.dtypes import of_numpy

if TYPE_CHECKING:
    from gradstep_engine.autograd.node import Node
    from gradstep_engine.autograd.variable import TensorBase


def freed() -> RuntimeError:
    """Return the error for a second backward through a graph."""
    return RuntimeError(
        "Trying to backward through the graph a second time (or directly access saved tensors "
        "after they have already been freed). Saved intermediate values of the graph are freed "
        "when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to "
        "backward through the graph a second time or if you need to access saved tensors after "
        "calling backward."
    )


def modified(node: Node, source: Any, version: int, expected: int) -> RuntimeError:
    """Return the error for a saved array that was changed in place since `node` saved it.

    `source` is the input that was saved, a version box where the node saved its own output.
    """
    assert node.saved is not None
    own = isinstance(source, list)
    array = node.saved[0] if own else source._array
    made_by = node if own else source.grad_fn
    place = ""
    if made_by is not None:
        number = 0 if own else source.output_nr
        place = f", which is output {number} of {short_name(made_by)},"
    kind = of_numpy(array.dtype).cpu_type
    return RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: [torch.{kind}Tensor {list(array.shape)}]{place} is at version {version}; "
        f"expected version {expected} instead. Hint: enable anomaly detection to find the "
        "operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True, check_nan=False)."
    )


def refused_view(view: TensorBase) -> RuntimeError:
    """Return the error for a recorded in-place change of a view that does not allow it."""
    if view._view_made == "no_grad":
        return RuntimeError(
            "A view was created in no_grad mode and is being modified inplace with grad mode "
            "enabled. Given that this use case is ambiguous and error-prone, it is forbidden. You "
            "can clarify your code by moving both the view and the inplace either both inside the "
            "no_grad block (if you don't want the inplace to be tracked) or both outside (if you "
            "want the inplace to be tracked)."
        )
    return RuntimeError(
        f"Output {view.output_nr} of {view._view_made} is a view and is being modified inplace. "
        "This view is the output of a function that returns multiple views. Such functions do not "
        "allow the output views to be modified inplace. You should replace the inplace operation "
        "by an out-of-place one."
    )


def short_name(node: Node) -> str:
    """Return a node's name as torch's errors have it: `Pow1` for `PowBackward1`, no 0."""
    name = node.name()
    if name == "CopySlices":
        return "torch::autograd::CopySlices"
    before, _, number = name.rpartition("Backward")
    return before + number.removesuffix("0") if before else name
