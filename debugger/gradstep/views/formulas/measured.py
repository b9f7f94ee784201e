"""Gradients of ops without a short formula: slopes measured by working the op out again nearby.

One element of an argument is moved a little both ways; each output's slope, times the gradient
that came in for it, is a term of the sum that the chain rule asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.results.sequences import run_layer
from gradstep.views.formulas.results.whole import exponential
from gradstep.views.formulas.rule import Rule, Worked, number, product, summed

STEP: Final = 1e-4
"""How far the element is moved, in units of its own size where that is above one."""

MOST_WORK: Final = 60_000
"""An op on more elements than this is not worked out four times over for one of them."""

Outputs = Sequence[Array]
Again = Callable[[Call, list[Array]], Outputs]


def _measured(again: Again) -> Callable[[Call, int, Place], Worked]:
    def work(call: Call, position: int, place: Place) -> Worked:
        import numpy as np

        given = [np.asarray(a, float) if a is not None else None for a in call.arguments]
        if any(a is None for a in given):
            raise Unknown("contents not recorded")
        if sum(a.size for a in given if a is not None) > MOST_WORK:
            raise Unknown("too large to measure its slope")
        argument = given[position]
        assert argument is not None
        here = float(argument[place])
        step = STEP * max(1.0, abs(here))

        def at(distance: float) -> Outputs:
            moved = argument.copy()
            moved[place] = here + distance
            changed = [moved if i == position else a for i, a in enumerate(given)]
            try:
                return [np.asarray(o) for o in again(call, changed)]
            except np.linalg.LinAlgError:
                raise Unknown("no finite number comes out nearby") from None

        # Five points: what is left of the error is of the fourth order in the step.
        far, near, behind, back = at(2 * step), at(step), at(-step), at(-2 * step)
        grads, slopes = [], []
        for i, grad in enumerate(call.grad_outputs):
            if grad is None:
                continue
            slope = (8 * (near[i] - behind[i]) - (far[i] - back[i])) / (12 * step)
            coarse = (near[i] - behind[i]) / (2 * step)
            if np.abs(slope - coarse).max() > 1e-2 * max(1.0, float(np.abs(slope).max())):
                raise Unknown("a kink lies too near to measure its slope")
            grads.append(np.broadcast_to(grad, slope.shape).reshape(-1))
            slopes.append(slope.reshape(-1))
        left, right = np.concatenate(grads), np.concatenate(slopes)
        reach = float(np.abs(left).sum())
        told = np.flatnonzero((np.abs(right) > 1e-13) & (left != 0))
        left, right = left[told], right[told]
        found = summed(lambda i: product(number(left[i]), number(right[i])), left * right)
        # What was measured is not as exact as what was computed.
        rough = reach * 2e-2
        return Worked(f"{found.text}  (slopes measured)", found.value, found.scale + rough)

    return work


def _of_matrix(name: str, *parts: int) -> Again:
    def again(call: Call, given: list[Array]) -> Outputs:
        import numpy as np

        found = getattr(np.linalg, name)(given[0])
        return [found[i] for i in parts] if parts else [found]

    return again


def _lower(call: Call, given: list[Array]) -> Outputs:
    """Cholesky's factor of what counts of a matrix: its lower half, as the engine reads it."""
    import numpy as np

    a = given[0]
    symmetric = (a + np.swapaxes(a, -1, -2)) / 2
    return [np.linalg.cholesky(symmetric)]


def _solved(call: Call, given: list[Array]) -> Outputs:
    import numpy as np

    a, b = given
    vector = b.ndim == a.ndim - 1
    found = np.linalg.solve(a, b[..., None] if vector else b)
    return [found[..., 0] if vector else found]


def _sequence(call: Call, given: list[Array]) -> Outputs:
    return run_layer(call, given)


def _whole(forward: str, again: Again) -> Rule:
    return Rule(forward, ("grad_a = Σ grad_out · ∂out/∂a",), _measured(again))


_LAYER: Final = Rule(
    "out = the hidden state after each step of the sequence",
    (
        "grad_x = Σ grad_out · ∂out/∂x, back through the steps",
        "grad_W_ih = Σ grad_out · ∂out/∂W_ih, back through the steps",
        "grad_W_hh = Σ grad_out · ∂out/∂W_hh, back through the steps",
        "grad_in = Σ grad_out · ∂out/∂in, back through the steps",
    ),
    _measured(_sequence),
)

RULES: Final[Mapping[str, Rule]] = {
    "inv": _whole("out = a⁻¹", _of_matrix("inv")),
    "pinv": _whole("out = the pseudo-inverse of a", _of_matrix("pinv")),
    "det": _whole("out = the determinant of a", _of_matrix("det")),
    "slogdet": _whole("out = sign and logarithm of |det a|", _of_matrix("slogdet", 0, 1)),
    "cholesky": _whole("out = L, L·Lᵀ = a", _lower),
    "matrix_exp": _whole("out = e^a", lambda call, given: [exponential(given[0])]),
    **dict.fromkeys(("lstm", "gru", "rnn_tanh", "rnn_relu"), _LAYER),
}
"""By the name of the op: nodes of these bear names that say less."""

SOLVED: Final = Rule(
    "out = a⁻¹ b",
    ("grad_a = Σ grad_out · ∂out/∂a", "grad_b = Σ grad_out · ∂out/∂b"),
    _measured(_solved),
)
