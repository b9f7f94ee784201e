"""Where tensors live: always the CPU. Enough of torch's device names to run scripts unchanged."""

from __future__ import annotations

from typing import Any

from gradstep_engine.missing import HINT


class device:
    """A device by name; anything but the CPU is refused at once.

    Raises:
        RuntimeError: the device is not the CPU.
    """

    __slots__ = ("index", "type")

    def __init__(self, type: Any = "cpu", index: int | None = None) -> None:
        name, _, number = str(type).partition(":")
        if name != "cpu":
            raise RuntimeError(
                f"gradstep's built-in engine has no device '{name}', only 'cpu'; {HINT}"
            )
        self.type = name
        self.index = int(number) if number else index

    def __repr__(self) -> str:
        number = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{number})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))


CPU = device("cpu")


def check(wanted: Any) -> None:
    """Refuse a `device=` argument that is not the CPU; None is fine."""
    if wanted is not None and not isinstance(wanted, device):
        device(wanted)


class memory_format:
    """How dimensions lie in memory. Only the order of the dimensions themselves exists here.

    The other names are accepted where they change no value, so that scripts run.
    """

    __slots__ = ("name",)

    contiguous: memory_format
    channels_last: memory_format
    channels_last_3d: memory_format
    preserve: memory_format

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"


memory_format.contiguous = memory_format("contiguous_format")
memory_format.channels_last = memory_format("channels_last")
memory_format.channels_last_3d = memory_format("channels_last_3d")
memory_format.preserve = memory_format("preserve_format")


class layout:
    """How a tensor is stored: always dense."""

    __slots__ = ()

    strided: layout

    def __repr__(self) -> str:
        return "torch.strided"


layout.strided = layout()
