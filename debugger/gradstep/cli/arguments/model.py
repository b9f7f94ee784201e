"""What a command line says, once it is understood."""

from __future__ import annotations

from dataclasses import dataclass, field


class UsageError(Exception):
    """The command line cannot be understood; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The command line, understood. `script` is also the scenario of `demo`; `file` a trace."""

    command: str
    script: str = ""
    args: tuple[str, ...] = ()
    module: bool = False
    breakpoints: tuple[str, ...] = ()
    detail: str = ""
    engine: str = "auto"
    python: str = ""
    record: str = ""
    run: bool = False
    steps: int = 0
    file: str = ""
    output: str = ""
    force: bool = False
    values: bool = False
    losses: bool = False
    graph: str = ""
    at: int = 0
    other: str = ""
    screen: bool = False
    json: bool = False
    ascii: bool = False
    loss: int = 1
    worst: bool = False
    teach: bool = False
    rtol: float | None = None
    atol: float = 0.0
    edit: bool = False
    init: bool = False
    web: bool = False
    port: int = 0
    words: tuple[str, ...] = field(default=(), compare=False)
