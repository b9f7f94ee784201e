"""What a user can ask and do while the script stands before an update."""

from __future__ import annotations

import ast
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gradstep.session.model import SessionError

Ask = Callable[..., Awaitable[Any]]
"""Sends a request to the paused script; raises SessionError where that cannot be done."""

Value = float | int | bool | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """Something that can be given another value.

    `what` is `hyper` (`name` of `group` of `optimizer`), or `value` or `grad`: an element, by
    default `index`, of `tensor`, which has `shape`. `label` is how a user would write it, `now` its
    present value, None where that is not recorded.
    """

    what: str
    label: str
    now: Any
    optimizer: int = 0
    group: int = 0
    name: str = ""
    tensor: int = 0
    index: tuple[int, ...] = ()
    shape: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """A value for a target, and the text that says so."""

    target: Target
    value: Value
    text: str

    @property
    def is_odd(self) -> bool:
        """Whether it writes NaN or an infinity, which is rarely meant."""
        items = self.value if isinstance(self.value, tuple) else (self.value,)
        return any(isinstance(item, float) and not math.isfinite(item) for item in items)


def read_edit(target: Target, text: str) -> Edit:
    """Read what a user typed for a target: `0.01`, or `[2,3] = 0.01` for another element.

    Raises:
        SessionError: it is no value, or there is no such element.
    """
    left, has_index, right = text.rpartition("=")
    index, label = target.index, target.label
    if has_index:
        if target.what == "hyper":
            raise SessionError(f"write only the new value of {target.name}")
        index = _index(left.strip(), target.shape)
        base = label.partition("[")[0]
        label = base + ("[" + ",".join(map(str, index)) + "]" if index else "")
    value = _value(right.strip())
    if target.what != "hyper" and (isinstance(value, (tuple, bool))):
        raise SessionError("an element is a number, such as 0.5, -1e-3 or nan")
    changed = Target(
        target.what, label, target.now, target.optimizer, target.group, target.name,
        target.tensor, index, target.shape,
    )  # fmt: skip
    return Edit(changed, value, f"{label} = {right.strip()}")


def _index(text: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    try:
        numbers = tuple(int(part) for part in text.strip("[]() ").split(",") if part.strip())
    except ValueError:
        raise SessionError(f"{text} is no index: write it as [2,3]") from None
    fits = len(numbers) == len(shape) and all(
        -size <= at < size for at, size in zip(numbers, shape, strict=True)
    )
    if not fits:
        sizes = ",".join(map(str, shape))
        raise SessionError(f"there is no element {text} in a tensor of shape [{sizes}]")
    return tuple(at % size for at, size in zip(numbers, shape, strict=True))


def _value(text: str) -> Value:
    if text.lower().lstrip("+-") in ("nan", "inf"):
        return float(text)
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        raise SessionError(f"{text or 'nothing'} is no number") from None
    if isinstance(found, (list, tuple)) and all(type(each) in (int, float) for each in found):
        return tuple(found)
    if type(found) in (int, float, bool):
        return found  # type: ignore[no-any-return]
    raise SessionError(f"{text} is no number")


def _wire(value: Value) -> Any:
    if isinstance(value, tuple):
        return [_wire(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


class AtStep:
    """Previews, skips and edits of a paused script; `revision` counts what changed here."""

    def __init__(self, ask: Ask) -> None:
        """Take how to ask the script."""
        self._ask = ask
        self._figures: Mapping[str, Mapping[str, Any]] | None = None
        self._seq = 0
        self.left_out: frozenset[int] = frozenset()
        self.skips_step = False
        self.revision = 0

    def figures(self, seq: int) -> Mapping[str, Mapping[str, Any]] | None:
        """Give what the script worked out at an event, None before it was asked."""
        return self._figures if seq == self._seq else None

    async def preview(self) -> None:
        """Have the script work out what the next step would do.

        Raises:
            SessionError: it is not paused, or does not exist.
        """
        answer = await self._ask("preview")
        self._figures, self._seq = answer["figures"], int(answer["seq"])
        self.revision += 1

    async def skip_step(self) -> None:
        """Have all that is left of the step that has begun left out.

        Raises:
            SessionError: no step has begun, or it cannot be left out.
        """
        self._take(await self._ask("skip", tensor=None, wanted=True))

    async def skip_parameter(self, tensor: int) -> bool:
        """Have a parameter left out of the step that has begun, or no longer; return which.

        Raises:
            SessionError: no step has begun, or it cannot leave out single parameters.
        """
        wanted = tensor not in self.left_out
        self._take(await self._ask("skip", tensor=tensor, wanted=wanted))
        return wanted

    async def edit(self, edit: Edit, *, accept: bool = False) -> None:
        """Write a value; `accept` NaN and infinities.

        Raises:
            SessionError: it cannot be written; one line says why.
        """
        target = edit.target
        await self._ask(
            "edit",
            what=target.what,
            value=_wire(edit.value),
            text=edit.text,
            accept=accept,
            optimizer=target.optimizer,
            group=target.group,
            name=target.name,
            tensor=target.tensor,
            index=list(target.index),
        )

    def forget(self) -> None:
        """Forget what was true while the script stood still."""
        if self._figures is not None or self.left_out or self.skips_step:
            self._figures, self._seq = None, 0
            self.left_out, self.skips_step = frozenset(), False
            self.revision += 1

    def _take(self, answer: Mapping[str, Any]) -> None:
        self.left_out = frozenset(answer["parameters"])
        self.skips_step = bool(answer["step"])
        self.revision += 1
