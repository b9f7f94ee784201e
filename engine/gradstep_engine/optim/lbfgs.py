"""L-BFGS: Newton's method with an inverse Hessian estimated from the last steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradstep_engine import events
from gradstep_engine.optim.line_search import Trial, strong_wolfe
from gradstep_engine.optim.optimizer import Optimizer
from gradstep_engine.optim.parameterwise import (
    announce_update,
    check_learning_rate,
    copied_state,
    number_of,
)
from gradstep_engine.tensor import Tensor, wrap

LEAST_CURVATURE = 1e-10
"""Pairs with y · s below this are left out of the memory: the Hessian would not be positive."""


class LBFGS(Optimizer):
    """w ← w + t d, where d = −H g and H approximates the inverse Hessian.

        memory: s = change of w, y = change of g, ρ = 1 / (y · s), for the last `history_size` steps
        q ← −g;  for i from new to old:  α_i = ρ_i (s_i · q),  q ← q − α_i y_i
        d ← q · (y · s) / (y · y)  of the newest pair
        for i from old to new:  d ← d + (α_i − ρ_i (y_i · d)) s_i
        t = lr, or what a line search finds from there; first min(1, 1 / Σ|g|) · lr

    One `step` makes up to `max_iter` such moves and calls the closure for each. The state belongs
    to all parameters together and is kept with the first, as in PyTorch: `func_evals`, `n_iter`,
    `d`, `t`, `old_dirs` (y), `old_stps` (s), `ro` (ρ), `H_diag`, `prev_flat_grad`, `prev_loss`,
    `al` (α). The listener hears of every move of every parameter, also those that a line search
    tries and takes back.

    Source: Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 7.5; Schmidt's minFunc;
    PyTorch's documentation.

    Raises:
        ValueError: a hyper-parameter is out of range, or there are several groups.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_learning_rate(lr)
        super().__init__(
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list[Tensor]:
        parameters: list[Tensor] = self.param_groups[0]["params"]
        return parameters

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Move up to `max_iter` times.

        Args:
            closure: clears the gradients, computes the loss and its gradients, returns the loss.

        Returns:
            The loss before the first move.

        Raises:
            RuntimeError: the line search is not known.
        """
        group = self.param_groups[0]
        search, change = group["line_search_fn"], group["tolerance_change"]
        lr: Any = group["lr"]
        if isinstance(lr, Tensor):
            lr = number_of(lr)
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first_loss = self._evaluate(closure)
        loss, gradient = number_of(first_loss), self._flat_gradient()
        state["func_evals"] += 1
        if np.abs(gradient).max() <= group["tolerance_grad"]:
            return first_loss
        memory = _Memory(state, group["history_size"])
        evaluations = 1
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            is_first = state["n_iter"] == 1
            d = memory.direction(gradient, is_first)
            memory.gradient, memory.loss = gradient.copy(), loss
            before = loss
            t: Any = min(1.0, 1.0 / np.abs(gradient).sum()) * lr if is_first else lr
            memory.t = t
            slope = gradient.dot(d)
            if slope > -change:
                break
            count = 0
            if search is not None:
                if search != "strong_wolfe":
                    raise RuntimeError("only 'strong_wolfe' is supported")
                found, count = self._search(
                    closure, Trial(0, loss, gradient, slope), t, d, group["max_eval"] - evaluations
                )
                loss, gradient, t = found.loss, found.gradient, found.t
                memory.t = t
                self._move(t, d)
            else:
                self._move(t, d)
                if iteration != group["max_iter"]:  # nobody would look at the last one
                    loss, gradient = number_of(self._evaluate(closure)), self._flat_gradient()
                    count = 1
            evaluations += count
            state["func_evals"] += count
            if (
                evaluations >= group["max_eval"]
                or np.abs(gradient).max() <= group["tolerance_grad"]
                or np.abs(d * t).max() <= change
                or abs(loss - before) < change
            ):
                break
        memory.keep(state)
        return first_loss

    def _search(
        self, closure: Callable[[], Any], start: Trial, t: Any, d: Any, limit: int
    ) -> tuple[Trial, int]:
        """Search along `d` from where the parameters are; they end where they began."""
        origin = [np.array(parameter._array) for parameter in self._params]

        def evaluate(step: Any) -> tuple[float, Any]:
            self._move(step, d)
            loss, gradient = number_of(self._evaluate(closure)), self._flat_gradient()
            self._write(origin)
            return loss, gradient

        return strong_wolfe(evaluate, start, t, d, limit)

    def _flat_gradient(self) -> Any:
        """Return all gradients as one vector, zeros where there is none."""
        return np.concatenate(
            [
                np.zeros(parameter._array.size, parameter._array.dtype)
                if parameter._grad is None
                else np.ravel(parameter._grad._array)
                for parameter in self._params
            ]
        )

    def _move(self, t: Any, d: Any) -> None:
        """Add t · d to the parameters."""
        values, offset = [], 0
        for parameter in self._params:
            array = parameter._array
            part = d[offset : offset + array.size].reshape(array.shape)
            values.append(array + array.dtype.type(t) * part)
            offset += array.size
        self._write(values)

    def _write(self, values: list[Any]) -> None:
        """Give the parameters new values, and tell the listener of each that changes."""
        for index, (parameter, value) in enumerate(zip(self._params, values, strict=True)):
            array = parameter._writable()
            if events.listener is None:
                array[...] = value
                parameter._bump()
                continue
            before = wrap(np.array(array))
            state_before = copied_state(self.state.get(parameter, {}))
            array[...] = value
            parameter._bump()
            grad = parameter._grad
            if grad is None:
                if np.array_equal(array, before._array):
                    continue
                grad = wrap(np.zeros_like(array))  # what the method takes a missing one for
            announce_update(self, 0, index, grad, before, state_before)


class _Memory:
    """What a step knows of those before, as arrays; in the optimizer's state it is tensors."""

    def __init__(self, state: dict[str, Any], size: int) -> None:
        self.size = size
        self.d = _array(state.get("d"))
        self.t = _array(state.get("t"))
        self.gradient = _array(state.get("prev_flat_grad"))
        self.loss = state.get("prev_loss")
        self.scale = _array(state.get("H_diag", 1))
        self.changes = [_array(each) for each in state.get("old_dirs") or []]
        self.steps = [_array(each) for each in state.get("old_stps") or []]
        self.rhos = [_array(each) for each in state.get("ro") or []]
        kept = state.get("al")
        self.alphas = None if kept is None else [_array(each) for each in kept]

    def direction(self, gradient: Any, is_first: bool) -> Any:
        """Take in the last move and return −H · gradient; see `LBFGS`."""
        if is_first:
            self.changes, self.steps, self.rhos, self.scale = [], [], [], 1
            self.d = -gradient
            return self.d
        y, s = gradient - self.gradient, self.d * self.d.dtype.type(self.t)
        curvature = y.dot(s)
        if curvature > LEAST_CURVATURE:
            if len(self.steps) == self.size:
                for each in (self.changes, self.steps, self.rhos):
                    each.pop(0)
            self.changes.append(y)
            self.steps.append(s)
            self.rhos.append(1.0 / curvature)
            self.scale = curvature / y.dot(y)
        if self.alphas is None:
            self.alphas = [None] * self.size
        q = -gradient
        for i in reversed(range(len(self.steps))):
            self.alphas[i] = self.steps[i].dot(q) * self.rhos[i]
            q -= self.alphas[i] * self.changes[i]
        q *= self.scale
        for i, step in enumerate(self.steps):
            q += (self.alphas[i] - self.changes[i].dot(q) * self.rhos[i]) * step
        self.d = q
        return q

    def keep(self, state: dict[str, Any]) -> None:
        """Put everything into the optimizer's state, by torch's names."""
        if self.alphas is not None:
            state["al"] = [_tensor(each) for each in self.alphas]
        state["d"] = _tensor(self.d)
        state["t"] = _tensor(self.t)
        state["old_dirs"] = [_tensor(each) for each in self.changes]
        state["old_stps"] = [_tensor(each) for each in self.steps]
        state["ro"] = [_tensor(each) for each in self.rhos]
        state["H_diag"] = _tensor(self.scale)
        state["prev_flat_grad"] = _tensor(self.gradient)
        state["prev_loss"] = self.loss


def _array(value: Any) -> Any:
    """Return a vector as an array, a 0-d tensor as a number of numpy, anything else as it is."""
    if not isinstance(value, Tensor):
        return value
    array = value._array
    return array[()] if array.ndim == 0 else array


def _tensor(value: Any) -> Any:
    return wrap(np.array(value)) if isinstance(value, (np.ndarray, np.generic)) else value
