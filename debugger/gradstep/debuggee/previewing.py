"""What the next step would do to every parameter, worked out where the tensors are.

The screen works small recorded tensors out by itself; this is for those that are too large for
that, or whose contents are not recorded. Also a check of an update of such a tensor, at a sample.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from gradstep.debuggee import adapter
from gradstep.debuggee.optimizers import hyperparameters, rule_of
from gradstep.trace.detail import jsonable
from gradstep.updates.check import compare, sampled, stride
from gradstep.updates.preview import figures
from gradstep.updates.rules import RULES

if TYPE_CHECKING:
    from gradstep.debuggee.recorder import Recorder
    from gradstep_engine.events import Updated

CHECKED: Final = adapter.CONTENT_ELEMENTS
"""Updates of parameters with more elements are checked when they happen: no contents are kept."""


def preview(recorder: Recorder) -> dict[str, Any]:
    """Return figures by optimizer and parameter, for each that has a gradient and a formula."""
    found: dict[str, Any] = {}
    for number, optimizer in recorder.optimizers.live():
        rule = RULES.get(rule_of(optimizer))
        if rule is None:
            continue
        for group in optimizer.param_groups:
            hyper = hyperparameters(group)
            for leaf in group["params"]:
                if leaf.grad is not None:
                    state = _arrays(optimizer.state.get(leaf, {}))
                    made = figures(rule, leaf._array, leaf.grad._array, hyper, state)
                    found[f"{number}:{leaf.uid}"] = jsonable(asdict(made))
    return found


def check_of(recorder: Recorder, event: Updated) -> dict[str, Any] | None:
    """Compare an update with its formula at a sample of the elements, None where that is later.

    Raises nothing: an optimizer without a formula gives None.
    """
    size = event.parameter._array.size
    rule = RULES.get(rule_of(event.optimizer))
    if recorder.detail != "values" or size <= CHECKED or rule is None:
        return None
    state = {name: sampled(array, size) for name, array in _arrays(event.state_before).items()}
    arrays = [tensor._array for tensor in (event.before, event.grad, event.parameter)]
    if len({array.shape for array in arrays}) > 1:
        return None
    value, grad, after = (sampled(array, size) for array in arrays)
    hyper = hyperparameters(event.hyper)
    made = compare(rule, arrays[0].dtype.name, value, grad, hyper, state, after)
    worst = made.worst * stride(size) if made.worst >= 0 else -1
    checked: dict[str, Any] = jsonable({**asdict(made), "elements": size, "worst": worst})
    return checked


def _arrays(state: Any) -> dict[str, Any]:
    """Return the numbers and arrays of a parameter's state by name."""
    plain = {name: getattr(entry, "_array", entry) for name, entry in state.items()}
    return {
        name: entry
        for name, entry in plain.items()
        if isinstance(entry, (int, float)) or hasattr(entry, "dtype")
    }
