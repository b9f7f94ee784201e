"""Sums, statistics, orders and running results against PyTorch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.engine.parity import arrays, assert_same, assert_same_again, torch_or_skip

pytestmark = pytest.mark.torch

NAN = math.nan

# Of float64 shaped (2, 3, 4), all elements different.
ALONG: dict[str, Any] = {
    "amax": lambda _, x: x.amax((0, 2)),
    "amin_keep": lambda _, x: x.amin(-1, keepdim=True),
    "aminmax": lambda _, x: x.aminmax(dim=1),
    "aminmax_all": lambda _, x: x.aminmax(),
    "corrcoef": lambda _, x: x[0].corrcoef(),
    "count_nonzero": lambda _, x: (x > 1).count_nonzero(1),
    "cov": lambda _, x: x[0].cov(),
    "cov_row": lambda _, x: x[0, 0].cov(correction=0),
    "cov_weighted": lambda e, x: x[0].cov(
        fweights=e.tensor([1, 2, 1, 3]), aweights=e.tensor([0.5, 1.0, 1.5, 0.2]).double()
    ),
    "cummax": lambda _, x: x.cummax(1),
    "cummin": lambda _, x: x.cummin(-1),
    "cumprod": lambda _, x: x.cumprod(1),
    "cumsum": lambda _, x: x.cumsum(2),
    "cumsum_type": lambda e, x: x.cumsum(2, dtype=e.float32),
    "cumulative_trapezoid": lambda e, x: e.cumulative_trapezoid(x, dim=1),
    "diff": lambda _, x: x.diff(),
    "diff_twice": lambda _, x: x.diff(n=2, dim=1),
    "diff_around": lambda _, x: x.diff(dim=1, prepend=x[:, :1] * 2, append=x[:, :2]),
    "dist": lambda _, x: x.dist(x.detach() * 2 - 1),
    "dist_1": lambda e, x: e.dist(x, x.detach() * 2 - 1, 1),
    "gradient": lambda e, x: e.gradient(x, dim=(1, 2), spacing=0.5),
    "kthvalue": lambda _, x: x.kthvalue(2, dim=1),
    "kthvalue_keep": lambda _, x: x.kthvalue(4, keepdim=True),
    "logcumsumexp": lambda _, x: x.logcumsumexp(1),
    "logsumexp": lambda _, x: x.logsumexp((0, 1), keepdim=True),
    "max_keep": lambda _, x: x.max(dim=-1, keepdim=True),
    "mean_none": lambda _, x: x.mean(dim=None, keepdim=True),
    "mean_type": lambda e, x: x.mean(dtype=e.float32),
    "median": lambda _, x: x.median(2),
    "median_all": lambda _, x: x.median(),
    "mode": lambda _, x: (x * 2).round().detach().mode(1)[0],
    "msort": lambda _, x: x.msort(),
    "nanmean": lambda _, x: x.nanmean(1),
    "nanmedian": lambda _, x: x.nanmedian(0, keepdim=True),
    "nanmedian_all": lambda _, x: x.nanmedian(),
    "nanquantile": lambda _, x: x.nanquantile(0.3, 1),
    "nansum": lambda _, x: x.nansum((0, 2)),
    "nansum_all": lambda _, x: x.nansum(),
    "norm": lambda _, x: x.norm(),
    "norm_0": lambda _, x: x.norm(0, dim=1),
    "norm_1": lambda _, x: x.norm(1, dim=(0, 1)),
    "norm_3": lambda _, x: x.norm(3, dim=-1, keepdim=True),
    "norm_fro": lambda e, x: e.norm(x, "fro", dim=(0, 1)),
    "norm_inf": lambda _, x: x.norm(math.inf, 1),
    "norm_minus_inf": lambda _, x: x.norm(-math.inf, 1),
    "norm_minus_1": lambda _, x: x.norm(-1, 1),
    "norm_half": lambda _, x: x.norm(0.5, 1),
    "norm_nuc": lambda _, x: x[0].norm("nuc"),
    "prod": lambda _, x: x.prod(1),
    "prod_all": lambda _, x: x.prod(),
    "quantile": lambda _, x: x.quantile(0.4, dim=1),
    "quantile_all": lambda _, x: x.quantile(0.25),
    "quantile_higher": lambda _, x: x.quantile(0.4, dim=1, interpolation="higher"),
    "quantile_keep": lambda _, x: x.quantile(0.4, dim=1, keepdim=True),
    "quantile_keep_all": lambda _, x: x.quantile(0.4, keepdim=True),
    "quantile_lower": lambda _, x: x.quantile(0.4, dim=-1, interpolation="lower"),
    "quantile_midpoint": lambda _, x: x.quantile(0.3, dim=0, interpolation="midpoint"),
    "quantile_nearest": lambda _, x: x.quantile(0.4, dim=2, interpolation="nearest"),
    "quantiles": lambda e, x: x.quantile(e.tensor([0.1, 0.5, 1.0], dtype=e.float64), dim=1),
    "quantiles_keep": lambda e, x: x.quantile(
        e.tensor([0.1, 1.0], dtype=e.float64), 2, keepdim=True
    ),
    "renorm": lambda _, x: x.renorm(2, 1, 1.5),
    "sort": lambda _, x: x.sort(descending=True),
    "std_list": lambda _, x: x.std([0, 2], correction=0),
    "std_mean": lambda e, x: e.std_mean(x, dim=1, keepdim=True),
    "sum": lambda _, x: x.sum((0, -1), keepdim=True),
    "sum_axis": lambda _, x: x.sum(axis=1),
    "sum_type": lambda e, x: x.sum(1, dtype=e.float32),
    "topk": lambda _, x: x.topk(2, dim=1, largest=False),
    "trapezoid": lambda e, x: e.trapezoid(x, dx=0.5, dim=0),
    "trapezoid_at": lambda e, x: e.trapezoid(x, e.tensor([0.0, 1.0, 3.0, 4.0]).double()),
    "var": lambda _, x: x.var((0, 1), keepdim=True),
    "var_mean": lambda e, x: e.var_mean(x, unbiased=False),
}
ONE_NODE_HERE = {
    "aminmax", "aminmax_all", "corrcoef", "cov", "cov_row", "cov_weighted", "cumulative_trapezoid",
    "dist", "dist_1", "gradient", "nanmean", "nanquantile", "norm_nuc", "renorm", "std_mean",
    "sum_type", "trapezoid", "trapezoid_at", "var_mean", "mean_type", "cumsum_type",
    *[name for name in ALONG if name.startswith("quantile")],
}  # fmt: skip
FLOAT32 = {"cumsum_type", "mean_type", "sum_type"}
# torch itself cannot differentiate these twice, or their first derivatives are constants.
ONCE = {"mode", "count_nonzero", "norm_minus_1", "norm_minus_inf", "norm_nuc", "aminmax_all",
        "norm_0"}  # fmt: skip


@pytest.mark.parametrize("name", ALONG)
def test_along_dimensions(name: str) -> None:
    tolerance = 1e-6 if name in FLOAT32 else 1e-9
    assert_same(
        ALONG[name], arrays((2, 3, 4)), names=name not in ONE_NODE_HERE, tolerance=tolerance
    )


@pytest.mark.parametrize("name", sorted({*ALONG} - ONCE - FLOAT32))
def test_second_derivatives(name: str) -> None:
    assert_same_again(ALONG[name], arrays((2, 3, 4)))


OF_ONE = ["sum", "mean", "prod", "max", "min", "amax", "amin", "median", "nanmedian", "nansum",
          "norm", "argmax", "argmin", "all", "any", "count_nonzero", "nanmean"]  # fmt: skip


@pytest.mark.parametrize("name", OF_ONE)
def test_of_a_number_without_dimensions(name: str) -> None:
    def function(_: Any, x: Any) -> Any:
        return getattr(x.detach() if name in ("all", "any") else x, name)()

    assert_same(function, [np.array(1.5)], names=False)
    assert_same(lambda _, x: getattr(x, name)(), [np.array(1.5)], names=False)


RUNNING = ["cumsum", "cumprod", "cummax", "cummin", "logcumsumexp", "sort", "argsort", "mode"]


@pytest.mark.parametrize("shape", [(), (0,), (3, 0)], ids=str)
@pytest.mark.parametrize("name", [n for n in RUNNING if n != "mode"])
def test_running_over_nothing(name: str, shape: tuple[int, ...]) -> None:
    assert_same(lambda _, x: getattr(x, name)(0), arrays(shape), names=False)


EMPTY: dict[str, Any] = {
    "all": lambda _, x: x.detach().all(1),
    "amax": lambda _, x: x.detach().amax(0),
    "any": lambda _, x: x.detach().any(),
    "logsumexp": lambda _, x: x.logsumexp(1),
    "max": lambda _, x: x.detach().max(0),
    "mean": lambda _, x: x.mean(),
    "median": lambda _, x: x.detach().median(),
    "norm": lambda _, x: x.norm(dim=1),
    "prod": lambda _, x: x.prod(1),
    "sum": lambda _, x: x.sum((0, 1), keepdim=True),
}


@pytest.mark.parametrize("name", EMPTY)
def test_of_nothing(name: str) -> None:
    assert_same(EMPTY[name], [np.zeros((2, 0))], names=False)


HOLES = np.array([[1.0, NAN, 3.0, 0.5], [2.0, 5.0, 4.0, 0.5], [NAN, NAN, NAN, NAN]])
WITH_NAN = ["max", "min", "median", "nanmedian", "nansum", "nanmean", "cummax", "cummin", "sort",
            "argmax", "argmin", "amax", "kth", "logsumexp", "quantile", "nanquantile"]  # fmt: skip


@pytest.mark.parametrize("name", WITH_NAN)
def test_what_is_not_a_number(name: str) -> None:
    def function(_: Any, x: Any) -> Any:
        if name == "kth":
            return x.detach()[:2].kthvalue(2, 1)
        if "quantile" in name:
            return getattr(x.detach(), name)(0.4, 1)
        return getattr(x.detach(), name)(1)

    if name == "nanmedian":
        assert_same(lambda _, x: x.detach().nanmedian(1)[0], [HOLES])
        return
    assert_same(function, [HOLES], names=False)


@pytest.mark.parametrize("zeros", [[2], [0, 3], []], ids=str)
@pytest.mark.parametrize("name", ["prod", "prod_0", "cumprod"])
def test_products_with_zeros(name: str, zeros: list[int]) -> None:
    data = np.array([[1.5, -2.0, 0.7, 3.0], [1.0, 2.0, 3.0, 4.0]])
    data[0, zeros] = 0

    def function(_: Any, x: Any) -> Any:
        return x.prod(1) if name == "prod" else x.prod() if name == "prod_0" else x.cumprod(1)

    assert_same(function, [data])
    assert_same_again(function, [data])


TIES = np.array([[1.0, 2.0, 2.0], [3.0, 3.0, 0.0]])


@pytest.mark.parametrize("name", ["max", "min", "amax", "amin", "median", "nanmedian", "cummax",
                                  "cummin", "norm_inf"])  # fmt: skip
def test_equal_elements_share_the_gradient_as_in_torch(name: str) -> None:
    def function(_: Any, x: Any) -> Any:
        if name == "norm_inf":
            return x.norm(math.inf, 1)
        if name.startswith("cum"):
            return getattr(x, name)(1)
        return getattr(x, name)()

    assert_same(function, [TIES])


COUNTS: dict[str, Any] = {
    "bincount": lambda _, x: x.bincount(),
    "bincount_long": lambda _, x: x.bincount(minlength=9),
    "bincount_weights": lambda e, x: x.bincount(e.arange(6.0)),
    "bincount_doubles": lambda e, x: x.bincount(e.arange(6.0).double()),
    "histc": lambda _, x: x.double().histc(4, 1, 5),
    "histc_all": lambda _, x: x.float().histc(bins=3),
    "histogram": lambda e, x: tuple(e.histogram(x.double(), 4)),
    "histogram_density": lambda _, x: tuple(
        x.double().histogram(3, range=(0.0, 6.0), density=True)
    ),
    "histogram_edges": lambda e, x: tuple(x.double().histogram(e.tensor([0.0, 2.0, 6.0]).double())),
    "unique": lambda _, x: x.unique(return_inverse=True, return_counts=True),
    "unique_rows": lambda _, x: x.reshape(3, 2).unique(dim=0),
    "unique_consecutive": lambda _, x: x.unique_consecutive(return_counts=True),
    "mode": lambda _, x: x.mode()[0],
    "sum": lambda _, x: x.sum(),
    "prod": lambda _, x: x.prod(),
    "cumprod": lambda _, x: x.cumprod(0),
    "max": lambda _, x: x.max(),
    "diff": lambda _, x: x.diff(),
    "diff_bool": lambda _, x: (x > 2).diff(),
    "logsumexp": lambda _, x: x.logsumexp(0),
    "all_bytes": lambda e, x: x.to(e.uint8).all(),
    "any_bytes": lambda e, x: x.to(e.uint8).any(0),
    "nansum": lambda _, x: x.nansum(),
    "median": lambda _, x: x.median(),
    "kthvalue": lambda _, x: x.kthvalue(3)[0],
}


@pytest.mark.parametrize("name", COUNTS)
def test_whole_numbers(name: str) -> None:
    assert_same(COUNTS[name], [np.array([2, 2, 5, 1, 3, 3])], tolerance=1e-6)


@pytest.mark.parametrize("name", ["var", "std"])
def test_one_observation_has_no_variance(name: str) -> None:
    import gradstep_engine as ours

    for engine in (ours, torch_or_skip()):
        with pytest.warns(UserWarning, match="degrees of freedom is <= 0"):
            assert math.isnan(getattr(engine.tensor([1.0]), name)())


def test_large_numbers_do_not_overflow() -> None:
    data = [np.array([-2000.0, 900.0, 1000.0, -1000.0])]
    assert_same(lambda _, x: x.logcumsumexp(0), data)
    assert_same(lambda _, x: x.logsumexp(0), data)


def test_named_results_print_as_in_torch() -> None:
    import gradstep_engine as ours

    def shown(engine: Any) -> list[str]:
        x = engine.tensor([3.0, 1.0, 2.0])
        return [
            repr(x.max(0)), repr(x.sort()), repr(x.cummax(0)), repr(x.kthvalue(2)),
            repr(x.mode()), repr(x.median(0)), repr(x.aminmax()),
        ]  # fmt: skip

    torch = torch_or_skip()
    for mine, theirs in zip(shown(ours), shown(torch), strict=True):
        assert mine == theirs
