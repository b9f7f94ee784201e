"""Products of vectors, matrices and batches against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.parity import arrays, assert_same, assert_same_again

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:torch.chain_matmul is deprecated"),
    pytest.mark.filterwarnings("ignore:Using torch.cross without specifying"),
]

Shapes = list[tuple[int, ...]]

PRODUCTS: dict[str, tuple[Any, Shapes]] = {
    "addbmm": (lambda e, m, a, b: e.addbmm(m, a, b), [(2, 4), (5, 2, 3), (5, 3, 4)]),
    "addmm_vector": (lambda e, m, a, b: e.addmm(m, a, b, beta=2), [(4,), (2, 3), (3, 4)]),
    "addmv": (lambda e, m, a, b: e.addmv(m, a, b, alpha=0.5), [(2,), (2, 3), (3,)]),
    "addr": (lambda e, m, a, b: e.addr(m, a, b), [(2, 3), (2,), (3,)]),
    "baddbmm": (
        lambda e, m, a, b: e.baddbmm(m, a, b, beta=0.5, alpha=2),
        [(4,), (5, 2, 3), (5, 3, 4)],
    ),
    "baddbmm_no_base": (
        lambda e, m, a, b: e.baddbmm(m.detach() * float("nan"), a, b, beta=0),
        [(5, 2, 4), (5, 2, 3), (5, 3, 4)],
    ),
    "bmm": (lambda e, a, b: e.bmm(a, b), [(5, 2, 3), (5, 3, 4)]),
    "bmm_empty": (lambda e, a, b: e.bmm(a, b), [(0, 2, 3), (0, 3, 4)]),
    "cdist": (lambda e, a, b: e.cdist(a, b), [(4, 3), (2, 3)]),
    "cdist_1": (lambda e, a, b: e.cdist(a, b, 1), [(5, 4, 3), (2, 3)]),
    "cdist_3": (lambda e, a, b: e.cdist(a, b, p=3.0), [(4, 3), (2, 3)]),
    "chain": (lambda e, a, b, c: e.chain_matmul(a, b, c), [(2, 3), (3, 4), (4, 2)]),
    "cross": (lambda e, a, b: e.cross(a, b, dim=1), [(2, 3), (2, 3)]),
    "cross_default": (lambda e, a, b: e.cross(a, b), [(3, 3), (3, 3)]),
    "cross_spread": (lambda e, a, b: e.linalg.cross(a, b), [(2, 3), (1, 3)]),
    "dot": (lambda e, a, b: e.dot(a, b), [(3,), (3,)]),
    "inner": (lambda e, a, b: e.inner(a, b), [(2, 3), (4, 3)]),
    "inner_number": (lambda e, a, b: e.inner(a, b), [(2, 3), ()]),
    "inner_vectors": (lambda e, a, b: e.inner(a, b), [(3,), (3,)]),
    "kron": (lambda e, a, b: e.kron(a, b), [(2, 3), (4, 2)]),
    "kron_ranks": (lambda e, a, b: e.kron(a, b), [(2, 3), (2,)]),
    "matmul_1_2": (lambda _, a, b: a @ b, [(3,), (3, 4)]),
    "matmul_1_3": (lambda _, a, b: a @ b, [(3,), (2, 3, 4)]),
    "matmul_2_1": (lambda _, a, b: a @ b, [(2, 3), (3,)]),
    "matmul_2_2": (lambda _, a, b: a @ b, [(2, 3), (3, 4)]),
    "matmul_2_3": (lambda _, a, b: a @ b, [(2, 3), (5, 3, 4)]),
    "matmul_3_1": (lambda _, a, b: a @ b, [(5, 2, 3), (3,)]),
    "matmul_3_2": (lambda _, a, b: a @ b, [(5, 2, 3), (3, 4)]),
    "matmul_4_4": (lambda _, a, b: a @ b, [(2, 1, 2, 3), (1, 4, 3, 2)]),
    "matmul_empty": (lambda _, a, b: a @ b, [(2, 0), (0, 3)]),
    "matmul_no_rows": (lambda _, a, b: a @ b, [(0, 3), (3, 2)]),
    "matmul_transposed": (lambda _, a, b: a.t() @ b.t(), [(3, 2), (4, 3)]),
    "mm": (lambda e, a, b: e.mm(a, b), [(2, 3), (3, 4)]),
    "mv": (lambda e, a, b: e.mv(a, b), [(2, 3), (3,)]),
    "outer": (lambda e, a, b: e.outer(a, b), [(3,), (4,)]),
    "ger": (lambda e, a, b: e.ger(a, b), [(3,), (4,)]),
    "tensordot": (lambda e, a, b: e.tensordot(a, b), [(2, 3, 4), (3, 4, 5)]),
    "tensordot_0": (lambda e, a, b: e.tensordot(a, b, 0), [(2, 3), (4,)]),
    "tensordot_1": (lambda e, a, b: e.tensordot(a, b, dims=1), [(2, 3), (3, 4)]),
    "tensordot_pairs": (
        lambda e, a, b: e.tensordot(a, b, dims=([1, 0], [0, -1])),
        [(2, 3, 4), (3, 5, 2)],
    ),
    "trace": (lambda e, a: e.trace(a), [(3, 4)]),
    "vdot": (lambda e, a, b: e.vdot(a, b), [(3,), (3,)]),
    "addmm_inplace": (lambda _, m, a, b: (m * 1).addmm_(a, b), [(2, 4), (2, 3), (3, 4)]),
    "ein_batch": (lambda e, a, b: e.einsum("bhqd,bhkd->bhqk", a, b), [(2, 2, 3, 4), (2, 2, 5, 4)]),
    "ein_bilinear": (
        lambda e, a, b, c: e.einsum("bn,anm,bm->ba", a, b, c),
        [(2, 5), (3, 5, 4), (2, 4)],
    ),
    "ein_diagonal": (lambda e, a: e.einsum("ii->i", a), [(3, 3)]),
    "ein_diagonals": (lambda e, a: e.einsum("...ii->...i", a), [(2, 3, 3)]),
    "ein_dots": (lambda e, a, b: e.einsum("...ij,...jk->...ik", a, b), [(4, 1, 2, 3), (5, 3, 2)]),
    "ein_dots_first": (lambda e, a: e.einsum("i...->...", a), [(2, 3, 4)]),
    "ein_dots_implied": (lambda e, a, b: e.einsum("...i,i", a, b), [(2, 3), (3,)]),
    "ein_implied": (lambda e, a, b: e.einsum("ba,ac", a, b), [(2, 3), (3, 4)]),
    "ein_lists": (lambda e, a, b: e.einsum(a, [0, 1], b, [2, 1], [0, 2]), [(2, 3), (4, 3)]),
    "ein_lists_dots": (lambda e, a: e.einsum(a, [..., 0, 1], [..., 1, 0]), [(2, 3, 4)]),
    "ein_lonely": (lambda e, a, b: e.einsum("ij,kl->k", a, b), [(2, 3), (4, 5)]),
    "ein_one_tuple": (lambda e, a, b: e.einsum("i,j->ij", (a, b)), [(2,), (3,)]),
    "ein_ones": (lambda e, a, b: e.einsum("ij,ij->i", a, b), [(2, 1), (2, 3)]),
    "ein_outer": (lambda e, a, b: e.einsum("i, j -> ij", a, b), [(2,), (3,)]),
    "ein_permute": (lambda e, a: e.einsum("ijk->kij", a), [(2, 3, 4)]),
    "ein_scalar": (lambda e, a, b: e.einsum(",i->i", a, b), [(), (3,)]),
    "ein_sum": (lambda e, a: e.einsum("ij->", a), [(2, 3)]),
    "ein_trace": (lambda e, a: e.einsum("ii", a), [(3, 3)]),
    "linear": (lambda e, x, w, b: e.nn.functional.linear(x, w, b), [(2, 5, 3), (4, 3), (4,)]),
    "linear_no_bias": (lambda e, x, w: e.nn.functional.linear(x, w), [(5, 3), (4, 3)]),
    "bilinear": (
        lambda e, x, y, w, b: e.nn.functional.bilinear(x, y, w, b),
        [(2, 5, 3), (2, 5, 2), (4, 3, 2), (4,)],
    ),
}
NAMED = {"bmm", "dot", "matmul_2_1", "matmul_2_2", "mm", "mv", "outer", "ger", "trace", "vdot",
         "cross", "cross_default", "cross_spread", "addmm_vector", "inner_number"}  # fmt: skip
# PyTorch cannot differentiate its own distances twice for every p.
ONCE = {"cdist", "cdist_1", "cdist_3"}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products(name: str) -> None:
    function, shapes = PRODUCTS[name]
    assert_same(function, arrays(*shapes), names=name in NAMED)


@pytest.mark.parametrize("name", sorted({*PRODUCTS} - ONCE))
def test_second_derivatives_of_products(name: str) -> None:
    function, shapes = PRODUCTS[name]
    assert_same_again(function, arrays(*shapes))


@pytest.mark.parametrize("dtype", ["int64", "int32", "float32", "float16"])
@pytest.mark.parametrize("name", ["matmul_2_2", "matmul_2_1", "dot", "ein_batch", "outer", "trace",
                                  "matmul_4_4", "tensordot", "kron"])  # fmt: skip
def test_types_of_products(name: str, dtype: str) -> None:
    function, shapes = PRODUCTS[name]
    data = [(a * 4).astype(dtype) for a in arrays(*shapes)]
    tolerance = {"float16": 2e-2, "float32": 1e-5}.get(dtype, 0)
    assert_same(function, data, names=False, tolerance=tolerance)


def test_distances_of_equal_rows_have_gradient_zero() -> None:
    assert_same(lambda e, a: e.cdist(a, a.detach()), [np.ones((2, 3))], names=False)


def test_what_the_user_called_is_what_events_say() -> None:
    import gradstep_engine as torch
    from gradstep_engine import events

    told: list[Any] = []
    a, v = torch.ones(2, 2, requires_grad=True), torch.ones(2)
    events.listener = told.append
    try:
        a @ v
        a @ a
        v @ v
        a.mv(v)
        torch.einsum("ij,j->i", a, v)
        torch.kron(a, a)
    finally:
        events.listener = None
    names = [each.name for each in told if isinstance(each, events.Op)]
    assert names == ["matmul", "matmul", "matmul", "mv", "einsum", "kron"]
