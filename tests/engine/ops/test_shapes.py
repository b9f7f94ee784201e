"""Shapes against PyTorch: values, node names, first and second derivatives, mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradstep_engine
from tests.engine.ops.comparing import (
    assert_same_error,
    assert_same_result,
    assert_same_warning,
    assert_second_derivative,
)
from tests.engine.parity import arrays, assert_same

ours: Any = gradstep_engine

VIEWS: dict[str, Any] = {
    "adjoint": lambda _, x: x.adjoint(),
    "as_strided": lambda _, x: (x * 1).as_strided((3, 2), (2, 3), 1),
    "as_strided_overlapping": lambda _, x: (x * 1).as_strided((4, 3), (1, 1)),
    "atleast_2d": lambda e, x: e.atleast_2d(x[0, 0]),
    "atleast_3d": lambda e, x: e.atleast_3d(x[0]),
    "atleast_several": lambda e, x: e.atleast_1d(x[0, 0, 0], x[0]),
    "broadcast_tensors": lambda e, x: e.broadcast_tensors(x, x[0, 0], x[:, :1])[1:],
    "broadcast_to": lambda _, x: x.broadcast_to((2, 2, 3, 4)),
    "diag_of_matrix": lambda _, x: x[0].diagonal(1) * 1,
    "diag_of_vector": lambda _, x: x[0, 0].diag(-1),
    "diag_embed": lambda _, x: x.diag_embed(1, 0, -1),
    "diagflat": lambda _, x: x[0].diagflat(),
    "diagonal": lambda _, x: x.diagonal(),
    "diagonal_of_last": lambda _, x: x.diagonal(-1, -2, -1),
    "diagonal_far": lambda _, x: x.diagonal(1, 2, 0),
    "expand_as": lambda e, x: x[0].expand_as(x),
    "flip": lambda _, x: x.flip((0, -1)),
    "fliplr": lambda e, x: e.fliplr(x),
    "flipud": lambda _, x: x.flipud(),
    "mH": lambda _, x: x.mH,
    "meshgrid": lambda e, x: e.meshgrid(x[0, 0], x[0, :, 0], indexing="ij"),
    "meshgrid_xy": lambda e, x: e.meshgrid([x[0, 0], x[0, :, 0], x[1, 1]], indexing="xy"),
    "movedim": lambda _, x: x.movedim(0, -1),
    "movedim_several": lambda _, x: x.moveaxis((0, 1), (2, 0)),
    "narrow": lambda _, x: x.narrow(-1, -2, 2),
    "roll": lambda _, x: x.roll(2),
    "roll_two": lambda _, x: x.roll((1, -1), (0, 2)),
    "rot90": lambda _, x: x.rot90(),
    "rot90_back": lambda e, x: e.rot90(x, -1, [2, 1]),
    "select": lambda _, x: x.select(-1, -1),
    "squeeze_several": lambda _, x: x[:, :1, :1].squeeze((1, 2)) * 1,
    "swapaxes": lambda _, x: x.swapaxes(0, 2),
    "t": lambda _, x: x[0].t(),
    "tril": lambda _, x: x.tril(-1),
    "triu": lambda e, x: e.triu(x, 1),
    "unflatten": lambda _, x: x.unflatten(-1, (2, -1)),
    "unfold": lambda _, x: x.unfold(2, 2, 1),
    "unfold_step": lambda _, x: x.unfold(1, 2, 2),
    "view": lambda _, x: x.view(2, -1),
    "view_as": lambda _, x: x.view_as(x),
    "tile": lambda _, x: x.tile((2, 1)),
    "tile_long": lambda _, x: x.tile(2, 1, 1, 2),
    "repeat": lambda _, x: x.repeat(2, 1, 1, 3),
    "repeat_interleave": lambda e, x: x.repeat_interleave(e.tensor([2, 0, 1]), 1) * 1,
    "repeat_interleave_flat": lambda _, x: x.repeat_interleave(2) * 1,
    "contiguous": lambda _, x: x.transpose(0, 1).contiguous(),
    "clone": lambda _, x: x.clone(),
    "permute": lambda _, x: x.permute((2, 0, 1)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", VIEWS)
def test_views_and_copies(name: str) -> None:
    assert_same(VIEWS[name], arrays((2, 3, 4)))


@pytest.mark.parametrize("name", VIEWS)
def test_second_derivatives(name: str) -> None:
    assert_second_derivative(VIEWS[name], (2, 3, 4))


RESULTS: dict[str, Any] = {
    "broadcast_shapes": lambda e: e.broadcast_shapes((2, 1), (3,), 1),
    "cartesian": lambda e: e.cartesian_prod(e.tensor([1, 2]), e.tensor([3, 4])),
    "cartesian_one": lambda e: e.cartesian_prod(e.tensor([1, 2])),
    "combinations": lambda e: e.combinations(e.tensor([1, 2, 3])),
    "combinations_again": lambda e: e.combinations(e.tensor([1, 2, 3]), 3, True),
    "combinations_none": lambda e: e.combinations(e.tensor([1, 2]), 3),
    "repeat_interleave_counts": lambda e: e.repeat_interleave(e.tensor([2, 0, 1])),
    "repeat_interleave_size": lambda e: e.repeat_interleave(
        e.tensor([[1, 2], [3, 4]]), e.tensor([1, 2]), dim=0, output_size=3
    ),
    "stride": lambda e: e.zeros(2, 3, 4).permute(2, 0, 1).stride(),
    "stride_one": lambda e: e.zeros(2, 3).stride(0),
    "storage_offset": lambda e: e.zeros(2, 3)[1, 1:].storage_offset(),
    "unfold_stride": lambda e: e.zeros(2, 4).unfold(1, 2, 1).stride(),
    "vander": lambda e: e.vander(e.tensor([1.0, 2.0, 3.0]), 2),
    "vander_increasing": lambda e: e.vander(e.tensor([1, 2, 3]), increasing=True),
    "view_dtype": lambda e: e.tensor([1.0, -2.0]).view(e.int32),
    "view_dtype_narrow": lambda e: e.tensor([[1.0, 2.0]]).view(e.int16).shape,
    "view_dtype_wide": lambda e: e.ones(2, 4, dtype=e.int16).view(e.int64).shape,
    "is_contiguous": lambda e: e.zeros(2, 3).t().is_contiguous(),
    "channels_last": lambda e: e.zeros(2, 3).contiguous(memory_format=e.contiguous_format).shape,
    "flip_0d": lambda e: e.tensor(3).flip(()),
    "roll_0d": lambda e: e.tensor(3).roll(1),
    "diag_of_matrix": lambda e: e.arange(6).reshape(2, 3).diag(1),
    "squeeze_missing": lambda e: e.zeros(2, 1, 3).squeeze((0, 1)).shape,
    "empty_split": lambda e: [p.shape for p in e.zeros(0, 2).split(3)],
    "size_dim": lambda e: e.zeros(2, 3).size(-1),
    "shape_part": lambda e: e.zeros(2, 3, 4).shape[1:],
    "numel": lambda e: e.zeros(2, 3).shape.numel(),
    "element_size": lambda e: (e.zeros(2).element_size(), e.zeros(2).nbytes, e.zeros(2).itemsize),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", RESULTS)
def test_results(name: str) -> None:
    assert_same_result(RESULTS[name])


MISTAKES: dict[str, Any] = {
    "block": lambda e: e.as_strided(e.ones(2, 3), (5, 5), (1, 5)),
    "broadcast": lambda e: e.broadcast_tensors(e.ones(3, 4), e.ones(3)),
    "broadcast_shapes": lambda e: e.broadcast_shapes((2, 3), (4,)),
    "cartesian": lambda e: e.cartesian_prod(e.ones(2, 2)),
    "diag": lambda e: e.diag(e.ones(2, 2, 2)),
    "diagonal": lambda e: e.ones(2).diagonal(),
    "diagonal_same": lambda e: e.ones(2, 2).diagonal(0, 1, 1),
    "expand_negative": lambda e: e.ones(3, 4).expand(-1, 3, 4),
    "flip_twice": lambda e: e.ones(2, 2).flip(0, 0),
    "fliplr": lambda e: e.fliplr(e.ones(2)),
    "flipud": lambda e: e.flipud(e.tensor(1)),
    "meshgrid_type": lambda e: e.meshgrid(e.tensor([1]), e.tensor([1.0]), indexing="ij"),
    "movedim_count": lambda e: e.ones(2, 2).movedim((0, 1), (1,)),
    "movedim_twice": lambda e: e.ones(2, 2).movedim((0, 0), (0, 1)),
    "narrow": lambda e: e.ones(3).narrow(0, 2, 9),
    "narrow_start": lambda e: e.ones(3).narrow(0, 7, 1),
    "repeat": lambda e: e.ones(2, 2).repeat(2),
    "repeat_interleave": lambda e: e.ones(3, 4).repeat_interleave(e.tensor([1, 2]), 0),
    "repeat_interleave_negative": lambda e: e.ones(3).repeat_interleave(-1),
    "repeat_interleave_size": lambda e: e.ones(3).repeat_interleave(2, 0, output_size=5),
    "roll": lambda e: e.ones(2).roll((1, 2), 0),
    "rot90": lambda e: e.ones(2, 2).rot90(1, [0]),
    "rot90_same": lambda e: e.ones(2, 2).rot90(1, [0, 0]),
    "select": lambda e: e.ones(3, 4).select(0, 9),
    "squeeze": lambda e: e.ones(2).squeeze(4),
    "tril": lambda e: e.ones(2).tril(),
    "unflatten": lambda e: e.ones(3, 4).unflatten(1, (3, 2)),
    "unflatten_empty": lambda e: e.ones(3, 4).unflatten(1, ()),
    "unfold": lambda e: e.ones(3).unfold(0, 5, 1),
    "unfold_step": lambda e: e.ones(3).unfold(0, 2, 0),
    "vander": lambda e: e.vander(e.ones(2, 2)),
    "view": lambda e: e.ones(6).view(4),
    "view_dtype": lambda e: e.ones(3).view(e.float64),
    "view_two_open": lambda e: e.ones(6).view(-1, -1),
    "stride_dim": lambda e: e.ones(6).stride(3),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", MISTAKES)
def test_same_error(name: str) -> None:
    assert_same_error(MISTAKES[name])


def test_views_share_memory_and_version() -> None:
    x: Any = ours.zeros(3, 3)
    x.diagonal().fill_(1)
    x.unfold(0, 2, 1)[0, 0, 0] += 1
    assert x.tolist() == [[2, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert x._version == 3  # `+=` on a part writes the part back
    assert x.view(ours.int32).data_ptr() == x.data_ptr()


@pytest.mark.torch
def test_T_of_other_ranks_warns() -> None:
    assert_same_warning(lambda e: e.zeros(3).T)


def test_meshgrid_without_indexing_warns() -> None:
    with pytest.warns(UserWarning, match="indexing argument"):
        grids = ours.meshgrid(ours.arange(2), ours.arange(3))
    assert np.array_equal(grids[0].numpy(), [[0, 0, 0], [1, 1, 1]])
