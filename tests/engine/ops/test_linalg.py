"""`torch.linalg` and its older names against PyTorch.

Matrices of factorisations are unique up to signs only; what is compared does not depend on them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.engine.parity import assert_same, assert_same_again, torch_or_skip

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:torch.cholesky is deprecated"),
    pytest.mark.filterwarnings("ignore:torch.qr is deprecated"),
]


def matrix(*shape: int) -> Any:
    """Return distinct numbers, with large ones on the diagonal: well conditioned."""
    stream = np.random.default_rng(5)
    return stream.uniform(-1, 1, shape) + 2 * np.eye(shape[-2], shape[-1])


A = matrix(3, 3)
BATCH = matrix(2, 3, 3)
TALL, WIDE = matrix(4, 3), matrix(2, 4)
VECTOR = np.array([0.5, -1.0, 2.0])


def _symmetric(x: Any) -> Any:
    return x @ x.mT + x.new_ones(x.shape[-1]).diag() * 0.5


def _factors(e: Any, x: Any) -> Any:
    """Return what does not depend on the signs of singular vectors."""
    u, s, vh = e.linalg.svd(x, full_matrices=False)
    return s, u @ (s.unsqueeze(-1) ** 2 * vh), u.abs(), vh * vh


def _q_r(q: Any, r: Any) -> Any:
    return q * q, r.abs(), q @ (r * r)


LINALG: dict[str, tuple[Any, list[Any]]] = {
    "cholesky": (lambda e, x: e.linalg.cholesky(_symmetric(x)), [A]),
    "cholesky_batch": (lambda e, x: e.linalg.cholesky(_symmetric(x), upper=True), [BATCH]),
    "cholesky_inverse": (lambda e, x: e.cholesky_inverse(e.linalg.cholesky(_symmetric(x))), [A]),
    "cholesky_old": (lambda e, x: e.cholesky(_symmetric(x)), [A]),
    "cholesky_solve": (lambda e, x, y: y.cholesky_solve(e.linalg.cholesky(x @ x.mT)), [A, A + 1]),
    "cond": (lambda e, x: e.linalg.cond(x), [A]),
    "cond_1": (lambda e, x: e.linalg.cond(x.detach(), 1), [BATCH]),
    "diagonal": (lambda e, x: e.linalg.diagonal(x, offset=1), [BATCH]),
    "tensorinv": (lambda e, x: e.linalg.tensorinv(x.reshape(1, 3, 3), ind=2), [A]),
    "tensorsolve": (lambda e, x, y: e.linalg.tensorsolve(x.reshape(3, 3, 1), y), [A, VECTOR]),
    "tensorsolve_moved": (
        lambda e, x, y: e.linalg.tensorsolve(x.reshape(1, 3, 3), y, dims=(1, 0)),
        [A, VECTOR],
    ),
    "det": (lambda e, x: e.linalg.det(x), [A]),
    "det_batch": (lambda e, x: x.det(), [BATCH]),
    "det_negative": (lambda e, x: e.det(x), [A[[1, 0, 2]]]),
    "eigh": (lambda e, x: e.linalg.eigh(_symmetric(x)).eigenvalues, [A]),
    "eigh_vectors": (lambda e, x: e.linalg.eigh(_symmetric(x)).eigenvectors ** 2, [BATCH]),
    "eigvalsh": (lambda e, x: e.linalg.eigvalsh(_symmetric(x)), [A]),
    "inv": (lambda e, x: e.linalg.inv(x), [A]),
    "inverse": (lambda e, x: x.inverse(), [BATCH]),
    "logdet": (lambda e, x: e.logdet(_symmetric(x)), [A]),
    "lstsq": (lambda e, x, y: e.linalg.lstsq(x, y).solution, [TALL, TALL + 1]),
    "matrix_exp": (lambda e, x: e.matrix_exp(x), [A]),
    "matrix_exp_batch": (lambda e, x: e.linalg.matrix_exp(x * 3), [BATCH]),
    "matrix_norm": (lambda e, x: e.linalg.matrix_norm(x), [BATCH]),
    "matrix_norm_1": (lambda e, x: e.linalg.matrix_norm(x, 1), [BATCH]),
    "matrix_norm_2": (lambda e, x: e.linalg.matrix_norm(x, 2, keepdim=True), [BATCH]),
    "matrix_norm_inf": (lambda e, x: e.linalg.matrix_norm(x, math.inf, dim=(0, 2)), [BATCH]),
    "matrix_norm_nuc": (lambda e, x: e.linalg.matrix_norm(x, "nuc"), [BATCH]),
    "matrix_norm_minus_1": (lambda e, x: e.linalg.matrix_norm(x, -1), [A]),
    "matrix_norm_minus_2": (lambda e, x: e.linalg.matrix_norm(x, -2), [A]),
    "matrix_power": (lambda e, x: e.matrix_power(x, 3), [A]),
    "matrix_power_0": (lambda e, x: e.linalg.matrix_power(x.detach(), 0), [BATCH]),
    "matrix_power_minus": (lambda e, x: x.matrix_power(-2), [BATCH]),
    "matrix_rank": (lambda e, x: e.linalg.matrix_rank(x.detach()), [np.outer(VECTOR, VECTOR)]),
    "multi_dot": (lambda e, x, v: e.linalg.multi_dot([v, x, x, v]), [A, VECTOR]),
    "norm": (lambda e, x: e.linalg.norm(x), [BATCH]),
    "norm_dim": (lambda e, x: e.linalg.norm(x, dim=1, keepdim=True), [BATCH]),
    "norm_matrix": (lambda e, x: e.linalg.norm(x, "nuc"), [A]),
    "norm_matrix_dims": (lambda e, x: e.linalg.norm(x, 1, dim=(1, 2)), [BATCH]),
    "norm_vector": (lambda e, x: e.linalg.norm(x, 3), [VECTOR]),
    "pinv": (lambda e, x: e.linalg.pinv(x), [TALL]),
    "pinv_wide": (lambda e, x: e.pinverse(x), [WIDE]),
    "qr": (lambda e, x: _q_r(*e.linalg.qr(x)), [TALL]),
    "qr_old": (lambda e, x: _q_r(*x.qr()), [BATCH]),
    "qr_r": (lambda e, x: e.linalg.qr(x.detach(), mode="r").R.abs(), [TALL]),
    "slogdet": (lambda e, x: e.linalg.slogdet(x).logabsdet, [A]),
    "slogdet_old": (lambda e, x: [part.detach() for part in x.slogdet()], [BATCH]),
    "solve": (lambda e, x, y: e.linalg.solve(x, y), [A, VECTOR]),
    "solve_batch": (lambda e, x, y: e.linalg.solve(x, y), [BATCH, A]),
    "solve_left": (lambda e, x, y: e.linalg.solve(x, y, left=False), [A, WIDE[:, :3]]),
    "solve_vectors": (lambda e, x, y: e.linalg.solve(x, y), [BATCH, WIDE[:, :3]]),
    "solve_triangular": (
        lambda e, x, y: e.linalg.solve_triangular(x.triu(), y, upper=True),
        [A, A + 1],
    ),
    "solve_unitriangular": (
        lambda e, x, y: e.linalg.solve_triangular(x, y, upper=False, unitriangular=True),
        [A.copy() * np.tri(3), A + 1],
    ),
    "svd": (_factors, [A]),
    "svd_batch": (_factors, [BATCH]),
    "svd_full": (lambda e, x: e.linalg.svd(x)[1], [TALL]),
    "svd_old": (lambda e, x: e.svd(x)[2] ** 2, [WIDE]),
    "svd_tall": (_factors, [TALL]),
    "svd_wide": (_factors, [WIDE]),
    "svdvals": (lambda e, x: e.linalg.svdvals(x), [WIDE]),
    "vander": (lambda e, x: e.linalg.vander(x, N=4), [VECTOR]),
    "vecdot": (lambda e, x, y: e.linalg.vecdot(x, y), [A, A + 1]),
    "vector_norm": (lambda e, x: e.linalg.vector_norm(x, 3, dim=(0, 1)), [BATCH]),
}
CONSTANT = {"cond_1", "matrix_power_0", "matrix_rank", "qr_r", "slogdet_old"}
NAMED = {"cholesky", "det", "det_batch", "eigvalsh", "inv", "inverse", "matrix_exp", "norm",
         "pinv", "pinv_wide", "slogdet", "solve_batch", "svdvals", "vector_norm"}  # fmt: skip


@pytest.mark.parametrize("name", LINALG)
def test_linear_algebra(name: str) -> None:
    function, data = LINALG[name]
    assert_same(function, data, names=name in NAMED, tolerance=1e-7)


@pytest.mark.parametrize("name", sorted({*LINALG} - CONSTANT))
def test_second_derivatives(name: str) -> None:
    function, data = LINALG[name]
    assert_same_again(function, data, tolerance=1e-6)


@pytest.mark.parametrize("name", ["inv", "det", "solve", "cholesky", "svdvals", "eigvalsh", "pinv"])
def test_single_precision_stays(name: str) -> None:
    function, data = LINALG[name]
    assert_same(function, [a.astype(np.float32) for a in data], names=False, tolerance=2e-4)


def test_the_determinant_of_a_singular_matrix_has_a_gradient() -> None:
    import gradstep_engine as ours

    rows = [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.5, 1.0, -1.0]]
    x = ours.tensor(rows, dtype=ours.float64, requires_grad=True)
    assert ours.autograd.gradcheck(ours.linalg.det, (x,))


ERRORS: dict[str, Any] = {
    "tensorinv_ind": lambda e: e.linalg.tensorinv(e.ones(2, 3), ind=0),
    "tensorinv_sizes": lambda e: e.linalg.tensorinv(e.ones(2, 3), ind=1),
    "tensorsolve_sizes": lambda e: e.linalg.tensorsolve(e.ones(2, 3), e.ones(2)),
    "inv_shape": lambda e: e.linalg.inv(e.ones(2, 3)),
    "inv_rank": lambda e: e.linalg.inv(e.ones(2)),
    "inv_type": lambda e: e.linalg.inv(e.ones(2, 2, dtype=e.int64)),
    "det_shape": lambda e: e.det(e.ones(2, 3)),
    "inv_singular": lambda e: e.linalg.inv(e.zeros(2, 2)),
    "solve_singular": lambda e: e.linalg.solve(e.zeros(2, 2), e.ones(2)),
    "cholesky": lambda e: e.linalg.cholesky(-e.eye(2)),
    "norm_type": lambda e: e.linalg.norm(e.ones(2, dtype=e.int64)),
    "cross": lambda e: e.linalg.cross(e.ones(2, 3), e.ones(3)),
    "qr_mode": lambda e: e.linalg.qr(e.ones(2, 2), "x"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_read_as_in_torch(name: str) -> None:
    import gradstep_engine as ours

    torch = torch_or_skip()
    with pytest.raises(RuntimeError) as expected:
        ERRORS[name](torch)
    with pytest.raises(RuntimeError) as found:
        ERRORS[name](ours)
    assert str(found.value) == str(expected.value)
    is_kind = isinstance(expected.value, torch.linalg.LinAlgError)
    assert isinstance(found.value, ours.linalg.LinAlgError) == is_kind


def test_what_is_missing_says_so() -> None:
    import gradstep_engine as ours

    with pytest.raises(NotImplementedError, match=r"torch\.linalg\.eig \(complex"):
        ours.linalg.eig(ours.eye(2))
    with pytest.raises(NotImplementedError, match=r"torch\.linalg\.ldl_factor"):
        ours.linalg.ldl_factor  # noqa: B018
