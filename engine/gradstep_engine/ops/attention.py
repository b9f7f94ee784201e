"""Attention: weights that tell how much of each value every query gets."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.dropout import kept
from gradstep_engine.ops.joining import Stack


@lru_cache(maxsize=16)
def causal_mask(queries: int, keys: int, dtype: Any) -> Any:
    """Return what to add to (L, S) scores so that no query sees a later key."""
    mask = np.triu(np.full((queries, keys), -np.inf, dtype), 1)
    mask.flags.writeable = False
    return mask


class Attention(Op):
    """Y = (P ∘ D) V with P = softmax(scale · Q Kᵀ + mask) along keys (Vaswani et al., 2017).

    D is dropout's mask (all ones without). With dP = (grad Vᵀ) ∘ D:
    ∂/∂V = (P ∘ D)ᵀ grad, ∂/∂mask = dS = P ∘ (dP − Σ_keys P ∘ dP), ∂/∂Q = scale · dS K,
    ∂/∂K = scale · dSᵀ Q.  A query that may see no key at all gets zeros.

    Shapes: Q (..., L, E), K (..., S, E), V (..., S, F), mask broadcasts to (..., L, S).
    """

    op_name = "scaled_dot_product_attention"
    node_name = "ScaledDotProductFlashAttentionForCpuBackward0"
    saves = (0, 1, 2)
    fresh = True

    def forward(
        self,
        q: Any,
        k: Any,
        v: Any,
        mask: Any = None,
        *,
        scale: float,
        is_causal: bool = False,
        dropout_p: float = 0.0,
    ) -> Any:
        if q.ndim != 4 or dropout_p:
            self.node_name = "UnsafeViewBackward0"
        self.scale = scale
        self.added = causal_mask(q.shape[-2], k.shape[-2], q.dtype) if is_causal else mask
        weights = np.matmul(q * q.dtype.type(scale), k.swapaxes(-1, -2))
        if self.added is not None:
            weights += self.added
        top = np.maximum.reduce(weights, axis=-1, keepdims=True, initial=-np.inf)
        self.blind = None
        if mask is not None:
            blind = np.isneginf(top)
            if blind.any():
                self.blind = blind
                top[blind] = 0
        weights -= top
        np.exp(weights, out=weights)
        total = np.add.reduce(weights, axis=-1, keepdims=True)
        if self.blind is not None:
            total[self.blind] = 1
        weights /= total
        self.dropped = None
        used = weights
        if dropout_p:
            scale = 1 / (1 - dropout_p) if dropout_p < 1 else 0
            self.dropped = kept(weights, dropout_p, False) * q.dtype.type(scale)
            used = weights * self.dropped
        self.saved = q, k, v, weights
        # In the memory order of Q, so that joining the heads again copies nothing.
        out = np.empty_like(q) if q.shape[-1] == v.shape[-1] else None
        return np.matmul(used, v, out=out)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        q, k, v, weights = self.saved
        grad_q = grad_k = grad_v = None
        if self.edges[2] is not None:
            used = weights if self.dropped is None else weights * self.dropped
            grad_v = np.matmul(used.swapaxes(-1, -2), grad, out=np.empty_like(v))
        scores = np.matmul(grad, v.swapaxes(-1, -2))
        if self.dropped is not None:
            scores *= self.dropped
        scores -= np.vecdot(scores, weights)[..., None]
        scores *= weights
        if self.edges[0] is not None:
            grad_q = np.matmul(scores, k, out=np.empty_like(q))
            grad_q *= self.scale
        if self.edges[1] is not None:
            grad_k = np.matmul(scores.swapaxes(-1, -2), q, out=np.empty_like(k))
            grad_k *= self.scale
        if len(self.edges) == 3:
            return grad_q, grad_k, grad_v
        return grad_q, grad_k, grad_v, scores if self.edges[3] is not None else None

    def backward_tensors(self, grad: Any) -> Any:
        q, k, v = self.input(0), self.input(1), self.input(2)
        scores = (q * self.scale) @ k.transpose(-1, -2)
        masked = len(self.edges) == 4
        if self.added is not None:
            scores = scores + (self.placed(self.added, 3) if masked else wrap(self.added))
        if self.blind is not None:
            scores = scores.masked_fill(wrap(self.blind), 0.0)
        weights = scores.softmax(-1)
        if self.blind is not None:
            weights = weights.masked_fill(wrap(self.blind), 0.0)
        arrived = grad @ v.transpose(-1, -2)
        used = weights
        if self.dropped is not None:
            dropped = wrap(self.dropped)
            used, arrived = weights * dropped, arrived * dropped
        inner = weights * (arrived - (arrived * weights).sum(-1, keepdim=True))
        grads = (
            inner @ k * self.scale if self.needs(0) else None,
            inner.transpose(-1, -2) @ q * self.scale if self.needs(1) else None,
            used.transpose(-1, -2) @ grad if self.needs(2) else None,
        )
        return (*grads, inner if self.needs(3) else None) if masked else grads


class SplitHeads(Op):
    """(A, B, parts · H · E) to `parts` views (N, H, L, E); ∂/∂x = the gradients joined again.

    `order` says which of the first two dimensions becomes N, the batch.
    """

    op_name = "split_heads"
    node_name = "UnbindBackward0"
    view = True

    def forward(self, x: Any, *, parts: int, heads: int, order: tuple[int, int]) -> Any:
        first, second, width = x.shape
        self.order = (*order, 2, 3)
        split = x.reshape(first, second, parts, heads, width // (parts * heads))
        self.whole = split.shape
        batch, length = order
        placed = split.transpose(2, batch, 3, length, 4)
        return tuple(placed[i] for i in range(parts)) if parts > 1 else placed[0]

    def backward(self, *grads: Any) -> Any:
        first, second, parts, heads, size = self.whole
        known = next(grad for grad in grads if grad is not None)
        joined = np.empty(self.whole, known.dtype)
        for position, grad in enumerate(grads):
            target = joined[:, :, position]
            if grad is None:
                target[...] = 0
            else:
                target.transpose(self.order[0], 2, self.order[1], 3)[...] = grad
        return (joined.reshape(first, second, parts * heads * size),)

    def backward_tensors(self, *grads: Any) -> Any:
        first, second, parts, heads, size = self.whole
        known = next(grad for grad in grads if grad is not None)
        # (N, H, L, E) back to (first, second, H, E).
        back = (0, 2, 1, 3) if self.order[0] == 0 else (2, 0, 1, 3)
        zero = known * 0
        pieces = [(zero if grad is None else grad).permute(back) for grad in grads]
        joined = apply(Stack, *pieces, dim=2)
        return (joined.reshape(first, second, parts * heads * size),)
