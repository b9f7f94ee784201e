"""Cross-entropy inside: the logarithms of the shares, what they are weighted with, the average."""

from __future__ import annotations

from gradstep.views.formulas.call import Array, Unknown
from gradstep.views.formulas.inside.tape import Tape, Value


def cross_entropy(t: Tape) -> Value:
    """Work out what stands between the logits and the loss."""
    import numpy as np

    a, y = t.leaf(0, "a"), t.leaf(1, "y")
    dim = int(a.array.ndim > 1)
    shifted = a.array - a.array.max(axis=dim, keepdims=True)
    array = shifted - np.log(np.exp(shifted).sum(axis=dim, keepdims=True))
    logs = t.step("lp", "LogSoftmax", "log_softmax", "a − ln Σ e^a", array, a, dim=dim)
    smoothing = t.option("label_smoothing", 0)
    if y.array.shape == a.array.shape:
        return _shares(t, logs, y, dim, smoothing)
    if not smoothing:
        return _nll(t, logs, y)
    exact = _nll(t, logs, y)
    counted = y.array != t.option("ignore_index", -100)
    weighted = logs
    if t.has(2):
        per_class = t.leaf(2, "w").array.reshape(-1, *(1,) * max(a.array.ndim - 2, 0))
        weighted = t.mul("v", logs, Value("w", per_class))
    turned = t.neg("n", t.sum("s", weighted, dim))
    spread = t.mul("k", turned, Value("kept", counted.astype(float)))
    reduction = str(t.call.option("reduction", "mean"))
    if reduction != "none":
        spread = t.sum("Σk", spread)
    if reduction == "mean":
        spread = t.div("m", spread, _divisor(t, y.array, counted))
    share = smoothing / a.array.shape[dim]
    return t.add("out", t.mul("p", exact, 1 - smoothing), t.mul("q", spread, share))


def _divisor(t: Tape, targets: Array, counted: Array) -> float:
    if not t.has(2):
        return float(counted.sum())
    return float(t.leaf(2, "w").array[targets[counted].astype(int)].sum())


def _nll(t: Tape, logs: Value, y: Value) -> Value:
    import numpy as np

    ignored = int(t.option("ignore_index", -100))
    counted = y.array != ignored
    safe = np.where(counted, y.array, 0).astype(int)
    wide = logs.array if logs.array.ndim > 1 else logs.array[None]
    picked = -np.take_along_axis(wide, np.expand_dims(np.atleast_1d(safe), 1), 1).squeeze(1)
    if np.ndim(safe) == 0:
        picked = picked[0]
    weights = np.where(counted, t.leaf(2, "w").array[safe] if t.has(2) else 1.0, 0.0)
    reduction = str(t.call.option("reduction", "mean"))
    found = picked * weights
    if reduction != "none":
        found = found.sum() / (weights.sum() if reduction == "mean" else 1.0)
    given = [logs, y, *([t.leaf(2, "w")] if t.has(2) else [])]
    return t.step(
        "nll", "NllLoss", "nll_loss", f"{'' if reduction == 'none' else reduction + ' of '}−lp[y]",
        found, *given, reduction=reduction, ignore_index=ignored,
    )  # fmt: skip


def _shares(t: Tape, logs: Value, y: Value, dim: int, smoothing: float) -> Value:
    if smoothing:
        classes = logs.array.shape[dim]
        y = t.add("z", t.mul("c", y, 1 - smoothing), smoothing / classes)
    products = t.mul("p", logs, y)
    if t.has(2):
        per_class = t.leaf(2, "w").array.reshape(-1, *(1,) * max(logs.array.ndim - 2, 0))
        products = t.mul("v", products, Value("w", per_class))
    reduction = str(t.call.option("reduction", "mean"))
    if reduction == "none":
        return t.neg("out", t.sum("s", products, dim))
    total = t.neg("n", t.sum("s", products))
    if reduction == "sum":
        return total
    if reduction != "mean":
        raise Unknown("an unknown reduction")
    return t.div("out", total, float(logs.array.size // logs.array.shape[dim]))
