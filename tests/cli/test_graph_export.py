"""`gradstep export --graph dot`: the graph of one iteration."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from gradstep.cli.arguments import UsageError, parse
from gradstep.cli.export import export
from gradstep.graph_export import NoGraphError, dot_lines
from gradstep.trace.reader import Trace
from tests.views.conftest import scalars
from tests.views.test_graph_modules import blocks
from tests.views.tracing import TraceBuilder

STRING = r'"(?:[^"\\]|\\.)*"'
ATTRIBUTES = rf"\[(?:\w+=(?:{STRING}|\w+)(?:, |(?=\])))+\]"
STATEMENT = rf"(?:\w+=(?:{STRING}|\w+)|\w+(?: -> \w+)?(?: {ATTRIBUTES})?)"
LINE = re.compile(rf"\s*(?:digraph \{{|subgraph \w+ \{{|\}}|{STATEMENT};(?: {STATEMENT};)*)")


def dot_of(path: Path, at: int = 0) -> str:
    with Trace.open(path) as trace:
        run = trace.run()
        return "".join(dot_lines(run.at(at or run.head)))


def assert_is_dot(text: str) -> None:
    """Hold every statement against the grammar, and count the braces."""
    for line in text.splitlines():
        assert LINE.fullmatch(line), line
    outside = re.sub(STRING, "", text)
    assert outside.count("{") == outside.count("}")
    named = set(re.findall(r"^\s*(\w+) \[label=", text, re.MULTILINE))
    joined = re.findall(r"(\w+) -> (\w+)", outside)
    assert {end for edge in joined for end in edge} <= named


def test_ops_parameters_and_gradients(tmp_path: Path) -> None:
    scalars(tmp_path / "run.gradstep").close()
    text = dot_of(tmp_path / "run.gradstep")
    assert_is_dot(text)
    assert '[label="mul\\n[1]\\n|grad| 1.000"];' in text
    assert '[label="add: z\\n[1]\\n|grad| 1.000"];' in text
    assert 't1 [label="x\\n[1]\\n|grad| 2.400", shape=box];' in text
    assert text.count(" -> ") == 5


def test_only_what_has_run_is_there(tmp_path: Path) -> None:
    scalars(tmp_path / "run.gradstep").close()
    with Trace.open(tmp_path / "run.gradstep") as trace:
        seq = next(row.seq for row in trace.run().events(1, None, {"op"}) if row.name == "mul")
    text = dot_of(tmp_path / "run.gradstep", seq)
    assert_is_dot(text)
    assert len(re.findall(r"^  op\d+ \[", text, re.MULTILINE)) == 2
    assert "grad|" not in text
    with pytest.raises(NoGraphError, match="no operation of iteration 0 has run by event 1"):
        dot_of(tmp_path / "run.gradstep", 1)


def test_calls_of_modules_are_clusters(tmp_path: Path) -> None:
    blocks(tmp_path / "run.gradstep").close()
    text = dot_of(tmp_path / "run.gradstep")
    assert_is_dot(text)
    labels = re.findall(r"cluster_\w+ \{\n\s*label=\"([^\"]*)\"", text)
    assert labels == [name for n in range(3) for name in (f"blocks.{n}", f"blocks.{n}.mlp")]
    inner = text.split('label="blocks.1.mlp"')[1].split("}")[0]
    assert len(re.findall(r"op\d+ \[", inner)) == 3


def test_cuts_are_dashed_and_names_cannot_break_out(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "run.gradstep")
    w = b.tensor([2.0], 'w"; } \\', parameter=True)
    b.iteration = 1
    b.enter("forward", "forward")
    h, copy, loss = b.tensor([1.0], "h"), b.tensor([1.0], "copy"), b.tensor([1.0], "loss")
    relu = b.op("relu", [w], h, ["ReluBackward0"])
    cut = b.event("graph_cut", "detach", [("source", h), ("result", copy)])
    mul = b.op("mul", [w, copy], loss, ["MulBackward0"])
    b.leave("forward")
    b.enter("backward", "backward", tensors=[("root", loss)])
    b.leave("backward")
    b.done().close()
    text = dot_of(tmp_path / "run.gradstep")
    assert_is_dot(text)
    assert 'label="w\\"; } \\\\\\n[1]"' in text
    assert f"op{relu} -> op{cut} [style=dashed" in text
    assert f"op{cut} -> op{mul} [style=dashed" in text
    assert f"t{w.id} -> op{mul};" in text
    assert re.search(rf'op{relu} \[label="relu: h\\n\[1\]\\ncut off", color=', text)


def test_the_command_writes_a_file_and_refuses_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "run.gradstep", tmp_path / "graph.dot"
    scalars(path).close()

    def run(*words: str) -> int:
        arguments = parse(["export", *words, str(path)])
        assert arguments is not None
        return export(arguments)

    assert run("--graph", "dot", "-o", str(out)) == 0
    assert out.read_text(encoding="utf-8") == dot_of(path)
    assert run("--graph", "dot", "--at", "20") == 0
    assert capsys.readouterr().out == dot_of(path, 20)
    out.unlink()
    with pytest.raises(UsageError, match="there is no event 9999; the run's last is"):
        run("--graph", "dot", "--at", "9999", "-o", str(out))
    with pytest.raises(UsageError, match="has run by event 1; --at chooses another event"):
        run("--graph", "dot", "--at", "1", "-o", str(out))
    assert not out.exists()


def test_graphviz_is_not_needed(
    tmp_path: Path, python: str, child_environment: dict[str, str]
) -> None:
    path = tmp_path / "run.gradstep"
    scalars(path).close()
    done = subprocess.run(
        [python, "-m", "gradstep", "export", "--graph", "dot", str(path)],
        env={**child_environment, "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == dot_of(path)
