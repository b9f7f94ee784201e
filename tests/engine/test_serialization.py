"""`torch.save` and `torch.load`: what comes back, what is refused, and that no code runs."""

from __future__ import annotations

import io
import json
import math
import os
import pickle
import zipfile
from collections import Counter, OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradstep_engine

torch: Any = gradstep_engine


def through(value: Any, **options: Any) -> Any:
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return torch.load(file, **options)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor):
        return (
            type(a) is type(b)
            and a.dtype is b.dtype
            and a.requires_grad == b.requires_grad
            and a.detach().numpy().shape == b.detach().numpy().shape
            and np.array_equal(a.detach().numpy(), b.detach().numpy())
        )
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, dict):
        return type(a) is type(b) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))


PLAIN: dict[str, Any] = {
    "none": None,
    "bools": [True, False],
    "numbers": [0, -3, 2**70, 1.5, -0.0, 1e-300, math.inf, -math.inf, math.nan],
    "strings": ["", "ä\n\0", "{'a'}"],
    "bytes": b"\x00\xff",
    "containers": [(1, (2,)), [], {}, {1, 2}, frozenset({3}), Counter("aab")],
    "keys": {1: "a", "1": "b", (1, 2): "c", None: "d", 1.5: "e"},
    "ordered": OrderedDict([("b", 1), ("a", 2)]),
    "torch's": [torch.float32, torch.bool, torch.Size([2, 3]), torch.device("cpu")],
    "arrays": [np.arange(6).reshape(2, 3), np.float64(2.5), np.zeros(0), np.array([1], np.uint16)],
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_values_come_back(name: str) -> None:
    assert same(PLAIN[name], through(PLAIN[name]))


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4)])
def test_tensors_come_back(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.arange(math.prod(shape)).reshape(shape).astype(dtype)
    tensor = torch.tensor(array)
    assert same(tensor, through(tensor))
    if tensor.is_floating_point():
        tensor.requires_grad_()
        assert same(tensor, through(tensor))
        assert same(torch.nn.Parameter(tensor), through(torch.nn.Parameter(tensor)))
        frozen = torch.nn.Parameter(tensor, requires_grad=False)
        assert same(frozen, through(frozen))


def test_views_of_one_memory_share_it_again() -> None:
    base = torch.arange(12.0).reshape(3, 4)
    saved = {"base": base, "row": base[1], "turned": base.t(), "steps": base[:, ::2]}
    loaded = through(saved)
    assert same(saved, loaded)
    loaded["row"].mul_(0)
    assert float(loaded["base"].sum()) == 66 - 22
    assert float(loaded["turned"][:, 1].sum()) == 0
    assert float(loaded["steps"][1].sum()) == 0
    assert same(through(loaded), loaded), "what was loaded can be saved"


def test_a_lone_view_is_saved_without_the_rest() -> None:
    file = io.BytesIO()
    torch.save(torch.zeros(100_000)[::1000], file)
    assert len(file.getvalue()) < 3000


def test_one_tensor_in_two_places_stays_one() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    loaded = through([weight, {"again": weight}])
    assert loaded[0] is loaded[1]["again"]


def test_expanded_and_non_leaf_tensors_are_saved_by_value() -> None:
    x = torch.ones(2, requires_grad=True)
    loaded = through([torch.ones(1).expand(3), x * 3])
    assert loaded[0].tolist() == [1, 1, 1]
    loaded[0][0] = 5
    assert loaded[0].tolist() == [5, 1, 1]
    assert loaded[1].is_leaf
    assert loaded[1].requires_grad


def test_training_goes_on_where_it_was_saved(tmp_path: Path) -> None:
    def made() -> tuple[Any, Any, Any]:
        torch.manual_seed(1)
        net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
        optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
        return net, optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 2)

    def step(net: Any, optimizer: Any, scheduler: Any) -> float:
        optimizer.zero_grad()
        loss = net(torch.arange(12.0).reshape(4, 3)).pow(3).sum()
        loss.backward()
        optimizer.step()
        scheduler.step()
        return float(loss)

    first = made()
    for _ in range(3):
        step(*first)
    path = tmp_path / "checkpoint.pt"
    torch.save({name: part.state_dict() for name, part in zip("nos", first, strict=True)}, path)
    second = made()
    loaded = torch.load(str(path), map_location="cpu", weights_only=True)
    assert loaded["n"]._metadata == first[0].state_dict()._metadata
    for name, part in zip("nos", second, strict=True):
        part.load_state_dict(loaded[name])
    assert [step(*first) for _ in range(3)] == [step(*second) for _ in range(3)]


class Holder:
    pass


UNSAVEABLE: list[tuple[Any, str]] = [
    (torch.nn.Linear(1, 1), r"cannot save the 'Linear'.*writes the state_dict\(\) of a Linear"),
    ({"a": [1, torch.nn.ReLU()]}, r"'ReLU' at obj\['a'\]\[1\]"),
    ({"a": Holder()}, r"'Holder' at obj\['a'\].*tensors, numbers, strings"),
    (lambda: 1, "cannot save the 'function'"),
    (np.array(["a"]), "cannot save the 'ndarray'"),
    (1j, "cannot save the 'complex'"),
]


@pytest.mark.parametrize(("value", "message"), UNSAVEABLE)
def test_what_cannot_be_saved_is_named(value: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    with pytest.raises(TypeError, match=message):
        torch.save(value, path)
    assert not path.exists()


def test_endless_objects_are_refused() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    with pytest.raises(ValueError, match=r"contains itself at \[1\]"):
        torch.save(loop, io.BytesIO())
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="nested too deep"):
        torch.save(deep, io.BytesIO())
    while isinstance(deep, list):
        deep = deep.pop()


def test_wrong_places_are_told(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"Parent directory .*no does not exist"):
        torch.save(1, tmp_path / "no" / "x.pt")
    with pytest.raises(FileNotFoundError):
        torch.load(tmp_path / "no.pt")
    with pytest.raises(RuntimeError, match="no device 'cuda'"):
        through(1, map_location="cuda")
    assert through(1, map_location={"cuda:0": "cpu"}) == 1


TENSOR = {
    "memory": 0,
    "offset": 0,
    "shape": [2],
    "strides": [1],
    "kind": "tensor",
    "requires_grad": False,
}


def row(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def archive(description: Any, memory: Any = None, **options: Any) -> io.BytesIO:
    """Return a file in the engine's format, as wrong as its parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as members:
        text = description if isinstance(description, str) else json.dumps(description)
        members.writestr("gradstep.json", text)
        data = memory if isinstance(memory, bytes) else row(np.zeros(4, np.float32))
        members.writestr("memories/0.npy", data)
    file.seek(0)
    return file


def of_tensor(**changes: Any) -> dict[str, Any]:
    tensor = {**TENSOR, **changes}
    return {"format": "gradstep", "version": 1, "tensors": [tensor], "root": {"tensor": 0}}


def of_root(root: Any) -> dict[str, Any]:
    return {"format": "gradstep", "version": 1, "tensors": [], "root": root}


def test_the_forged_files_below_are_right_but_for_one_thing() -> None:
    assert torch.load(archive(of_tensor())).tolist() == [0, 0]


class Danger:
    def __reduce__(self) -> Any:
        return os.system, ("exit 1",)


DAMAGED: dict[str, io.BytesIO] = {
    "nothing": io.BytesIO(),
    "text": io.BytesIO(b"hello"),
    "cut": io.BytesIO(archive(of_tensor()).getvalue()[:-30]),
    "compressed": archive(of_tensor(), compression=zipfile.ZIP_DEFLATED),
    "no json": archive("{"),
    "deep json": archive("[" * 100_000),
    "a list": archive([]),
    "no format": archive({"version": 1}),
    "later version": archive({**of_tensor(), "version": 2}),
    "no root": archive({"format": "gradstep", "version": 1, "tensors": []}),
    "no such tensor": archive(of_root({"tensor": 0})),
    "negative tensor": archive({**of_tensor(), "root": {"tensor": -1}}),
    "no such tag": archive(of_root({"call": ["os.system", "exit 1"]})),
    "no tag": archive(of_root({})),
    "untagged list": archive(of_root([1])),
    "unhashable key": archive(of_root({"dict": [[{"list": []}, 1]]})),
    "half a pair": archive(of_root({"dict": [[1]]})),
    "negative size": archive(of_root({"size": [-1]})),
    "wrong dtype": archive(of_root({"dtype": "object"})),
    "wrong bytes": archive(of_root({"bytes": "%%%"})),
    "past the end": archive(of_tensor(offset=3)),
    "before the start": archive(of_tensor(offset=-1)),
    "long strides": archive(of_tensor(strides=[4])),
    "negative strides": archive(of_tensor(strides=[-1], offset=3)),
    "huge": archive(of_tensor(shape=[2**40], strides=[0])),
    "huge twice": archive(of_tensor(shape=[2**40, 2**40], strides=[0, 0])),
    "empty and huge": archive(of_tensor(shape=[0, 2**62, 2**62], strides=[1, 1, 1])),
    "shape of text": archive(of_tensor(shape=["2"])),
    "ranks differ": archive(of_tensor(strides=[1, 1])),
    "wrong kind": archive(of_tensor(kind="module")),
    "requires nothing": archive(of_tensor(requires_grad=1)),
    "memory of text": archive(of_tensor(memory="0")),
    "no such memory": archive(of_tensor(memory=7)),
    "objects": archive(of_tensor(), row(np.array([Danger()], dtype=object))),
    "matrix": archive(of_tensor(), row(np.zeros((2, 2)))),
    "structure": archive(of_tensor(), row(np.zeros(2, [("a", "f4")]))),
    "short memory": archive(of_tensor(), row(np.zeros(4))[:-1]),
    "no header": archive(of_tensor(), row(np.zeros(4)).replace(b"}", b"(")),
    "no array": archive(of_tensor(), b"\x93NUMPY"),
    "integer gradients": archive(of_tensor(requires_grad=True), row(np.zeros(4, int))),
    "unknown elements": archive(of_tensor(), row(np.zeros(4, np.uint16))),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_and_hostile_files_give_one_clear_error(name: str) -> None:
    DAMAGED[name].seek(0)
    with pytest.raises(RuntimeError, match=r"torch\.load: "):
        torch.load(DAMAGED[name])


def test_members_that_lie_about_their_size_are_refused() -> None:
    data = bytearray(archive(of_tensor()).getvalue())
    start = data.index(b"PK\x01\x02")
    data[start + 20 : start + 28] = (2**31).to_bytes(4, "little") * 2  # both sizes in the directory
    with pytest.raises(RuntimeError, match="larger than the file"):
        torch.load(io.BytesIO(bytes(data)))


def torch_like(description: bytes, **members: bytes) -> io.BytesIO:
    """Return a file of torch's format around a pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x/data.pkl", description)
        for name, data in members.items():
            archive.writestr(f"x/{name}", data)
    file.seek(0)
    return file


ran: list[Any] = []


class Reduced:
    """Pickles as a call of whatever it was given."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __reduce__(self) -> Any:
        return self.parts


def pickled(function: Any, *args: Any, state: Any = None, protocol: int = 2) -> bytes:
    parts = (function, args) if state is None else (function, args, state)
    return pickle.dumps(Reduced(*parts), protocol)


def text(value: str) -> bytes:
    """Return the opcode that puts a text on the stack."""
    return b"X" + len(value).to_bytes(4, "little") + value.encode()


ORDERED = b"\x80\x02ccollections\nOrderedDict\n)R"
STORAGE = (
    b"\x80\x02("
    + text("storage")
    + b"ctorch\nFloatStorage\n"
    + text("0")
    + text("cpu")
    + b"K\x04tQ"
)

HOSTILE: dict[str, bytes] = {
    "os.system": pickled(os.system, "exit 1"),
    "eval": pickled(eval, "ran.append(1)"),
    "exec, protocol 4": pickled(exec, "ran.append(1)", protocol=4),
    "getattr": pickled(getattr, "x", "upper"),
    "import": pickled(__import__, "os"),
    "append": pickled(ran.append, 1),
    "a class of numpy": pickled(np.dtype, "f4"),
    "a class of torch": b"\x80\x02ctorch.nn.modules.linear\nLinear\n.",
    "a dotted name": b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.__init__\x93.",
    "bare function": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n.",
    "new instance": b"\x80\x02ccollections\nOrderedDict\n)\x81.",
    "instance": b"(icollections\nOrderedDict\n.",
    "object": b"(ccollections\nOrderedDict\no.",
    "extension": b"\x80\x02\x82\x01.",
    "persistent text": b"Pstorage\n.",
    "buffers": b"\x80\x05\x97.",
    "state of a function": b"\x80\x02ctorch\nSize\n}" + text("make") + text("x") + b"sb.",
    "slots of a function": b"\x80\x02ctorch\nSize\nN}" + text("make") + text("x") + b"s\x86b.",
    "state of a dtype": b"\x80\x02ctorch\nfloat32\nN}" + text("dtype") + text("x") + b"s\x86b.",
    "class of a dict": ORDERED + b"N}" + text("__class__") + b"ctorch\nSize\ns\x86b.",
    "state of a memory": STORAGE + b"}" + text("key") + text("x") + b"sb.",
    "a memory alone": STORAGE + b".",
    "far memo": b"\x80\x02]r\xff\xff\xff\x7f.",
    "memo that is not there": b"\x80\x02h\x05.",
    "long text": b"\x80\x02X\xff\xff\xff\x7fabc.",
    "long frame": b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7fN.",
    "nothing": b"",
    "no stop": b"\x80\x02]",
    "empty stack": b"\x80\x02.",
    "unhashable": b"\x80\x02}]Ns.",
    "call of a list": b"\x80\x02])R.",
    "tensor of nothing": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(NK\x00))\x89)tR.",
    "parameter of nothing": b"\x80\x02ctorch._utils\n_rebuild_parameter\n(N\x89)tR.",
    "bytes of a number": b"\x80\x02c_codecs\nencode\nK\x01" + text("latin1") + b"\x86R.",
    "bytes by another way": b"\x80\x02c_codecs\nencode\n" + text("a") + text("rot13") + b"\x86R.",
    "no such memory": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n("
    + STORAGE[2:]
    + b"K\x00K\x02\x85K\x01\x85\x89)tR.",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_pickle_runs_code_or_changes_the_engine(name: str) -> None:
    with pytest.raises(RuntimeError, match=r"torch\.load: "):
        torch.load(torch_like(HOSTILE[name]))
    assert not ran
    good = torch_like(b"\x80\x02ctorch\nSize\nK\x01K\x02\x86\x85R.")
    assert torch.load(good) == torch.Size([1, 2]), "the next file is read as ever"


def test_attributes_put_on_a_dictionary_are_left_behind() -> None:
    state = (
        b"}("
        + text("items")
        + b"ctorch\nSize\n"
        + text("_metadata")
        + b"}"
        + text("a")
        + b"K\x01sub."
    )
    loaded = torch.load(torch_like(ORDERED + state))
    assert list(loaded.items()) == []
    assert vars(loaded) == {"_metadata": {"a": 1}}


def test_many_references_to_one_list_stay_small() -> None:
    nested: list[Any] = []
    for _ in range(60):
        nested = [nested, nested]
    assert torch.load(torch_like(pickle.dumps(nested, 2)))[0][1][0] is not None


def test_older_and_other_files_are_told_apart() -> None:
    with pytest.raises(RuntimeError, match=r"before PyTorch 1\.6"):
        torch.load(io.BytesIO(pickle.dumps(119547037146038801333356)))
    with pytest.raises(NotImplementedError, match="TorchScript"):
        torch.load(torch_like(b"\x80\x02N.", **{"constants.pkl": b""}))
