"""The engine's own file: a zip archive that says what it is.

`gradstep.json` holds `{"format": "gradstep", "version": 1, "tensors": [...], "root": ...}`: values
in JSON's own types where it has them, else objects of one tag such as `{"tuple": [...]}`; tensors
as places in `memories/0.npy`, `memories/1.npy`, …. Members are stored, not compressed, so that an
archive cannot be larger than its file.
"""

from __future__ import annotations

import base64
import io
import json
import math
import os
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from gradstep_engine import dtypes
from gradstep_engine.device import device
from gradstep_engine.nn.parameter import Buffer, Parameter
from gradstep_engine.serialization.memory import KINDS, as_tensor, laid_over, memories
from gradstep_engine.size import Size
from gradstep_engine.tensor import Tensor

DESCRIPTION = "gradstep.json"
_FORMAT, _VERSION = "gradstep", 1
_DTYPES = {each.name: each for each in dtypes.ALL}

_SEQUENCES: dict[type, tuple[str, Callable[[list[Any]], Any]]] = {
    list: ("list", list),
    tuple: ("tuple", tuple),
    set: ("set", set),
    frozenset: ("frozenset", frozenset),
    Size: ("size", lambda sizes: Size(_counts(sizes))),
}
_MAPPINGS: dict[type, tuple[str, Callable[[Any], Any]]] = {
    dict: ("dict", dict),
    OrderedDict: ("ordered", OrderedDict),
    Counter: ("counter", lambda pairs: Counter(dict(pairs))),
}
_MAKE_SEQUENCE = dict(_SEQUENCES.values())
_MAKE_MAPPING = dict(_MAPPINGS.values())


def _counts(sizes: list[Any]) -> list[int]:
    if any(type(size) is not int or size < 0 for size in sizes):
        raise ValueError("a size is no count")
    return sizes


def described(obj: Any) -> tuple[dict[str, Any], list[Any]]:
    """Return the JSON description of `obj` and the arrays it speaks of.

    Raises:
        TypeError: something in it cannot be saved.
        ValueError: it contains itself, or is nested too deep.
    """
    describing = _Describing()
    try:
        root = describing.value(obj, "")
    except RecursionError:
        raise ValueError("torch.save: this is nested too deep") from None
    flats, places = memories(describing.arrays)
    tensors = [{**kind, **place} for kind, place in zip(describing.kinds, places, strict=True)]
    head = {"format": _FORMAT, "version": _VERSION}
    return {**head, "tensors": tensors, "root": root}, flats


class _Describing:
    """Collects the tensors of one object, each once, while the rest becomes JSON."""

    def __init__(self) -> None:
        self.arrays: list[Any] = []
        self.kinds: list[dict[str, Any]] = []
        self._numbers: dict[int, int] = {}
        self._open: set[int] = set()
        self._kept: list[Any] = []  # ids must not be given to others meanwhile

    def value(self, value: Any, where: str) -> Any:
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        if isinstance(value, (Tensor, np.ndarray, np.generic)):
            return {"tensor": self._tensor(value, where)}
        if kind in _SEQUENCES:
            return {_SEQUENCES[kind][0]: self._each(value, where)}
        if kind in _MAPPINGS:
            result = {_MAPPINGS[kind][0]: self._pairs(value, where)}
            metadata = getattr(value, "_metadata", None)
            if metadata is not None:
                result["metadata"] = self.value(metadata, where + "._metadata")
            return result
        if kind is bytes:
            return {"bytes": base64.b64encode(value).decode("ascii")}
        if kind is dtypes.dtype:
            return {"dtype": value.name}
        if kind is device:
            return {"device": str(value)}
        raise _unknown(value, where)

    def _tensor(self, value: Any, where: str) -> int:
        if id(value) not in self._numbers:
            array = np.asarray(value._array if isinstance(value, Tensor) else value)
            if array.dtype.kind not in KINDS:
                raise _unknown(value, where)
            self._numbers[id(value)] = len(self.arrays)
            self._kept.append(value)
            self.arrays.append(array)
            requires_grad = isinstance(value, Tensor) and value.requires_grad
            self.kinds.append({"kind": _kind(value), "requires_grad": requires_grad})
        return self._numbers[id(value)]

    def _each(self, values: Any, where: str) -> list[Any]:
        self._enter(values, where)
        made = [self.value(value, f"{where}[{i}]") for i, value in enumerate(values)]
        self._open.discard(id(values))
        return made

    def _pairs(self, values: Any, where: str) -> list[Any]:
        self._enter(values, where)
        made = [
            [self.value(key, f"{where}.keys()"), self.value(value, f"{where}[{key!r}]")]
            for key, value in values.items()
        ]
        self._open.discard(id(values))
        return made

    def _enter(self, values: Any, where: str) -> None:
        if id(values) in self._open:
            raise ValueError(f"torch.save: the object contains itself at {where}")
        self._open.add(id(values))


def _kind(value: Any) -> str:
    if isinstance(value, Parameter):
        return "parameter"
    if isinstance(value, Buffer):
        return "buffer"
    if isinstance(value, Tensor):
        return "tensor"
    return "numpy" if isinstance(value, np.ndarray) else "scalar"


def _unknown(value: Any, where: str) -> TypeError:
    name = type(value).__name__
    place = f" at obj{where}" if where else ""
    way_out = "tensors, numbers, strings and lists, tuples, sets and dictionaries of them"
    if hasattr(value, "state_dict"):
        way_out = f"the state_dict() of a {name}, so save that and load it with load_state_dict()"
    return TypeError(
        f"torch.save: cannot save the '{name}'{place}: gradstep's built-in engine writes {way_out}"
    )


def write(file: BinaryIO, description: dict[str, Any], arrays: list[Any]) -> None:
    """Write the archive."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as members:
        members.writestr(DESCRIPTION, json.dumps(description, allow_nan=False))
        for i, array in enumerate(arrays):
            with members.open(f"memories/{i}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, version=(1, 0), allow_pickle=False)


def check_members(members: zipfile.ZipFile, file: BinaryIO) -> None:
    """Refuse archives whose members are compressed, overlap or are larger than the file.

    Raises:
        ValueError: it is such an archive.
    """
    length = file.seek(0, os.SEEK_END)
    entries = members.infolist()
    if any(
        entry.compress_type != zipfile.ZIP_STORED
        or entry.file_size != entry.compress_size
        or entry.flag_bits & 1
        for entry in entries
    ):
        raise ValueError("its members are compressed or encrypted")
    if sum(entry.file_size for entry in entries) > length:
        raise ValueError("its members are larger than the file")
    if len({entry.filename for entry in entries}) != len(entries):
        raise ValueError("it has two members of one name")


def read(members: zipfile.ZipFile) -> Any:
    """Return the object that the archive describes.

    Raises:
        ValueError: the description or an array is wrong; other errors of damaged data may follow.
    """
    description = json.loads(members.read(DESCRIPTION).decode("utf-8"))
    if not isinstance(description, dict) or description.get("format") != _FORMAT:
        raise ValueError("it does not say that it is gradstep's")
    if description.get("version") != _VERSION:
        raise ValueError(f"its version is {description.get('version')!r}, not {_VERSION}")
    reading = _Reading(members, description["tensors"])
    return reading.value(description["root"])


class _Reading:
    """Makes the tensors of one archive, each once, while JSON becomes values."""

    def __init__(self, members: zipfile.ZipFile, tensors: list[Any]) -> None:
        self._members = members
        self._memories: dict[int, Any] = {}
        self._tensors = [self._made(entry) for entry in tensors]

    def _made(self, entry: dict[str, Any]) -> Any:
        number, kind = entry["memory"], entry["kind"]
        if type(number) is not int:
            raise ValueError("a memory has no number")
        if number not in self._memories:
            self._memories[number] = read_array(self._members.read(f"memories/{number}.npy"))
        flat = self._memories[number]
        array = laid_over(flat, entry["offset"], entry["shape"], entry["strides"])
        if kind in ("numpy", "scalar"):
            return array if kind == "numpy" else array[()]
        return as_tensor(array, kind, entry["requires_grad"])

    def value(self, node: Any) -> Any:
        if node is None or type(node) in (bool, int, float, str):
            return node
        if not isinstance(node, dict) or not node:
            raise ValueError("a value has no tag")
        tag, content = next(iter(node.items()))
        if tag in _MAKE_SEQUENCE:
            return _MAKE_SEQUENCE[tag]([self.value(each) for each in content])
        if tag in _MAKE_MAPPING:
            pairs = [(self.value(key), self.value(value)) for key, value in content]
            result = _MAKE_MAPPING[tag](pairs)
            if tag == "ordered" and "metadata" in node:
                result._metadata = self.value(node["metadata"])
            return result
        return self._leaf(tag, content)

    def _leaf(self, tag: str, content: Any) -> Any:
        if tag == "tensor" and type(content) is int and content >= 0:
            return self._tensors[content]
        if tag == "float" and content in ("nan", "inf", "-inf"):
            return float(content)
        if tag == "bytes":
            return base64.b64decode(content, validate=True)
        if tag == "dtype":
            return _DTYPES[content]
        if tag == "device":
            return device(content)
        raise ValueError(f"there is no tag {tag!r} with such a content")


def read_array(data: bytes) -> Any:
    """Return the row of numbers of a `.npy` file, on memory that can be written.

    Raises:
        ValueError: it holds anything else, or has another size than its header says.
    """
    stream = io.BytesIO(data)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("an array has an unknown version")
    shape, _, kind = np.lib.format.read_array_header_1_0(stream)
    start = stream.tell()
    if kind.kind not in KINDS or kind.hasobject or len(shape) != 1:
        raise ValueError("an array holds no row of numbers")
    if shape[0] * kind.itemsize != len(data) - start:
        raise ValueError("an array's size is not what its header says")
    return np.frombuffer(data, kind, offset=start).astype(kind.newbyteorder("="))
