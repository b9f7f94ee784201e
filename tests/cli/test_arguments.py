"""Whose words are whose: gradstep's options, the script, the script's own."""

from __future__ import annotations

import pytest

from gradstep.cli.arguments import Arguments, UsageError, parse


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("train.py", Arguments("debug", "train.py")),
        ("train.py -b x --run", Arguments("debug", "train.py", ("-b", "x", "--run"))),
        ("--run train.py record", Arguments("debug", "train.py", ("record",), run=True)),
        (
            "-b step -b op:add train.py",
            Arguments("debug", "train.py", breakpoints=("step", "op:add")),
        ),
        ("-bstep x.py", Arguments("debug", "x.py", breakpoints=("step",))),
        ("--steps 3 --detail=events x.py", Arguments("debug", "x.py", steps=3, detail="events")),
        ("-m pkg.train --lr 1", Arguments("debug", "pkg.train", ("--lr", "1"), module=True)),
        ("--record out.gradstep x.py", Arguments("debug", "x.py", record="out.gradstep")),
        ("-- -odd.py -m", Arguments("debug", "-odd.py", ("-m",))),
        ("./demo --help", Arguments("debug", "./demo", ("--help",))),
        ("demo", Arguments("demo")),
        ("demo two_scalars --run", Arguments("demo", "two_scalars", run=True)),
        ("--run demo two_scalars", Arguments("demo", "two_scalars", run=True)),
        ("record -o a x.py -o b", Arguments("record", "x.py", ("-o", "b"), output="a")),
        ("record -m pkg x", Arguments("record", "pkg", ("x",), module=True)),
        ("open run.gradstep", Arguments("open", file="run.gradstep")),
        ("export f", Arguments("export", file="f")),
        (
            "export f --values --format jsonl -o out",
            Arguments("export", file="f", values=True, output="out"),
        ),
        ("export --format jsonl f", Arguments("export", file="f")),
        ("export f --losses csv", Arguments("export", file="f", losses=True)),
    ],
)
def test_words_go_where_they_belong(line: str, meant: Arguments) -> None:
    assert parse(line.split()) == meant


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "give a script"),
        ("--run", "give a script"),
        ("-m", "give a module after -m"),
        ("record", "give a script to record"),
        ("--stesp 3 x.py", "unrecognized arguments: --stesp"),
        ("--steps x.py", "'x.py' is not a number of steps"),
        ("--steps 0 x.py", "'0' is not a number of steps"),
        ("--detail all x.py", "invalid choice: 'all'"),
        ("--engine jax x.py", "invalid choice: 'jax'"),
        ("-b", "argument -b: expected one argument"),
        ("open", "open: the following arguments are required: FILE"),
        ("open a b", "open: unrecognized arguments: b"),
        ("export --format csv f", "'csv' is not available yet"),
        ("export --losses json f", "'json' is no format of losses; there is csv"),
        ("export --losses csv --values f", "--values belongs to the events"),
        ("export --format dot f", "'dot' is not available yet"),
        ("export --format jsnl f", "did you mean jsonl?"),
        ("check x.py", "'check' is not available yet"),
        ("record --run x.py", "record: unrecognized arguments: --run"),
    ],
)
def test_what_is_wrong_is_said(line: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(line.split())
    assert message in str(caught.value)


@pytest.mark.parametrize("line", ["--help", "--version", "record --help", "demo -h", "open -h"])
def test_help_is_printed(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(line.split()) is None
    out = capsys.readouterr().out
    assert out.startswith(("usage: gradstep", "gradstep 0."))
    assert "check" not in out
    assert max(map(len, out.splitlines())) <= 100
