"""Random programs: what each statement does, for either engine.

A statement draws its choices from a stream of its own, so that both engines make the same ones as
long as they are in the same state.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

Pool = list[Any]
Statement = Callable[[Any, Pool, Random], Any]

TYPES = ("float64", "float32", "float64", "float32", "int64", "bool", "float64", "int32")
UNARY = (
    "neg", "abs", "sin", "tanh", "relu", "sigmoid", "square", "floor", "sign", "clone", "detach",
    "exp", "log", "sqrt", "reciprocal", "t", "contiguous", "isnan", "logical_not", "round",
)  # fmt: skip
BINARY = (
    "add", "sub", "mul", "div", "maximum", "minimum", "remainder", "floor_divide", "lt", "ge", "eq",
    "atan2", "pow", "bitwise_and", "logical_or", "fmod", "true_divide", "ne",
)  # fmt: skip
IN_PLACE = (
    "add_", "sub_", "mul_", "div_", "copy_", "fill_", "pow_", "clamp_min_", "fmod_", "remainder_",
)  # fmt: skip
ALONE_IN_PLACE = (
    "neg_", "abs_", "sin_", "tanh_", "exp_", "zero_", "sigmoid_", "relu_", "square_", "floor_",
    "t_", "squeeze_", "detach_",
)  # fmt: skip
REDUCTIONS = (
    "sum", "mean", "prod", "amax", "amin", "any", "all", "cumsum", "logsumexp", "var", "max",
    "min", "argmax", "std", "softmax", "sort", "cumprod", "median", "cummax", "norm",
    "squeeze", "unsqueeze", "select0", "argmin", "nansum", "log_softmax", "unbind",
)  # fmt: skip
NUMBERS = (2, 0.5, -1, True, 0, 1.0, 3, -2.5)


def new_tensor(e: Any, pool: Pool, r: Random) -> Any:
    """A leaf of up to three axes, of any type."""
    shape = [
        r.choice((1, 2, 2, 3, 3, 0)) if r.random() < 0.97 else 1 for _ in range(r.randrange(4))
    ]
    if r.random() < 0.9:
        shape = [n or 2 for n in shape]
    length = 1
    for n in shape:
        length *= n
    kind = r.choice(TYPES)
    if kind.startswith("float"):
        values: list[Any] = [round(r.uniform(-2, 2), 3) for _ in range(length)]
    elif kind == "bool":
        values = [r.random() < 0.5 for _ in range(length)]
    else:
        values = [r.randrange(-3, 4) for _ in range(length)]
    tensor = e.tensor(values, dtype=getattr(e, kind)).reshape(shape)
    if r.random() < 0.6 and kind.startswith("float"):
        tensor.requires_grad_()
    return tensor


def picked(pool: Pool, r: Random) -> Any:
    """Take a tensor, a late one rather than an early one."""
    return pool[max(r.randrange(len(pool)), r.randrange(len(pool)))]


def fitting(pool: Pool, r: Random, like: Any) -> Any:
    """Take another operand: one of the same shape where there is one, a number, or anything."""
    chance = r.random()
    if chance < 0.25:
        return r.choice(NUMBERS)
    same = [x for x in pool if x.shape == like.shape or x.ndim == 0]
    return r.choice(same) if same and chance < 0.85 else picked(pool, r)


def axis(x: Any, r: Random) -> int:
    """Name an axis from either end, rarely one that does not exist."""
    reach = x.ndim + (r.random() < 0.05)
    return r.randrange(-max(reach, 1), max(reach, 1))


def unary(e: Any, pool: Pool, r: Random) -> Any:
    return getattr(picked(pool, r), r.choice(UNARY))()


def binary(e: Any, pool: Pool, r: Random) -> Any:
    x = picked(pool, r)
    return getattr(e, r.choice(BINARY))(x, fitting(pool, r, x))


def operators(e: Any, pool: Pool, r: Random) -> Any:
    x = picked(pool, r)
    y = fitting(pool, r, x)
    kind = r.randrange(9)
    if kind == 0:
        return x + y
    if kind == 1:
        return y - x
    if kind == 2:
        return y * x
    if kind == 3:
        return y / x
    if kind == 4:
        return x**2
    if kind == 5:
        return y < x
    if kind == 6:
        return x & y
    if kind == 7:
        return x // y
    return x @ y


def change(e: Any, pool: Pool, r: Random) -> Any:
    x = picked(pool, r)
    return getattr(x, r.choice(IN_PLACE))(fitting(pool, r, x))


def change_alone(e: Any, pool: Pool, r: Random) -> Any:
    x = picked(pool, r)
    return getattr(x, r.choice(ALONE_IN_PLACE))() if x.dtype != e.bool else x


def change_unrecorded(e: Any, pool: Pool, r: Random) -> Any:
    x = picked(pool, r)
    with e.no_grad():
        return x.mul_(0.5) if r.random() < 0.5 else x.add_(fitting(pool, r, x))


def unrecorded(e: Any, pool: Pool, r: Random) -> Any:
    x = picked(pool, r)
    with e.no_grad():
        return x * 2 if r.random() < 0.5 else x.sum()


def through_data(e: Any, pool: Pool, r: Random) -> Any:
    x = picked(pool, r)
    if r.random() < 0.5:
        return x.data.mul_(2)
    return x.detach().add_(1)


def reduction(e: Any, pool: Pool, r: Random) -> Any:
    x = picked(pool, r)
    name = r.choice(REDUCTIONS)
    if name == "select0":
        return x.select(axis(x, r), 0)
    if name in ("sum", "mean", "amax", "amin", "any", "all", "argmax", "prod") and r.random() < 0.4:
        return getattr(x, name)()
    if name in ("sum", "mean", "amax", "amin", "logsumexp", "var", "std", "norm", "max", "prod"):
        extra = {"p": 2} if name == "norm" else {}
        return getattr(x, name)(dim=axis(x, r), keepdim=r.random() < 0.5, **extra)
    if name == "unbind":
        return [part.clone() for part in x.unbind(axis(x, r))]
    return getattr(x, name)(axis(x, r))


def view(e: Any, pool: Pool, r: Random) -> Any:
    x = picked(pool, r)
    kind = r.randrange(8)
    if kind == 0:
        return x.transpose(axis(x, r), axis(x, r))
    if kind == 1:
        return x.reshape(-1)
    if kind == 2:
        return x.view(-1)
    if kind == 3:
        return x.unsqueeze(axis(x, r)).expand(*([-1] * (x.ndim + 1)))
    if kind == 4:
        return x.flatten()
    if kind == 5:
        return x.permute(r.sample(range(x.ndim), x.ndim))
    if kind == 6:
        return x.expand(r.choice((2, 3)), *x.shape)
    return [part.clone() for part in x.chunk(2, axis(x, r))]


def _index(e: Any, x: Any, r: Random) -> Any:
    items: list[Any] = []
    for _ in range(r.randrange(x.ndim + 1) + (r.random() < 0.05)):
        kind = r.randrange(8)
        if kind < 2:
            items.append(r.choice((0, -1, 1)))
        elif kind < 4:
            items.append(
                slice(r.choice((None, 0, 1)), r.choice((None, 2, -1)), r.choice((None, 2)))
            )
        elif kind == 4:
            items.append(None)
        elif kind == 5:
            items.append(e.tensor([r.choice((0, 1, -1)) for _ in range(2)]))
        elif kind == 6 and Ellipsis not in [i for i in items if i is Ellipsis]:
            items.append(Ellipsis)
        else:
            items.append([0, 1])
    if len(items) == 1 and r.random() < 0.7:
        return items[0]
    return tuple(items)


def index(e: Any, pool: Pool, r: Random) -> Any:
    x = picked(pool, r)
    if r.random() < 0.15:
        return x[x > 0]
    return x[_index(e, x, r)]


def assign(e: Any, pool: Pool, r: Random) -> Any:
    x = picked(pool, r)
    places = x > 0 if r.random() < 0.15 else _index(e, x, r)
    x[places] = fitting(pool, r, x[places]) if r.random() < 0.7 else r.choice(NUMBERS)
    return x


def several(e: Any, pool: Pool, r: Random) -> Any:
    x = picked(pool, r)
    y = fitting(pool, r, x)
    kind = r.randrange(6)
    if kind == 0 and x.numel():
        return e.cat([x, y if hasattr(y, "dtype") and y.numel() else x], axis(x, r))
    if kind == 1:
        return e.stack([x, y], axis(x, r))
    if kind == 2:
        return e.where(x > 0, x, y)
    if kind == 3:
        return x.masked_fill(x > 0.5, r.choice(NUMBERS))
    if kind == 4:
        y = y if hasattr(y, "dtype") else x
        return e.addcmul(x, x, y) if r.random() < 0.5 else e.lerp(x, y, 0.3)
    return e.clamp(x, min=y) if r.random() < 0.5 else x.clamp(-1, 1)


def gather(e: Any, pool: Pool, r: Random) -> Any:
    x = picked(pool, r)
    if not x.ndim:
        return x * 1
    dim = axis(x, r)
    kind = r.randrange(4)
    if kind == 0:
        return x.index_select(dim, e.tensor([0, 0, 1]))
    if kind == 1:
        return x.gather(dim, e.zeros(x.shape, dtype=e.int64))
    if kind == 2:
        return x.scatter_add(dim, e.zeros(x.shape, dtype=e.int64), x * 2)
    return x.index_add(dim, e.tensor([0]), x.narrow(dim, 0, 1))


def cast(e: Any, pool: Pool, r: Random) -> Any:
    x = picked(pool, r)
    # From NaN or beyond its range, an integer is what the machine makes of it.
    kind = r.choice(("float32", "float64", "bool"))
    return x.to(getattr(e, kind)) if r.random() < 0.8 else x.float()


def gradient(e: Any, pool: Pool, r: Random) -> Any:
    root = picked(pool, r)
    if r.random() < 0.9:
        root = root.sum()
    if r.random() < 0.5:
        root.backward(retain_graph=r.random() < 0.8)
        return None
    found = e.autograd.grad(root, picked(pool, r), retain_graph=r.random() < 0.8, allow_unused=True)
    return None if found[0] is None else [grad.clone() for grad in found]


def cleared(e: Any, pool: Pool, r: Random) -> Any:
    picked(pool, r).grad = None


def flag(e: Any, pool: Pool, r: Random) -> Any:
    x = picked(pool, r)
    if r.random() < 0.3:
        return x.retain_grad()
    return x.requires_grad_(r.random() < 0.8)


def facts(e: Any, pool: Pool, r: Random) -> Any:
    """What a tensor says of itself."""
    x = picked(pool, r)
    kind = r.randrange(4)
    if kind == 0:
        return x.item()
    if kind == 1:
        return bool(x)
    if kind == 2:
        return repr(x.detach()) if x.numel() < 20 else None
    return (x.stride(), x.is_contiguous(), x.storage_offset(), x._version, len(x))


WEIGHTED: tuple[tuple[int, Statement], ...] = (
    (5, new_tensor), (6, unary), (6, binary), (5, operators), (5, change), (3, change_alone),
    (2, change_unrecorded), (1, unrecorded), (1, through_data), (5, reduction), (6, view),
    (4, index), (4, assign), (4, several), (2, gather), (2, cast), (3, gradient), (1, cleared),
    (1, flag), (2, facts),
)  # fmt: skip
STATEMENTS = [statement for weight, statement in WEIGHTED for _ in range(weight)]
