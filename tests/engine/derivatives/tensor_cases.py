"""One expression or more for every operation on tensors: (function of engine and leaves, shapes).

Leaves hold distinct numbers between 0.2 and 1.8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Case = tuple[Callable[..., Any], list[tuple[int, ...]]]

ONE: dict[str, Any] = {
    name: (lambda _, x, name=name: getattr(x - 1, name)())
    for name in (
        "abs", "asinh", "atan", "ceil", "clone", "cos", "cosh", "deg2rad", "erf", "erfc", "exp",
        "exp2", "expm1", "floor", "frac", "lgamma", "nan_to_num", "neg", "rad2deg", "relu",
        "reciprocal", "round", "sgn", "sigmoid", "sign", "sin", "sinc", "sinh", "square", "tan",
        "tanh", "trunc",
    )
} | {
    name: (lambda _, x, name=name: getattr(x, name)())
    for name in ("digamma", "log", "log10", "log1p", "log2", "rsqrt", "sqrt")
} | {
    name: (lambda _, x, name=name: getattr(x / 2, name)())
    for name in ("acos", "asin", "atanh", "erfinv", "logit")
} | {
    "acosh": lambda _, x: (x + 1).acosh(),
    "logit_eps": lambda _, x: (x - 0.5).logit(eps=0.1),
    "polygamma": lambda e, x: e.polygamma(1, x),
    "i0": lambda e, x: e.i0(x - 1),
    "i0e": lambda e, x: e.special.i0e(x - 1),
    "i1": lambda e, x: e.special.i1(x - 1),
    "i1e": lambda e, x: e.special.i1e(x - 1),
    "entr": lambda e, x: e.special.entr(x),
    "igamma": lambda e, x: e.igamma(e.tensor(1.5, dtype=x.dtype), x),
    "igammac": lambda e, x: e.igammac(e.tensor(1.5, dtype=x.dtype), x),
    "pow_number": lambda _, x: x**2.5,
    "pow_three": lambda _, x: (x - 1) ** 3,
    "pow_two": lambda _, x: (x - 1) ** 2,
    "pow_negative": lambda _, x: x**-2,
    "number_to_the": lambda _, x: 2.5**x,
    "number_minus": lambda _, x: 2 - x,
    "rsub_number": lambda e, x: e.rsub(x, 3),
    "number_over": lambda _, x: 2 / x,
    "clamp": lambda _, x: x.clamp(0.5, 1.2),
    "clamp_min": lambda _, x: x.clamp(min=0.9),
    "masked_fill": lambda _, x: x.masked_fill(x > 1, 0.5),
    "remainder_number": lambda _, x: x % 0.4,
    "fmod_number": lambda _, x: (x - 1).fmod(0.4),
    "div_trunc_number": lambda e, x: e.div(x, 0.3, rounding_mode="trunc"),
    "dropout_off": lambda e, x: e.nn.functional.dropout(x, 0.5, training=False),
    "single": lambda _, x: x.float().double(),
}  # fmt: skip

TWO: dict[str, Any] = {
    name: (lambda e, a, b, name=name: getattr(e, name)(a, b))
    for name in (
        "add", "atan2", "copysign", "div", "fmax", "fmin", "hypot", "logaddexp", "logaddexp2",
        "maximum", "minimum", "mul", "pow", "rsub", "sub", "xlogy", "fmod", "remainder",
        "nextafter",
    )
} | {
    "add_alpha": lambda e, a, b: e.add(a, b, alpha=2),
    "sub_alpha": lambda e, a, b: e.sub(a, b, alpha=3),
    "rsub_alpha": lambda e, a, b: e.rsub(a, b, alpha=2),
    "div_floor": lambda e, a, b: e.div(a, b, rounding_mode="floor"),
    "two_types": lambda _, a, b: a.float() * b + b / a.float(),
    "where": lambda e, a, b: e.where(a > b, a, b),
    "where_number": lambda e, a, b: e.where(a > b, a * b, 2.0),
    "lerp": lambda e, a, b: e.lerp(a, b, 0.3),
    "lerp_far": lambda e, a, b: e.lerp(a, b, 0.8),
    "lerp_tensor": lambda e, a, b: e.lerp(a, b, a * b),
    "clamp_tensors": lambda e, a, b: a.clamp(b, b + 0.3),
    "clamp_min_tensor": lambda e, a, b: e.clamp(a, min=b),
}  # fmt: skip
TWO_SHAPES: tuple[list[tuple[int, ...]], ...] = ([(2, 3), (2, 3)], [(2, 1), (3,)], [(3,), ()])

ALONG: dict[str, Any] = {
    "sum": lambda _, x: x.sum(),
    "sum_dim": lambda _, x: x.sum(1),
    "sum_two": lambda _, x: x.sum((0, -1), keepdim=True),
    "mean": lambda _, x: x.mean(dim=0, keepdim=True),
    "nansum": lambda _, x: x.nansum(1),
    "prod": lambda _, x: x.prod(),
    "prod_dim": lambda _, x: x.prod(1),
    "prod_of_zero": lambda e, x: (x * e.tensor([1.0, 0, 1, 1])).prod(2),
    "var": lambda _, x: x.var(1),
    "var_all": lambda _, x: x.var(dim=(0, 1), unbiased=False),
    "std": lambda _, x: x.std(),
    "std_dim": lambda _, x: x.std(-1, keepdim=True),
    "norm": lambda _, x: x.norm(dim=1),
    "norm_one": lambda _, x: x.norm(p=1),
    "norm_three": lambda _, x: x.norm(p=3, dim=(0, 1)),
    "norm_most": lambda e, x: e.linalg.vector_norm(x, float("inf"), dim=1),
    "logsumexp": lambda _, x: x.logsumexp(1),
    "softmax": lambda _, x: x.softmax(1),
    "log_softmax": lambda _, x: x.log_softmax(-1),
    "cumsum": lambda _, x: x.cumsum(1),
    "cumprod": lambda _, x: x.cumprod(1),
    "cummax": lambda _, x: x.cummax(1)[0],
    "cummin": lambda _, x: x.cummin(2)[0],
    "logcumsumexp": lambda _, x: x.logcumsumexp(1),
    "max": lambda _, x: x.max(),
    "min": lambda _, x: x.min(),
    "max_dim": lambda _, x: x.max(1)[0],
    "min_dim": lambda _, x: x.min(0, keepdim=True)[0],
    "amax": lambda _, x: x.amax((0, 1)),
    "amin": lambda _, x: x.amin(2, keepdim=True),
    "amax_of_equals": lambda _, x: (x > 1).double().mul(x.sum()).amax(1),
    "sort": lambda _, x: x.sort(1, descending=True)[0],
    "topk": lambda _, x: x.topk(2, 1)[0],
    "kthvalue": lambda _, x: x.kthvalue(2, 1)[0],
    "median": lambda _, x: x.median(),
    "median_dim": lambda _, x: x.median(1)[0],
    "nanmedian": lambda _, x: x.nanmedian(),
    "nanmedian_dim": lambda _, x: x.nanmedian(1)[0],
    "mode": lambda _, x: x.mode(1)[0],
    "quantile": lambda _, x: x.quantile(0.3, dim=1),
    "cov": lambda _, x: x[0].cov(),
    "renorm": lambda _, x: x.renorm(2, 0, 1.0),
    "diff": lambda _, x: x.diff(dim=1),
    "view": lambda _, x: x.view(6, -1),
    "reshape": lambda _, x: x.transpose(0, 1).reshape(-1),
    "flatten": lambda _, x: x.flatten(1),
    "unflatten": lambda _, x: x.unflatten(2, (2, 2)),
    "transpose": lambda _, x: x.transpose(0, 2),
    "t": lambda _, x: x[0].t(),
    "permute": lambda _, x: x.permute(2, 0, 1),
    "unsqueeze": lambda _, x: x.unsqueeze(-1),
    "squeeze": lambda _, x: x[:1].squeeze(0),
    "expand": lambda _, x: x.unsqueeze(0).expand(5, -1, -1, -1),
    "repeat": lambda _, x: x.repeat(2, 1, 3),
    "repeat_interleave": lambda _, x: x.repeat_interleave(2, dim=1),
    "repeat_each": lambda e, x: x.repeat_interleave(e.tensor([2, 0, 3]), dim=1),
    "flip": lambda _, x: x.flip(0, 2),
    "roll": lambda _, x: x.roll((1, 2), (0, 1)),
    "rot90": lambda _, x: x.rot90(1, (0, 2)),
    "tril": lambda _, x: x.tril(),
    "triu": lambda _, x: x.triu(1),
    "chunk": lambda _, x: x.chunk(2, 2),
    "unsafe_chunk": lambda e, x: e.unsafe_chunk(x, 2, 2),
    "split": lambda _, x: x.split([1, 3], dim=2),
    "split_one": lambda _, x: x.split(1, 1)[1],
    "unbind": lambda _, x: x.unbind(1),
    "cat": lambda e, x: e.cat([x, x * 2, x], dim=1),
    "stack": lambda e, x: e.stack([x, x * 2], -1),
    "block_diag": lambda e, x: e.block_diag(x[0], x[1]),
    "index_number": lambda _, x: x[1],
    "index_slice": lambda _, x: x[:, 1:, ::2],
    "index_none": lambda _, x: x[:, None, ..., -1],
    "index_twice": lambda _, x: x[[0, 1, 1]],
    "index_tensors": lambda e, x: x[e.tensor([1, 0]), :, e.tensor([2, 2])],
    "index_mask": lambda _, x: x[x > 1],
    "masked_select": lambda _, x: x.masked_select(x > 1),
    "index_select": lambda e, x: x.index_select(1, e.tensor([2, 0, 2])),
    "take": lambda e, x: x.take(e.tensor([0, 5, 5, 23])),
    "gather": lambda e, x: x.gather(1, e.tensor([[[0, 1, 2, 0]], [[1, 1, 0, 2]]])),
    "narrow": lambda _, x: x.narrow(2, 1, 2),
    "diagonal": lambda _, x: x.diagonal(1, 1, 2),
    "diag_embed": lambda _, x: x.diag_embed(),
    "trace": lambda _, x: x[0].trace(),
    "unfold": lambda _, x: x.unfold(2, 3, 1),
    "as_strided": lambda _, x: (x * 1).as_strided((3, 3), (4, 1), 2),
    "matrix_exp": lambda e, x: e.linalg.matrix_exp(x[:, :, :3]),
}

HERE = [[[0, 1, 2, 0]] * 3, [[1, 1, 0, 2]] * 3]
INTO: dict[str, Any] = {
    "scatter": lambda e, x, y: x.scatter(1, e.tensor([[[0, 2, 1, 1]]]), y[:1, :1]),
    "scatter_add": lambda e, x, y: x.scatter_add(1, e.tensor(HERE), y),
    "scatter_reduce_mean": lambda e, x, y: x.scatter_reduce(1, e.tensor(HERE), y, "mean"),
    "scatter_reduce_amax": lambda e, x, y: x.scatter_reduce(1, e.tensor(HERE), y, "amax"),
    "index_add": lambda e, x, y: x.index_add(1, e.tensor([2, 0, 2]), y, alpha=2),
    "index_copy": lambda e, x, y: x.index_copy(1, e.tensor([2, 0]), y[:, :2]),
    "index_fill": lambda e, x, y: x.index_fill(1, e.tensor([2, 0]), y.sum()),
    "index_put": lambda e, x, y: x.index_put((e.tensor([1, 0]),), y),
    "index_put_add": lambda e, x, y: x.index_put((e.tensor([1, 1]),), y, accumulate=True),
    "masked_fill_tensor": lambda _, x, y: x.masked_fill(x > 1, y.sum()),
    "masked_scatter": lambda _, x, y: x.masked_scatter(x > 1, y),
    "put": lambda e, x, y: x.put(e.tensor([0, 5, 23]), y[0, :, 0]),
    "put_add": lambda e, x, y: x.put(e.tensor([0, 5, 5]), y[0, :, 0], accumulate=True),
    "select_scatter": lambda e, x, y: e.select_scatter(x, y[:, 0], 1, 2),
    "slice_scatter": lambda e, x, y: e.slice_scatter(x, y[:, :2], 1, 0, 3, 2),
    "diagonal_scatter": lambda e, x, y: e.diagonal_scatter(x[0], y[0, 0, :3]),
    "addcmul": lambda e, x, y: e.addcmul(x, y, x[0], value=0.5),
    "addcdiv": lambda e, x, y: e.addcdiv(x, y[:, :1], x, value=0.5),
    "cross": lambda e, x, y: e.linalg.cross(x, y, dim=1),
    "cdist": lambda e, x, y: e.cdist(x, y),
}

PRODUCTS: dict[str, Case] = {
    "mm": (lambda _, a, b: a.mm(b), [(2, 3), (3, 4)]),
    "mv": (lambda _, a, b: a.mv(b), [(2, 3), (3,)]),
    "dot": (lambda _, a, b: a.dot(b), [(3,), (3,)]),
    "vdot": (lambda e, a, b: e.vdot(a, b), [(3,), (3,)]),
    "bmm": (lambda _, a, b: a.bmm(b), [(5, 2, 3), (5, 3, 4)]),
    "matrix @ matrix": (lambda _, a, b: a @ b, [(2, 3), (3, 4)]),
    "matrix @ vector": (lambda _, a, b: a @ b, [(2, 3), (3,)]),
    "vector @ vector": (lambda _, a, b: a @ b, [(3,), (3,)]),
    "vector @ matrix": (lambda _, a, b: a @ b, [(3,), (3, 4)]),
    "batched": (lambda _, a, b: a @ b, [(5, 2, 3), (3, 4)]),
    "broadcast": (lambda _, a, b: a @ b, [(2, 1, 2, 3), (4, 3, 2)]),
    "batched @ vector": (lambda _, a, b: a @ b, [(5, 2, 3), (3,)]),
    "outer": (lambda e, a, b: e.outer(a, b), [(3,), (4,)]),
    "addmm": (lambda e, m, a, b: e.addmm(m, a, b, beta=0.5, alpha=2), [(4,), (2, 3), (3, 4)]),
    "baddbmm": (lambda e, m, a, b: e.baddbmm(m, a, b), [(5, 2, 4), (5, 2, 3), (5, 3, 4)]),
    "einsum": (lambda e, a, b: e.einsum("bij,jk->bik", a, b), [(5, 2, 3), (3, 4)]),
    "einsum_diagonal": (lambda e, a, b: e.einsum("ii,ij->j", a, b), [(3, 3), (3, 4)]),
    "inv": (lambda e, a: e.linalg.inv(a), [(2, 3, 3)]),
    "det": (lambda e, a: e.linalg.det(a), [(2, 3, 3)]),
    "slogdet": (lambda e, a: e.linalg.slogdet(a)[1], [(2, 3, 3)]),
    "solve": (lambda e, a, b: e.linalg.solve(a, b), [(3, 3), (3, 2)]),
    "solve_vector": (lambda e, a, b: e.linalg.solve(a, b), [(3, 3), (3,)]),
    "pinv": (lambda e, a: e.linalg.pinv(a), [(4, 3)]),
    "cholesky": (lambda e, a: e.linalg.cholesky(a @ a.mT + e.eye(3) * 2), [(3, 3)]),
    "eigh": (lambda e, a: [part.abs() for part in e.linalg.eigh(a + a.mT)], [(3, 3)]),
    "svd": (lambda e, a: [p.abs() for p in e.linalg.svd(a, full_matrices=False)], [(4, 3)]),
    "qr": (lambda e, a: e.linalg.qr(a), [(4, 3)]),
}


def _changed(change: Callable[..., Any], *, of_part: bool = False) -> Callable[..., Any]:
    """Return a function that changes a copy of its first leaf, or a part of that, in place."""

    def function(e: Any, x: Any, y: Any) -> Any:
        whole = x * 1
        part = whole[:, 1] if of_part else whole
        other = y[:, 0] if of_part else y
        changed = change(e, part, other)
        return [whole, part if changed is None else changed]

    return function


CHANGES: dict[str, Any] = {
    "add_": lambda _, x, y: x.add_(y, alpha=2),
    "mul_": lambda _, x, y: x.mul_(y),
    "div_": lambda _, x, y: x.div_(y),
    "pow_": lambda _, x, y: x.pow_(y),
    "exp_": lambda _, x, _y: x.exp_(),
    "sqrt_": lambda _, x, _y: x.sqrt_(),
    "relu_": lambda _, x, _y: x.sub_(1).relu_(),
    "fill_": lambda _, x, y: x.fill_(y.sum()),
    "zero_": lambda _, x, _y: x.zero_(),
    "copy_": lambda _, x, y: x.copy_(y),
    "clamp_": lambda _, x, _y: x.clamp_(0.5, 1.2),
    "setitem": lambda _, x, y: x.__setitem__(0, y[0] * y[1]),
    "setitem_mask": lambda _, x, y: x.__setitem__(x > 1, y.sum()),
    "masked_fill_": lambda _, x, y: x.masked_fill_(y > 1, 0.5),
    "index_add_": lambda e, x, y: x.index_add_(0, e.tensor([1, 1]), y[:2]),
    "uniform_": lambda _, x, _y: x.uniform_().mul_(0),
    "addcmul_": lambda _, x, y: x.addcmul_(y, y, value=0.5),
    "lerp_": lambda _, x, y: x.lerp_(y, 0.3),
    "cumsum_": lambda _, x, _y: x.cumsum_(0),
}

CASES: dict[str, Case] = {}
for _name, _function in ONE.items():
    CASES[_name] = (_function, [(2, 3)])
    CASES[f"{_name} of 0-d"] = (_function, [()])
for _name, _function in TWO.items():
    for _shapes in TWO_SHAPES:
        CASES[f"{_name} {_shapes}"] = (_function, _shapes)
CASES |= {f"along {name}": (function, [(2, 3, 4)]) for name, function in ALONG.items()}
CASES |= {f"into {name}": (function, [(2, 3, 4)] * 2) for name, function in INTO.items()}
CASES |= PRODUCTS
for _name, _change in CHANGES.items():
    CASES[_name] = (_changed(_change), [(2, 3, 4)] * 2)
    CASES[f"{_name} of a part"] = (_changed(_change, of_part=True), [(2, 3, 4)] * 2)
