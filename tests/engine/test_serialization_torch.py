"""Files that PyTorch wrote, read by the engine; and its own, damaged byte by byte."""

from __future__ import annotations

import io
from collections import Counter, OrderedDict
from typing import Any

import numpy as np
import pytest

import gradstep_engine
from tests.engine.parity import DTYPES, torch_or_skip

pytestmark = pytest.mark.torch
ours: Any = gradstep_engine


def written(value: Any, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    torch_or_skip().save(value, file, **options)
    file.seek(0)
    return file


def as_plain(value: Any) -> Any:
    """Return `value` with tensors of either engine as what can be compared."""
    if hasattr(value, "detach"):
        array = value.detach().numpy()
        name = type(value).__name__
        return (name, str(value.dtype), value.requires_grad, array.shape, array.tolist())
    if isinstance(value, dict):
        return (type(value).__name__, [(key, as_plain(each)) for key, each in value.items()])
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, [as_plain(each) for each in value])
    return repr(value)


def checkpoint(torch: Any) -> dict[str, Any]:
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.ones(2, 2)).sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 4])
    return {
        "model": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "weight": net[0].weight,
        "values": (1, 2.5, None, True, "ä", b"\xff", 2**70, -300, {1, 2}, [Counter("aab")]),
        "kinds": [torch.float32, torch.Size([1, 2]), torch.device("cpu")],
        "ordered": OrderedDict([("b", 1), ("a", 2)]),
    }


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_checkpoints_of_torch_are_read(protocol: int) -> None:
    value = checkpoint(torch_or_skip())
    loaded = ours.load(written(value, pickle_protocol=protocol))
    assert as_plain(loaded) == as_plain(value)
    assert loaded["model"]._metadata == value["model"]._metadata
    net = ours.nn.Sequential(ours.nn.Linear(2, 3), ours.nn.BatchNorm1d(3))
    net.load_state_dict(loaded["model"])
    ours.optim.Adam(net.parameters()).load_state_dict(loaded["optimizer"])


@pytest.mark.parametrize("name", DTYPES)
def test_elements_of_all_types(name: str) -> None:
    torch = torch_or_skip()
    for shape in ((), (0,), (2, 3)):
        tensor = torch.ones(shape).to(getattr(torch, name))
        assert as_plain(ours.load(written(tensor))) == as_plain(tensor)


def test_memory_that_torch_shares_is_shared() -> None:
    base = torch_or_skip().arange(12.0).reshape(3, 4)
    loaded = ours.load(written([base.t(), base[1], base[:, ::2], base, base]))
    assert loaded[3] is loaded[4]
    loaded[1].mul_(0)
    assert loaded[0][:, 1].tolist() == [0, 0, 0, 0]
    assert loaded[2].tolist() == [[0, 2], [0, 0], [8, 10]]
    expanded = ours.load(written(torch_or_skip().ones(1).expand(4)))
    expanded[0] = 3
    assert expanded.tolist() == [3, 1, 1, 1]


def test_lists_that_hold_themselves_come_back() -> None:
    loop: list[Any] = [1]
    loop.append({"loop": loop})
    loaded = ours.load(written(loop))
    assert loaded[1]["loop"] is loaded


def test_whole_modules_and_arrays_are_refused() -> None:
    torch = torch_or_skip()
    with pytest.raises(RuntimeError, match=r"wants 'torch\.nn\.modules.*save a state_dict"):
        ours.load(written(torch.nn.Linear(1, 1)), weights_only=False)
    with pytest.raises(RuntimeError, match=r"wants 'numpy.*_reconstruct'"):
        ours.load(written(np.zeros(2)))
    with pytest.raises(AttributeError, match=r"has no torch\.bfloat16"):
        ours.load(written(torch.zeros(2).bfloat16()))
    with pytest.raises(AttributeError, match=r"has no torch\.complex64"):
        ours.load(written(torch.zeros(2, dtype=torch.complex64)))
    old = written(torch.zeros(2), _use_new_zipfile_serialization=False)
    with pytest.raises(RuntimeError, match=r"before PyTorch 1\.6"):
        ours.load(old)


def on_gpu(file: io.BytesIO) -> io.BytesIO:
    """Return a file of one tensor as if it had been on a GPU."""
    mine, theirs = b"X\x03\x00\x00\x00cpu", b"X\x03\x00\x00\x00gpu"
    data = file.getvalue()
    assert data.count(mine) == 1
    return io.BytesIO(data.replace(mine, theirs))


def test_tensors_of_another_device_need_a_mapping(monkeypatch: Any) -> None:
    # The zip's checksum no longer fits after the change; what it says is not the point here.
    monkeypatch.setattr("zipfile.ZipExtFile._update_crc", lambda self, data: None)
    file = written(torch_or_skip().ones(2))
    with pytest.raises(RuntimeError, match="Attempting to deserialize object on a gpu device"):
        ours.load(on_gpu(file))
    for mapped in ("cpu", ours.device("cpu"), {"gpu": "cpu"}, lambda storage, place: storage):
        assert ours.load(on_gpu(file), map_location=mapped).tolist() == [1, 1]


@pytest.mark.parametrize("own", [True, False])
def test_no_damage_does_more_than_raise_one_error(own: bool) -> None:
    value = checkpoint(ours if own else torch_or_skip())
    file = io.BytesIO()
    ours.save(value, file) if own else torch_or_skip().save(value, file)
    data = np.frombuffer(file.getvalue(), np.uint8)
    random = np.random.default_rng(0)
    wrong = 0
    for _ in range(150):
        damaged = data.copy()
        places = random.integers(0, len(data), random.integers(1, 8))
        damaged[places] = random.integers(0, 256, len(places))
        end = len(data) if random.random() < 0.8 else random.integers(0, len(data))
        try:
            ours.load(io.BytesIO(damaged[:end].tobytes()))
        except RuntimeError:
            wrong += 1
    assert wrong > 50
