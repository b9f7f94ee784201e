"""Cards of ops that NaN and infinity went through: no false alarm, no error, and no warning."""

from __future__ import annotations

import warnings
from pathlib import Path

from gradstep.views.explain import Card, explain
from gradstep.views.text import plain
from tests.provenance.recorded import record

SCRIPT = """\
import torch
import torch.nn.functional as F

for bad in (float("nan"), float("inf")):
    def a(*shape):
        made = torch.full(shape, 0.5)
        made.reshape(-1)[0] = bad
        return made.requires_grad_()

    q = a(1, 2, 2, 3)
    results = [
        torch.relu(a(3)), a(4).max(), a(4).min(), a(2, 3).amax(1), a(3).clamp(max=float("nan")),
        torch.maximum(a(3), torch.ones(3)), a(3).sort().values, a(3).abs(), a(3).prod(),
        torch.logaddexp(a(3), a(3)), torch.sin(a(3)), torch.matrix_exp(a(2, 2)), a(3).cumprod(0),
        F.scaled_dot_product_attention(q, q, q), F.cross_entropy(a(2, 3), torch.tensor([0, 1])),
        F.l1_loss(a(3), torch.zeros(3)), F.normalize(a(3), dim=0), torch.lerp(a(3), a(3), 0.5),
        a(3) / 0, a(3) * 0, a(3).std(), F.softmax(a(3), 0), F.kl_div(a(3), torch.ones(3)),
    ]
    sum((one * 1.5).sum() for one in results).backward()
"""


def test_nan_and_infinity_make_no_false_alarm(
    tmp_path: Path, child_environment: dict[str, str]
) -> None:
    found: dict[str, list[Card]] = {}
    with record(tmp_path, SCRIPT, child_environment) as trace, warnings.catch_warnings():
        warnings.simplefilter("error")
        run = trace.run()
        for row in run.events(1, None, ("op", "node")):
            found.setdefault(row.name, []).append(explain(run.at(row.seq), width=100))
    wrong = [plain(one.lines) for cards in found.values() for one in cards if one.matches is False]
    assert not wrong
    assert {"matrix_exp", "LinalgMatrixExpBackward0", "SortBackward0"} <= found.keys()
    for name in ("relu", "ReluBackward0", "max", "MaxBackward1", "MulBackward0", "softmax"):
        assert found[name][0].matches is True, f"{name}: its formula holds for NaN too"
    text = plain(found["SortBackward0"][0].lines)
    assert "not worked out: NaN or infinity takes part" in text
    assert "recorded is not" not in text
