"""Which tensors are known to the trace, and in which version each was recorded last.

Holds no strong reference to a tensor of the script's: entries of tensors that are gone are dropped
from time to time.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any, Final

from gradstep.debuggee import adapter
from gradstep.trace.writer import TraceWriter

Use = tuple[int, int]
"""(tensor id, version)."""

Fingerprint = int | adapter.Checksum | adapter.Statistics
"""What tells contents apart: a small tensor's hash, a large leaf's checksum, else statistics."""

_FIRST_SWEEP: Final = 20_000


class Entry:
    """What is known of one tensor. `rank` is that of `name`: 0 parameter … 3 op, 9 none.

    `seen` is the event at which `version` was first recorded, `maker` the op that made the tensor.
    """

    __slots__ = (
        "fingerprint",
        "is_parameter",
        "maker",
        "name",
        "rank",
        "reference",
        "seen",
        "uid",
        "version",
    )

    def __init__(self, tensor: Any, uid: int) -> None:
        """Begin with a tensor of which no version was recorded."""
        self.uid = uid
        self.reference = weakref.ref(tensor)
        self.version = -1
        self.fingerprint: Fingerprint | None = None
        self.name = ""
        self.maker = ""
        self.seen = 0
        self.rank = 9
        self.is_parameter = False


class TensorBook:
    """Records each version of each tensor once."""

    def __init__(self, writer: TraceWriter, *, keeps_contents: bool) -> None:
        """Write to `writer`; `keeps_contents` is so at detail=values."""
        writer.summarise_with(adapter.summarise, keeps_contents=keeps_contents)
        self._writer = writer
        self._keeps_contents = keeps_contents
        self._entries: dict[int, Entry] = {}
        self._sweep_at = _FIRST_SWEEP
        self._passing: dict[int, tuple[Callable[[], Any], Use]] = {}
        self.types: set[type] = set()
        self.named: dict[str, int] = {}
        """The tensor that each name was given to last."""

    def get(self, uid: int) -> Entry | None:
        """Return what is known of a tensor."""
        return self._entries.get(uid)

    def live(self, uid: int) -> Any | None:
        """Return the script's own tensor while it exists."""
        entry = self._entries.get(uid)
        return None if entry is None else entry.reference()

    def alive(self) -> Iterator[tuple[int, Any]]:
        """Yield the tensors that exist, with their ids."""
        for uid, entry in list(self._entries.items()):
            tensor = entry.reference()
            if tensor is not None:
                yield uid, tensor

    def parameters(self) -> list[Any]:
        """Return the leaves that require grad and exist."""
        entries = [entry for entry in self._entries.values() if entry.is_parameter]
        return [tensor for entry in entries if (tensor := entry.reference()) is not None]

    def entry(self, tensor: Any, seq: int) -> Entry:
        """Return the entry of a tensor, made if it is new."""
        uid = tensor.uid
        entry = self._entries.get(uid)
        return self._enter(tensor, uid, seq) if entry is None else entry

    def see(self, tensor: Any, seq: int, *, changed: bool = False) -> Entry:
        """Return the entry of a tensor, recording its version if that is new or `changed`."""
        uid, version = adapter.identity(tensor)
        entry = self._entries.get(uid)
        if entry is None:
            entry = self._enter(tensor, uid, seq)
        if entry.version != version or changed:
            entry.version = version
            entry.seen = seq
            entry.fingerprint = self._record(tensor, uid, version, seq)
        return entry

    def use(self, tensor: Any, seq: int, *, changed: bool = False) -> Use:
        """Do what `see` does; return (id, version)."""
        entry = self.see(tensor, seq, changed=changed)
        return entry.uid, entry.version

    def use_passing(self, tensor: Any, seq: int) -> Use:
        """Return (id, version) of a gradient on its way: one array is one tensor.

        The engine passes arrays from node to node and wraps them anew for each event.
        """
        array = tensor._array
        found = self._passing.get(id(array))
        if found is not None and found[0]() is array:
            return found[1]
        use = self.use(tensor, seq)
        try:
            holder: Callable[[], Any] = weakref.ref(array)
        except TypeError:
            holder = _Holder(array)  # A numpy scalar: small, and it takes no weak reference.
        self._passing[id(array)] = (holder, use)
        return use

    def forget_passing(self) -> None:
        """Forget the gradients on their way: backward is over."""
        self._passing.clear()

    def use_copy(self, copy: Any, original: int | None, version: int, seq: int) -> Use:
        """Return (id, version) for a copy of what a tensor was before it changed.

        That is a version of the tensor `original` itself: the last recorded one if that holds the
        same numbers, else `version`, recorded now from the copy.
        """
        entry = None if original is None else self._entries.get(original)
        if entry is None or original is None:
            return self.use(copy, seq)
        if entry.version >= 0 and _fingerprint(copy, entry.fingerprint) == entry.fingerprint:
            return original, entry.version
        if version < 0 or version == entry.version:
            return self.use(copy, seq)
        self._record(copy, original, version, seq)
        return original, version

    def make_parameter(self, tensor: Any, seq: int) -> None:
        """Note that a tensor is a leaf that requires grad after all."""
        entry = self.entry(tensor, seq)
        if not entry.is_parameter:
            entry.is_parameter = True
            self._writer.add_tensor(tensor.uid, seq, is_leaf=True, is_parameter=True)

    def name(self, tensor: Any, seq: int, name: str, how: str, rank: int) -> None:
        """Give a tensor a name; the best and latest one is what rows are called by."""
        self.name_entry(self.entry(tensor, seq), seq, name, how, rank)

    def name_entry(self, entry: Entry, seq: int, name: str, how: str, rank: int) -> None:
        """Do what `name` does, given the tensor's entry."""
        if entry.name == name and entry.rank == rank:
            return
        self._writer.add_name(entry.uid, seq, name, how)
        self.named[name] = entry.uid
        if rank <= entry.rank:
            entry.name, entry.rank = name, rank

    def _enter(self, tensor: Any, uid: int, seq: int) -> Entry:
        entry = self._entries[uid] = Entry(tensor, uid)
        self.types.add(type(tensor))
        is_leaf = tensor.grad_fn is None
        entry.is_parameter = is_leaf and tensor.requires_grad
        self._writer.add_tensor(uid, seq, is_leaf=is_leaf, is_parameter=entry.is_parameter)
        if len(self._entries) > self._sweep_at:
            self._sweep()
        return entry

    def _record(self, tensor: Any, uid: int, version: int, seq: int) -> Fingerprint:
        shape, dtype = adapter.shape_and_dtype(tensor)
        requires_grad = tensor.requires_grad
        if adapter.is_small(tensor):
            data = adapter.contents(tensor)
            self._writer.add_contents(uid, version, seq, shape, dtype, requires_grad, data)
            return hash(data)
        found = adapter.statistics(tensor)
        content = adapter.content(tensor) if self._keeps_contents else None
        self._writer.add_numbers(uid, version, seq, shape, dtype, requires_grad, found, content)
        # Only parameters, gradients and states are compared with copies, and these are leaves.
        return adapter.checksum(tensor) if tensor.grad_fn is None else found

    def _sweep(self) -> None:
        entries = {
            uid: entry for uid, entry in self._entries.items() if entry.reference() is not None
        }
        self._entries = entries
        self._sweep_at = max(_FIRST_SWEEP, 2 * len(entries))


def _fingerprint(tensor: Any, like: Fingerprint | None) -> Fingerprint:
    """Return the fingerprint of a tensor, of the kind that `like` is."""
    if adapter.is_small(tensor):
        return hash(adapter.contents(tensor))
    if isinstance(like, adapter.Statistics):
        return adapter.statistics(tensor)
    return adapter.checksum(tensor)


class _Holder:
    """Stands in for a weak reference."""

    __slots__ = ("_held",)

    def __init__(self, held: Any) -> None:
        self._held = held

    def __call__(self) -> Any:
        return self._held
