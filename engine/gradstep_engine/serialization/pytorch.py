"""Files that PyTorch wrote: a zip archive of raw memories and a pickle that says how they lie.

The pickle is never trusted. Its opcodes are checked against the few that `torch.save` writes for
tensors and containers; its names stand for immutable descriptions made here, and only plain
functions of this file are called; what comes out is copied into fresh containers.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gradstep_engine import dtypes
from gradstep_engine.device import device
from gradstep_engine.missing import missing
from gradstep_engine.serialization.memory import as_tensor, laid_over
from gradstep_engine.size import Size

# No opcode that makes an instance of a class, names an extension or takes buffers from outside.
_OPCODES = frozenset(
    """
    PROTO FRAME STOP MARK NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 BINFLOAT
    BINUNICODE SHORT_BINUNICODE BINBYTES SHORT_BINBYTES EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3
    EMPTY_LIST APPEND APPENDS EMPTY_DICT SETITEM SETITEMS EMPTY_SET ADDITEMS FROZENSET
    BINPUT LONG_BINPUT MEMOIZE BINGET LONG_BINGET GLOBAL STACK_GLOBAL REDUCE BUILD BINPERSID
    """.split()  # noqa: SIM905 (a wall of quotes reads worse)
)


class _Named(NamedTuple):
    """A name of torch that is no function: an element type or the storage of one."""

    dtype: str


class _Function(NamedTuple):
    """A function that a pickle may call; immutable, so that none can put another in its place."""

    make: Callable[..., Any]

    def __call__(self, *args: Any) -> Any:
        return self.make(*args)


class _Storage(NamedTuple):
    dtype: str
    key: str
    location: str


class _Tensor(NamedTuple):
    storage: Any
    offset: Any
    shape: Any
    strides: Any
    requires_grad: Any
    parameter: bool = False


class _Plain(NamedTuple):
    """Something made of plain values, once all of them are known."""

    make: Callable[..., Any]
    args: tuple[Any, ...]


def _tensor(
    storage: Any, offset: Any, shape: Any, strides: Any, requires_grad: Any, *hooks: Any
) -> _Tensor:
    return _Tensor(storage, offset, shape, strides, requires_grad)


def _parameter(data: Any, requires_grad: Any, *hooks: Any) -> _Tensor:
    if not isinstance(data, _Tensor):
        raise ValueError("a parameter has no tensor")
    return data._replace(requires_grad=requires_grad, parameter=True)


def _bytes(text: Any, encoding: Any) -> bytes:
    if type(text) is not str or encoding != "latin1":
        raise ValueError("bytes are written in an unknown way")
    return text.encode("latin-1")


def _size(sizes: Any) -> _Plain:
    return _Plain(Size, (tuple(sizes),))


def _device(*parts: Any) -> _Plain:
    return _Plain(device, parts)


_STORAGES = {
    **{f"{each.cpu_type}Storage": each.name for each in dtypes.ALL},
    "BFloat16Storage": "bfloat16",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
}
_KNOWN: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): _Function(OrderedDict),
    ("collections", "Counter"): _Function(Counter),
    ("__builtin__", "set"): _Function(set),
    ("builtins", "set"): _Function(set),
    ("_codecs", "encode"): _Function(_bytes),
    ("torch", "Size"): _Function(_size),
    ("torch", "device"): _Function(_device),
    ("torch._utils", "_rebuild_tensor_v2"): _Function(_tensor),
    ("torch._utils", "_rebuild_parameter"): _Function(_parameter),
    **{("torch", each.name): _Named(each.name) for each in dtypes.ALL},
    **{("torch", name): _Named(dtype) for name, dtype in _STORAGES.items()},
}


def _known(module: str, name: str) -> Any:
    try:
        return _KNOWN[module, name]
    except KeyError:
        raise RuntimeError(
            f"torch.load: the file wants '{module}.{name}', which is no tensor or plain "
            "container. gradstep runs no code from files: save a state_dict() instead"
        ) from None


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return the description that stands for a name.

        Raises:
            RuntimeError: the name is not among the few that describe data.
        """
        return _known(module, name)

    def persistent_load(self, pid: Any) -> _Storage:
        """Return the description of a raw memory."""
        tag, kind, key, location, _ = pid
        if tag != "storage" or not isinstance(kind, _Named) or type(key) is not str:
            raise ValueError("a memory is described in an unknown way")
        return _Storage(kind.dtype, key, str(location))


def read(members: zipfile.ZipFile, map_location: Any) -> Any:
    """Return the object of a file that `torch.save` wrote.

    Raises:
        RuntimeError: it needs more than data, or lies on a device that is not mapped to the CPU.
        ValueError: it is damaged.
    """
    names = members.namelist()
    pickles = [name for name in names if name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise ValueError("it is a zip archive, but not one that torch.save wrote")
    folder = pickles[0].removesuffix("data.pkl")
    if folder + "constants.pkl" in names:
        raise missing("TorchScript, which the file holds")
    data = members.read(pickles[0])
    _check_opcodes(data)
    try:
        root = _Unpickler(io.BytesIO(data)).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, MemoryError) as error:
        raise ValueError(f"its description cannot be read ({error})") from error
    return _Building(members, folder, map_location).value(root)


def _check_opcodes(data: bytes) -> None:
    for number, (opcode, argument, _) in enumerate(pickletools.genops(data)):
        if opcode.name == "GLOBAL":
            _known(*str(argument).split(" ", 1))
        if opcode.name not in _OPCODES:
            raise ValueError(f"its description uses the opcode {opcode.name}")
        # A far place in the memo would make room for all places before it.
        if opcode.name == "LONG_BINPUT" and int(argument or 0) > number:
            raise ValueError("its description numbers values in an unknown way")


class _Building:
    """Makes real values of descriptions, each once."""

    def __init__(self, members: zipfile.ZipFile, folder: str, map_location: Any) -> None:
        self._members = members
        self._folder = folder
        self._map_location = map_location
        self._memories: dict[str, Any] = {}
        self._made: dict[int, Any] = {}

    def value(self, value: Any) -> Any:
        if value is None or type(value) in (bool, int, float, str, bytes):
            return value
        if id(value) not in self._made:
            self._made[id(value)] = made = self._container(value)
            return made
        return self._made[id(value)]

    def _container(self, value: Any) -> Any:
        if isinstance(value, _Tensor):
            return self._tensor(value)
        if isinstance(value, _Plain):
            return value.make(*value.args)
        if isinstance(value, _Named):
            return next(each for each in dtypes.ALL if each.name == value.dtype)
        if type(value) in (tuple, set, frozenset):
            return type(value)(self.value(each) for each in value)
        if type(value) is list:
            several: list[Any] = []
            self._made[id(value)] = several  # first, because a list may contain itself
            several.extend(self.value(each) for each in value)
            return several
        if type(value) in (dict, OrderedDict, Counter):
            mapping: Any = type(value)()
            self._made[id(value)] = mapping
            for key, each in dict.items(value):
                mapping[self.value(key)] = self.value(each)
            metadata = getattr(value, "__dict__", {}).get("_metadata")
            if metadata is not None:
                mapping._metadata = self.value(metadata)
            return mapping
        raise ValueError("its description holds something that is no data")

    def _tensor(self, tensor: _Tensor) -> Any:
        storage = tensor.storage
        if not isinstance(storage, _Storage):
            raise ValueError("a tensor has no memory")
        if storage.key not in self._memories:
            self._memories[storage.key] = self._memory(storage)
        flat = self._memories[storage.key]
        array = laid_over(flat, tensor.offset, tuple(tensor.shape), tuple(tensor.strides))
        kind = "parameter" if tensor.parameter else "tensor"
        return as_tensor(array, kind, tensor.requires_grad)

    def _memory(self, storage: _Storage) -> Any:
        if storage.dtype not in [each.name for each in dtypes.ALL]:
            raise missing(f"torch.{storage.dtype}, which the file holds")
        self._check_location(storage.location)
        data = self._members.read(f"{self._folder}data/{storage.key}")
        kind = np.dtype(storage.dtype)
        order = f"{self._folder}byteorder"
        if order in self._members.namelist() and self._members.read(order) == b"big":
            return np.frombuffer(data, kind.newbyteorder(">")).astype(kind)
        return np.frombuffer(data, kind).copy()

    def _check_location(self, location: str) -> None:
        mapped = self._map_location
        if isinstance(mapped, dict):
            location = str(mapped.get(location, location))
        elif mapped is not None:
            location = "cpu"
        if location != "cpu":
            raise RuntimeError(
                f"Attempting to deserialize object on a {location} device, but gradstep's "
                "built-in engine has only the CPU. Please use torch.load with "
                "map_location=torch.device('cpu') to map your storages to the CPU."
            )
