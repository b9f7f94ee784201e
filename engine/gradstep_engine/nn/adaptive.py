"""Softmax over many classes, most of them rare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gradstep_engine.nn import functional
from gradstep_engine.nn.containers import ModuleList, Sequential
from gradstep_engine.nn.linear import Linear
from gradstep_engine.nn.module import Module
from gradstep_engine.tensor import Tensor, wrap
from gradstep_engine.tensor.joins import cat


class _ASMoutput(NamedTuple):
    """What the loss returns: log-probabilities of the targets, and −their mean."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log-softmax in two steps: a head of frequent classes and clusters, then each cluster.

    Classes are ordered by falling frequency; cluster i projects to in_features / div_value^(i+1)
    features first (Grave et al., 2017).

    Raises:
        ValueError: the cutoffs are not increasing integers below the number of classes.
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        limits = list(cutoffs)
        if not limits:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        if (
            limits != sorted(set(limits))
            or limits[0] <= 0
            or limits[-1] > n_classes - 1
            or any(int(limit) != limit for limit in limits)
        ):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an "
                "increasing order, where each value is between 1 and n_classes-1"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*limits, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        made = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **made)
        self.tail = ModuleList()
        for i, (low, high) in enumerate(self._clusters()):
            hidden = int(in_features // div_value ** (i + 1))
            projection = Linear(in_features, hidden, bias=False, **made)
            self.tail.append(Sequential(projection, Linear(hidden, high - low, bias=False, **made)))

    def _clusters(self) -> list[tuple[int, int]]:
        return list(zip(self.cutoffs[:-1], self.cutoffs[1:], strict=True))

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        self.head.reset_parameters()
        for projection, output in self.tail:
            projection.reset_parameters()
            output.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        """Return the targets' log-probabilities and the loss: (N, in), (N) or (in), ().

        Raises:
            RuntimeError: shapes do not fit, or a target is no class.
        """
        labels = np.atleast_1d(target_._array)
        if input_.dim() not in (1, 2) or input_.dim() != target_.dim() + 1:
            raise RuntimeError(
                "0D or 1D target tensor expected, multi-target not supported"
                if target_.dim() > 1
                else "0D target tensor expects 1D input, 1D target tensor expects 2D input"
            )
        rows: Any = input_ if input_.dim() == 2 else input_.unsqueeze(0)
        if len(rows._array) != len(labels):
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if labels.size and not (labels.min() >= 0 and labels.max() < self.n_classes):
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{labels.min()}, {labels.max()}] were found. "
            )
        head: Any = functional.log_softmax(self.head(rows), dim=1)
        choice = labels.copy()  # which output of the head: the class itself, or its cluster
        parts, order = [], []
        for i, (low, high) in enumerate(self._clusters()):
            members = np.nonzero((labels >= low) & (labels < high))[0]
            choice[members] = self.shortlist_size + i
            if len(members):
                scores: Any = self.tail[i](rows.index_select(0, wrap(members)))
                within = wrap((labels[members] - low)[:, None])
                parts.append(functional.log_softmax(scores, dim=1).gather(1, within).squeeze(1))
                order.append(members)
        output: Any = head.gather(1, wrap(choice[:, None])).squeeze(1)
        if parts:
            places = np.concatenate(order)
            rest = np.setdiff1d(np.arange(len(labels)), places)
            parts.append(wrap(np.zeros(len(rest), dtype=output._array.dtype)))
            back = np.argsort(np.concatenate([places, rest]))
            output = output + cat(parts).index_select(0, wrap(back))
        loss = -output.mean()
        return _ASMoutput(output if input_.dim() == 2 else output.squeeze(0), loss)

    def log_prob(self, input: Tensor) -> Tensor:
        """Return the log-probabilities of all classes: (N, in) to (N, n_classes)."""
        head: Any = functional.log_softmax(self.head(input), dim=1)
        parts = [head[:, : self.shortlist_size]]
        for i in range(self.n_clusters):
            within: Any = functional.log_softmax(self.tail[i](input), dim=1)
            parts.append(within + head[:, self.shortlist_size + i].unsqueeze(1))
        logs: Tensor = cat(parts, 1)
        return logs

    def predict(self, input: Tensor) -> Tensor:
        """Return the most probable class of each row."""
        best: Tensor = self.log_prob(input).argmax(1)
        return best
