"""`backward` and `grad`: what users call to differentiate."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from gradstep_engine import events
from gradstep_engine.autograd import variable
from gradstep_engine.autograd.anomaly import Anomaly
from gradstep_engine.autograd.careful_walk import careful_walk
from gradstep_engine.autograd.node import AccumulateGrad, Node
from gradstep_engine.autograd.order import Root
from gradstep_engine.autograd.search import Captures, Search
from gradstep_engine.autograd.variable import TensorBase, Watched, wrap
from gradstep_engine.autograd.walk import walk
from gradstep_engine.missing import missing
from gradstep_engine.size import Size

_CYCLE = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter "
    "and its gradient which can cause a memory leak. We recommend using autograd.grad when "
    "creating the graph to avoid this. If you have to use this function, make sure to reset the "
    ".grad fields of your parameters to None after use to break the cycle and avoid the leak."
)


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    *,
    inputs: Any = None,
) -> None:
    """Accumulate the gradient of `tensors` into the leaves they were computed from.

    Args:
        tensors: one tensor or several; a scalar needs no seed.
        grad_tensors: seed gradients, each of its tensor's shape.
        retain_graph: keep saved arrays, so that backward can run again.
        create_graph: record the backward pass itself, so that gradients can be differentiated;
            it keeps the graph unless `retain_graph` is False.
        inputs: accumulate into these leaves only.

    Raises:
        RuntimeError: nothing to differentiate, or a non-scalar without a seed.
    """
    unwatched = events.listener is None and not Watched.leaves and not Anomaly.enabled
    ordinary = unwatched and grad_tensors is None and inputs is None and not create_graph
    if ordinary and tensors.__class__ is variable.public and tensors.grad_fn is not None:
        # What nearly every script does; the rest of this function says the same in general.
        start = (tensors.grad_fn, tensors.output_nr, _implicit_seed(tensors._array))
        walk([start], bool(retain_graph), tensors)
        return
    if create_graph:
        warnings.warn(_CYCLE, UserWarning, stacklevel=3)
    several = _listed(tensors)
    roots = _roots(several, grad_tensors, create_graph)
    search = None
    if inputs is not None:
        only = {_leaf_node(tensor) for tensor in _listed(inputs)}
        if not only:
            raise RuntimeError("`inputs` argument to `backward` cannot be empty.")
        search = Search(only=only)
    retain = create_graph if retain_graph is None else bool(retain_graph)
    if unwatched and search is None and not create_graph and _are_nodes(roots):
        walk(roots, retain, several[0])
    else:
        wanted = None if inputs is None else tuple(_listed(inputs))
        _told("backward", roots, retain, several, wanted, search, create_graph)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """Return the gradients of the sum of `outputs` by `inputs`; no `.grad` changes.

    Raises:
        RuntimeError: an input does not require grad or, without `allow_unused`, was not used.
    """
    if not only_inputs:
        # Scripts older than PyTorch 0.4 pass it; it changes nothing.
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To "
            "accumulate gradient for other parts of the graph, please use "
            "torch.autograd.backward.",
            FutureWarning,
            stacklevel=2,
        )
    if is_grads_batched:
        raise missing("autograd.grad(is_grads_batched=True)")
    several, wanted = _listed(outputs), _listed(inputs)
    captures: Captures = {}
    for position, tensor in enumerate(wanted):
        if not tensor.requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
        node = tensor.grad_fn or AccumulateGrad.of(tensor)
        captures.setdefault(node, {}).setdefault(tensor.output_nr, []).append(position)
    search = Search(captures)
    retain = create_graph if retain_graph is None else bool(retain_graph)
    roots = _roots(several, grad_outputs, create_graph)
    _told("grad", roots, retain, several, tuple(wanted), search, create_graph)
    results: list[Any] = []
    for position, tensor in enumerate(wanted):
        found = search.captured.get(position)
        if found is None and not allow_unused and not materialize_grads:
            raise RuntimeError(
                f"The differentiated Tensor at index {position} appears to not have been used in "
                "the graph. Set allow_unused=True if this is the desired behavior."
            )
        if found is None:
            results.append(wrap(np.zeros_like(tensor._array)) if materialize_grads else None)
        else:
            results.append(found if create_graph else wrap(np.array(found)))
    return tuple(results)


def _listed(tensors: Any) -> list[Any]:
    return [tensors] if isinstance(tensors, TensorBase) else list(tensors)


def _are_nodes(roots: list[Root]) -> bool:
    """Return whether no root is a leaf: then there is nothing to walk."""
    return AccumulateGrad not in [node.__class__ for node, _, _ in roots]


def _leaf_node(tensor: Any) -> Node:
    if tensor.grad_fn is not None:
        raise missing("backward(inputs=...) for tensors that are not leaves")
    if not tensor._requires_grad:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    return AccumulateGrad.of(tensor)


def _roots(tensors: list[Any], seeds: Any, as_tensors: bool) -> list[Root]:
    """Return where to start, with the seeds as arrays or, for `create_graph`, as tensors."""
    if seeds is None:
        return [_root(tensor, None, i, as_tensors) for i, tensor in enumerate(tensors)]
    given = [seeds] if isinstance(seeds, TensorBase) else list(seeds)
    given += [None] * (len(tensors) - len(given))
    return [_root(tensor, given[i], i, as_tensors) for i, tensor in enumerate(tensors)]


def _root(tensor: Any, seed: Any, position: int, as_tensor: bool) -> Root:
    """Return where to start from one tensor, the one at `position`."""
    array = tensor._array
    node = tensor.grad_fn
    if node is None:
        if not tensor._requires_grad:
            raise RuntimeError(
                f"element {position} of tensors does not require grad and does not have a grad_fn"
            )
        node = AccumulateGrad.of(tensor)
    if seed is None:
        start = _implicit_seed(array)
        return node, tensor.output_nr, wrap(start) if as_tensor else start
    _check_seed(seed, array, position)
    return node, tensor.output_nr, seed if as_tensor else seed._array


def _implicit_seed(array: Any) -> Any:
    if array.size != 1:
        raise RuntimeError("grad can be implicitly created only for scalar outputs")
    if not array.shape:
        return array.dtype.type(1)
    seed = np.empty(array.shape, array.dtype)
    seed.fill(1)
    return seed


def _check_seed(seed: Any, array: Any, position: int) -> None:
    if seed._array.shape != array.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{position}] has a shape of {Size(seed._array.shape)} "
            f"and output[{position}] has a shape of {Size(array.shape)}."
        )


def _told(
    name: str,
    roots: list[Root],
    retain_graph: bool,
    tensors: list[Any],
    wanted: tuple[Any, ...] | None,
    search: Search | None,
    create_graph: bool,
) -> None:
    """Walk, and tell the listener where it begins and ends."""
    listener = events.listener
    root = tensors[0]
    if listener is None:
        careful_walk(roots, retain_graph, root, search, create_graph)
        return
    others = tuple(tensors[1:])
    listener(events.PhaseEntered("backward", name, root=root, others=others, wanted=wanted))
    error: BaseException | None = None
    try:
        careful_walk(roots, retain_graph, root, search, create_graph)
    except BaseException as raised:
        error = raised
        raise
    finally:
        if events.listener is not None:
            events.listener(events.PhaseExited("backward", name, root=root, error=error))
