"""What scripts ask of torch's backends: none but the CPU is there."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from gradstep_engine.missing import lacking, missing


class Backend(ModuleType):
    """Switches of one backend; it is never available, so they have no effect.

    It is a module, as in torch, so that `import torch.backends.cudnn` finds it.
    """

    def __init__(self, name: str, *, available: bool = False, **switches: Any) -> None:
        super().__init__(f"torch.backends.{name}")
        self._name = name
        self._available = available
        self.__dict__.update(switches)

    def is_available(self) -> bool:
        """Return whether the backend can be used."""
        return self._available

    def is_built(self) -> bool:
        """Return whether the backend was built in."""
        return self._available

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise missing(f"torch.backends.{self._name}.{name}")


class Cpu(Backend):
    """The processor that numpy computes on."""

    def get_cpu_capability(self) -> str:
        """Return "DEFAULT": numpy chooses its instructions itself."""
        return "DEFAULT"


cpu = Cpu("cpu", available=True)
cuda = Backend("cuda", matmul=Backend("cuda.matmul", allow_tf32=False))
cudnn = Backend(
    "cudnn", benchmark=False, deterministic=False, enabled=True, allow_tf32=True, version=None
)
mkl = Backend("mkl")
mkldnn = Backend("mkldnn", enabled=True)
mps = Backend("mps")
openmp = Backend("openmp")


__getattr__ = lacking("torch.backends")
