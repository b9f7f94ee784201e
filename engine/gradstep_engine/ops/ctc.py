"""Connectionist temporal classification: the likelihood of labels without an alignment."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op


class CtcLoss(Op):
    """−log Σ over alignments π of target l: Π_t p_t(π_t) (Graves et al., 2006).

    With l' the labels with blanks around them, α and β the forward and backward variables in
    logarithms: loss = −log Σ e^(α_T) over the last two places,
    ∂/∂x[t, c] = grad (e^(x[t, c]) − Σ_{s: l'_s = c} e^(α_t(s) + β_t(s) − x[t, c] + loss)).
    The first term is that of the softmax the logarithms came from, as in PyTorch.

    Shapes: x (T, N, C), targets (N, S), lengths (N); the result is (N).
    """

    op_name = "ctc_loss"
    node_name = "CtcLossBackward0"
    saves = (0,)
    fresh = True

    def forward(
        self,
        x: Any,
        targets: Any,
        input_lengths: Any,
        target_lengths: Any,
        blank: int,
        zero_infinity: bool,
    ) -> Any:
        padding = np.arange(targets.shape[1]) >= target_lengths[:, None]
        targets = np.where(padding, blank, targets)
        places = np.full((len(targets), 2 * targets.shape[1] + 1), blank)
        places[:, 1::2] = targets
        # A blank may be passed over between two different labels.
        skips = np.zeros(places.shape, bool)
        skips[:, 3::2] = targets[:, 1:] != targets[:, :-1]
        self.places, self.skips = places, skips
        self.lengths = input_lengths, target_lengths
        alphas = self._forward_variables(x)
        batch = np.arange(len(places))
        end = 2 * target_lengths
        last = alphas[np.maximum(input_lengths - 1, 0), batch]
        before_end = np.where(end > 0, last[batch, np.maximum(end - 1, 0)], -np.inf)
        losses = -np.logaddexp(last[batch, end], before_end)
        # Without a single step only the empty target is possible.
        losses = np.where(input_lengths > 0, losses, np.where(end > 0, np.inf, 0))
        losses = losses.astype(x.dtype)
        self.zeroed = np.isinf(losses) & zero_infinity
        self.saved = x, alphas, losses
        return np.where(self.zeroed, x.dtype.type(0), losses)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, alphas, losses = self.saved
        together = alphas + self._backward_variables(x) - self._at_places(x) + losses[:, None]
        steps, batch, _ = x.shape
        posteriors = np.zeros_like(x)
        t, n = np.ogrid[:steps, :batch]
        for s in range(self.places.shape[1]):
            posteriors[t, n, self.places[:, s]] += np.exp(together[:, :, s])
        result = np.exp(x) - posteriors
        result *= grad[:, None]
        result[np.arange(steps)[:, None] >= self.lengths[0]] = 0
        result[:, self.zeroed] = 0
        return result

    def _at_places(self, x: Any) -> Any:
        """Return x at the class of every place: (T, N, 2S + 1)."""
        return np.take_along_axis(x, np.broadcast_to(self.places, (len(x), *self.places.shape)), 2)

    def _forward_variables(self, x: Any) -> Any:
        emitted = self._at_places(x)
        alphas = np.full(emitted.shape, -np.inf, dtype=x.dtype)
        if len(x):
            alphas[0, :, :2] = emitted[0, :, :2]
        for t in range(1, len(x)):
            alphas[t] = _entered(alphas[t - 1], self.skips) + emitted[t]
        return alphas

    def _backward_variables(self, x: Any) -> Any:
        """Return β, mirrored: a walk back from the last place is one forward from the first."""
        steps, ends = self.lengths[0], 2 * self.lengths[1]
        emitted = self._at_places(x)
        betas = np.full(emitted.shape, -np.inf, dtype=x.dtype)
        left = np.zeros_like(self.skips)
        left[:, :-2] = self.skips[:, 2:]
        batch = np.arange(len(ends))
        start = np.full(self.places.shape, -np.inf, dtype=x.dtype)
        start[batch, ends] = 0
        start[batch, np.maximum(ends - 1, 0)] = 0
        after = np.full(self.places.shape, -np.inf, dtype=x.dtype)
        for t in range(len(x) - 1, -1, -1):
            reached = _entered(after[:, ::-1], left[:, ::-1])[:, ::-1]
            reached = np.where((steps - 1 == t)[:, None], start, reached)
            after = betas[t] = reached + emitted[t]
        return betas


def _entered(before: Any, skips: Any) -> Any:
    """Return the logarithm of what comes to each place from itself, the last one and the next."""
    result = before.copy()
    result[:, 1:] = np.logaddexp(result[:, 1:], before[:, :-1])
    passed = np.where(skips[:, 2:], before[:, :-2], -np.inf)
    result[:, 2:] = np.logaddexp(result[:, 2:], passed)
    return result
