"""Padding and packing sequences of different lengths, against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.nn.pairing import leaf, numbers, ours, run_both, torch_or_skip

pytestmark = pytest.mark.torch

LENGTHS = {"falling": [4, 3, 1], "equal": [4, 4, 4], "mixed": [2, 4, 3], "one": [4]}


def rnn(engine: Any) -> Any:
    return engine.nn.utils.rnn


def sequences(engine: Any, lengths: list[int], *trailing: int) -> list[Any]:
    return [leaf(engine, numbers(n, *trailing, seed=n + k)) for k, n in enumerate(lengths)]


def both(function: Any) -> tuple[Any, Any]:
    return function(ours), function(torch_or_skip())


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("name", LENGTHS)
def test_pack_and_pad_equal_torch(name: str, batch_first: bool) -> None:
    lengths = LENGTHS[name]
    shape = (len(lengths), 4, 2) if batch_first else (4, len(lengths), 2)

    def packed(engine: Any, xs: Any) -> Any:
        made = rnn(engine).pack_padded_sequence(
            xs[0], lengths, batch_first=batch_first, enforce_sorted=name != "mixed"
        )
        return made.data

    def padded(engine: Any, xs: Any) -> Any:
        made = rnn(engine).pack_padded_sequence(
            xs[0], engine.tensor(lengths), batch_first=batch_first, enforce_sorted=False
        )
        result, found = rnn(engine).pad_packed_sequence(
            made, batch_first=batch_first, padding_value=-1.5, total_length=6
        )
        assert found.tolist() == lengths
        return result

    mine, theirs = run_both(packed, [numbers(*shape)])
    assert mine.grad_fn.name() == theirs.grad_fn.name()
    run_both(padded, [numbers(*shape)])


@pytest.mark.parametrize("name", LENGTHS)
def test_packed_sequence_has_torchs_fields(name: str) -> None:
    lengths = LENGTHS[name]
    mine, theirs = both(
        lambda e: rnn(e).pack_sequence(
            sequences(e, lengths), enforce_sorted=name not in ("mixed", "equal")
        )
    )
    assert mine._fields == theirs._fields
    for a, b in zip(mine, theirs, strict=True):
        assert (a is None) == (b is None)
        if b is not None:
            assert a.tolist() == b.tolist()
            assert repr(a.dtype) == repr(b.dtype)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("trailing", [(), (2,), (2, 3)])
def test_pad_sequence_equals_torch(trailing: tuple[int, ...], side: str, batch_first: bool) -> None:
    arrays = [numbers(n, *trailing, seed=n) for n in (2, 4, 1)]
    mine, theirs = run_both(
        lambda e, xs: rnn(e).pad_sequence(
            xs, batch_first=batch_first, padding_value=9.0, padding_side=side
        ),
        arrays,
    )
    assert tuple(mine.shape) == tuple(theirs.shape)


def test_pad_sequence_of_numbers_and_of_a_tensor() -> None:
    for make in (
        lambda e: rnn(e).pad_sequence([e.tensor([1, 2, 3]), e.tensor([4])], True),
        lambda e: rnn(e).pad_sequence(e.tensor([[1.0, 2.0], [4.0, 5.0]]), True),
        lambda e: rnn(e).pad_sequence(iter([e.tensor([True]), e.tensor([True, False])])),
    ):
        mine, theirs = both(make)
        assert mine.tolist() == theirs.tolist()
        assert repr(mine.dtype) == repr(theirs.dtype)


@pytest.mark.parametrize("batch_first", [False, True])
def test_sequences_come_back_as_they_were(batch_first: bool) -> None:
    given = sequences(ours, [2, 4, 1], 3)
    padded = rnn(ours).pad_sequence(given, batch_first=batch_first)
    lengths = ours.tensor([2, 4, 1])
    back = rnn(ours).unpad_sequence(padded, lengths, batch_first=batch_first)
    again = rnn(ours).unpack_sequence(rnn(ours).pack_sequence(given, enforce_sorted=False))
    for before, after, packed in zip(given, back, again, strict=True):
        assert ours.equal(before, after)
        assert ours.equal(before, packed)


def test_packed_sequence_converts_as_torch() -> None:
    def converted(engine: Any) -> list[Any]:
        made = rnn(engine).pack_sequence(sequences(engine, [2, 1]))
        kinds = ("float", "half", "long", "int", "short", "char", "byte", "double", "cpu")
        assert made.double() is made
        assert made.to(engine.float64) is made
        assert not made.is_cuda
        found = [repr(getattr(made, kind)().data.dtype) for kind in kinds]
        return [*found, type(made.float()).__name__]

    mine, theirs = both(converted)
    assert mine == theirs


def test_a_pair_makes_a_packed_sequence() -> None:
    data, sizes = ours.zeros(3, 2), ours.tensor([2, 1])
    made = rnn(ours).PackedSequence((data, sizes))
    assert made.data is data
    assert made.batch_sizes is sizes
    order = ours.tensor([2, 0, 1])
    assert rnn(ours).invert_permutation(order).tolist() == [1, 2, 0]
    assert rnn(ours).invert_permutation(None) is None
    with pytest.raises(AssertionError, match="list or tuple of length 2"):
        rnn(ours).PackedSequence(data)


ERRORS: dict[str, Any] = {
    "not sorted": lambda e: rnn(e).pack_padded_sequence(e.zeros(3, 2), [2, 3]),
    "length 0": lambda e: rnn(e).pack_padded_sequence(e.zeros(3, 2), [3, 0]),
    "number of lengths": lambda e: rnn(e).pack_padded_sequence(e.zeros(3, 2), [3]),
    "sequences not sorted": lambda e: rnn(e).pack_sequence([e.zeros(1), e.zeros(2)]),
    "total length": lambda e: rnn(e).pad_packed_sequence(
        rnn(e).pack_sequence([e.zeros(2), e.zeros(1)]), total_length=1
    ),
    "nothing to pad": lambda e: rnn(e).pad_sequence([]),
    "other dimensions": lambda e: rnn(e).pad_sequence([e.zeros(2, 1), e.zeros(2, 3)]),
    "side": lambda e: rnn(e).pad_sequence([e.zeros(2)], padding_side="top"),
    "no sequences": lambda e: rnn(e).pad_sequence(3),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error_says_what_torch_says(name: str) -> None:
    said = []
    for engine in (ours, torch_or_skip()):
        with pytest.raises((RuntimeError, ValueError)) as caught:
            ERRORS[name](engine)
        said.append((caught.type, str(caught.value)))
    assert said[0] == said[1]


def test_lengths_beyond_the_padding_are_refused() -> None:
    with pytest.raises(RuntimeError, match="at most 3"):
        rnn(ours).pack_padded_sequence(ours.zeros(3, 2), [4, 1])


def test_second_derivatives() -> None:
    x = leaf(ours, numbers(3, 2, 2))
    rows = leaf(ours, numbers(4, 2))
    several = [leaf(ours, numbers(n)) for n in (2, 3)]
    check = ours.autograd.gradgradcheck
    assert check(lambda x: rnn(ours).pack_padded_sequence(x, [3, 1]).data, [x])
    sizes = ours.tensor(np.array([2, 1, 1]))
    assert check(
        lambda rows: rnn(ours).pad_packed_sequence(rnn(ours).PackedSequence(rows, sizes))[0],
        [rows],
    )
    assert check(lambda *xs: rnn(ours).pad_sequence(xs, batch_first=True), several)
