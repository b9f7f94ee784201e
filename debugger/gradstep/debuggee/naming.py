"""Names for people: of parameters, of modules, of the script's variables.

A variable is bound only after the event that made its tensor, so names are looked for again at
later events, in the user's innermost frame and its module.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any, Final

from gradstep.debuggee.location import Locator
from gradstep.debuggee.tensors import Entry, TensorBook
from gradstep_engine.events import ModuleCall

PARAMETER: Final = 0
BUFFER: Final = 1
VARIABLE: Final = 2
OP: Final = 3

_NAMELESS_LIMIT: Final = 4096


class Names:
    """Finds names and tells them to the tensor book."""

    def __init__(self, book: TensorBook, locator: Locator) -> None:
        """Name the tensors of `book`."""
        self._book = book
        self._locator = locator
        self._nameless: dict[int, None] = {}
        self._looked_at: tuple[int, int] = (0, 0)
        self._op_counts: dict[str, int] = {}
        self._op_iteration = -1
        self._modules: dict[int, tuple[weakref.ref[Any], str]] = {}
        self._roots = 0

    def expect_variable(self, uid: int) -> None:
        """Look out for a variable that holds this tensor."""
        self._nameless[uid] = None
        if len(self._nameless) > _NAMELESS_LIMIT:
            del self._nameless[next(iter(self._nameless))]

    def name_output(self, entry: Entry, seq: int, op: str, iteration: int) -> None:
        """Name a new tensor after its op: `relu_3` is the third relu of its iteration."""
        if iteration != self._op_iteration:
            self._op_iteration = iteration
            self._op_counts.clear()
        count = self._op_counts[op] = self._op_counts.get(op, 0) + 1
        entry.maker = op
        self._book.name_entry(entry, seq, f"{op}_{count}", "op", OP)

    def look(self, frame: FrameType | None, seq: int, *, thoroughly: bool = False) -> None:
        """Find variables of nameless tensors, if the script has moved on since the last look."""
        if not self._nameless or frame is None:
            return
        here = (id(frame), self._locator.place(frame)[1])
        if here == self._looked_at and not thoroughly:
            return
        self._looked_at = here
        types, nameless = self._book.types, self._nameless
        for name, value in _visible(frame):
            if type(value) in types and value.uid in nameless:
                del nameless[value.uid]
                self._book.name(value, seq, name, "variable", VARIABLE)

    def look_in_module(self, module: Any, tensor: Any, seq: int) -> None:
        """Name a parameter that was put into a module after the module got its names."""
        path = self._path(module)
        if path is None:
            return
        for name, parameter in module._parameters.items():
            if parameter is tensor:
                full = f"{path}.{name}" if path else name
                self._book.name(tensor, seq, full, "parameter", PARAMETER)
                self._nameless.pop(tensor.uid, None)

    def look_for_modules(self, frame: FrameType | None, seq: int) -> None:
        """Name the parameters of every model that the user's frames can see."""
        found: dict[int, tuple[str, Any]] = {}
        current = self._locator.user_frame(frame) if frame is not None else None
        while current is not None:
            for name, value in _visible(current):
                if _is_model(value) and id(value) not in found:
                    found[id(value)] = (name.removeprefix("self."), value)
            current = self._locator.user_frame(current.f_back) if current.f_back else None
        inner = {
            id(module)
            for _, model in found.values()
            for _, module in _with_hidden(model)
            if module is not model
        }
        roots = [(name, model) for key, (name, model) in found.items() if key not in inner]
        several = self._roots + sum(self._path(model) is None for _, model in roots) > 1
        for name, model in roots:
            if self._path(model) is None:
                self._register(model, name if several else "", seq)

    def place_of_call(
        self, call: ModuleCall, frame: FrameType | None, seq: int
    ) -> tuple[str, tuple[int, ...]]:
        """Return the path of the innermost running module and the numbers of all calls."""
        numbers = []
        outermost: ModuleCall | None = call
        while outermost is not None:
            numbers.append(outermost.number)
            last, outermost = outermost, outermost.parent
        path = self._path(call.module)
        known = self._path(last.module)
        if path is None and known is not None:
            # Grown since it was first seen: its own name for the module is the best.
            self._register(last.module, known, seq)
            path = self._path(call.module)
        if path is None:
            self.look_for_modules(frame, seq)
            path = self._path(call.module)
        if path is None:
            root = last.module
            # Not held by a variable of the user's.
            if self._path(root) is None:
                self._register(root, type(root).__name__ if self._roots else "", seq)
            path = self._path(call.module)
        if path is None:
            path = type(call.module).__name__
        return path, tuple(reversed(numbers))

    def path_of(self, module: Any) -> str:
        """Return the path of a module, "" where it is unknown."""
        return self._path(module) or ""

    def modules(self) -> list[str]:
        """Return the paths of all modules that are known."""
        return [path for _, path in self._modules.values() if path]

    def _path(self, module: Any) -> str | None:
        found = self._modules.get(id(module))
        return found[1] if found is not None and found[0]() is module else None

    def _register(self, root: Any, prefix: str, seq: int) -> None:
        self._roots += 1
        dot = f"{prefix}." if prefix else ""
        named: set[int] = set()
        for path, module in _with_hidden(root):
            full = f"{dot}{path}" if path else prefix
            self._modules[id(module)] = (weakref.ref(module), full)
            inner = f"{full}." if full else ""
            for name, parameter in module.named_parameters(recurse=False):
                # Of tied ones the first place gives the name.
                if id(parameter) in named:
                    continue
                named.add(id(parameter))
                self._book.name(parameter, seq, f"{inner}{name}", "parameter", PARAMETER)
            for name, buffer in module.named_buffers(recurse=False):
                self._book.name(buffer, seq, f"{inner}{name}", "buffer", BUFFER)


def _with_hidden(root: Any) -> Iterator[tuple[str, Any]]:
    """Yield a model's modules with their paths, those that it hides in plain containers too.

    A list of layers that is no ModuleList keeps them from `parameters()`, and so from the
    optimizer; calls of them run all the same, and are called as a ModuleList would call them.
    """
    seen: set[int] = set()
    waiting: list[tuple[str, Any]] = [("", root)]
    for start, model in waiting:
        for path, module in model.named_modules(prefix=start):
            if id(module) in seen:
                continue
            seen.add(id(module))
            yield path, module
            for name, held in list(vars(module).items()):
                if name.startswith("_") or type(held) not in (list, tuple, dict):
                    continue
                items = held.items() if type(held) is dict else enumerate(held)
                dot = f"{path}." if path else ""
                waiting += [(f"{dot}{name}.{key}", one) for key, one in items if _is_model(one)]


def _visible(frame: FrameType) -> list[tuple[str, Any]]:
    """Return what a frame's names hold, its own first; attributes of `self` count as its own."""
    local: Mapping[str, Any] = frame.f_locals
    found = list(local.items())
    if local is frame.f_globals:
        return found
    owner = local.get("self")
    attributes = getattr(owner, "__dict__", None)
    if isinstance(attributes, dict) and "_modules" not in attributes:
        found += [(f"self.{name}", value) for name, value in list(attributes.items())]
    found += list(frame.f_globals.items())
    return found


def _is_model(value: Any) -> bool:
    if isinstance(value, type) or not hasattr(type(value), "named_parameters"):
        return False
    return any(True for _ in value.parameters())
