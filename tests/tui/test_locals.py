"""The rows of the Locals tab."""

from __future__ import annotations

from pathlib import Path

from gradstep.views.named import tensor_row
from gradstep.views.text import plain
from tests.views.conftest import scalars
from tests.views.tracing import find


def test_a_parameter_shows_its_gradient_and_ops_have_no_row(tmp_path: Path) -> None:
    with scalars(tmp_path / "scalars.gradstep") as trace:
        done = find(trace, "phase_exited", "backward")
        names = done.names_to_tensors(of_ops=False)
        assert set(names) == {"x", "y", "z"}
        row = plain([tensor_row(done, "x", names["x"])])
        assert row.split() == ["x", "f32[1]", "1.0000", ".grad", "6.0000"]
        cleared = find(trace, "phase_entered", "forward", nth=2)
        assert plain([tensor_row(cleared, "x", names["x"])]).endswith(".grad None")
