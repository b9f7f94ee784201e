"""`import torch` without torch: the names resolve to our engine.

Whatever the engine lacks fails with one line that names it and says where to look.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

_ENGINE: Final = "gradstep_engine"
_COMPANIONS: Final = frozenset({"torchvision", "torchaudio", "torchtext", "torchmetrics"})
_HINT: Final = "see docs/engine.md for what it has"


class StandInFinder(MetaPathFinder):
    """Finds `torch` and all below it in our engine, and refuses torch's companions."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Answer for torch's names only.

        Raises:
            ModuleNotFoundError: the engine has no such module.
        """
        top = fullname.partition(".")[0]
        if top in _COMPANIONS:
            raise ModuleNotFoundError(_missing(fullname), name=fullname)
        if top != "torch":
            return None
        # The engine imports numpy only when it is used; the missing name is better told here.
        if fullname == top and importlib.util.find_spec("numpy") is None:
            raise _without_numpy()
        module = _engine_module(fullname)
        if module is None:
            raise ModuleNotFoundError(_missing(fullname), name=fullname)
        return ModuleSpec(fullname, _AliasLoader(module), is_package=hasattr(module, "__path__"))


class _AliasLoader(Loader):
    """Makes a module known under a second name."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        # The import system takes what stands here, so both names are one module.
        sys.modules[module.__name__] = self._module


def install() -> None:
    """Let our engine stand in for torch from now on."""
    sys.meta_path.insert(0, StandInFinder())


def _engine_module(fullname: str) -> ModuleType | None:
    places = importlib.import_module(f"{_ENGINE}.places")
    below = fullname.removeprefix("torch").lstrip(".")
    name = f"{_ENGINE}.{places.place_of(below)}".rstrip(".")
    try:
        found = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        found = None
    if found is None:
        # A module that the engine only has as a name, as torch has torch.nn.functional's kin.
        parent, _, last = name.rpartition(".")
        holder = sys.modules.get(parent)
        try:
            attribute = getattr(holder, last, None) if holder is not None else None
        except ImportError:
            return None
        return attribute if isinstance(attribute, ModuleType) else None
    return importlib.import_module(name)


def _without_numpy() -> ModuleNotFoundError:
    return ModuleNotFoundError(
        f"gradstep's built-in engine needs numpy, which {sys.executable} lacks: pip install numpy",
        name="numpy",
    )


def _missing(name: str) -> str:
    return f"gradstep's built-in engine has no {name} yet; {_HINT}"
