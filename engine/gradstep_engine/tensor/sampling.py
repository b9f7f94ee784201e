"""Methods that draw random numbers; those with an underscore fill the tensor with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.inplace import apply_inplace
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.draws import checks, continuous, whole
from gradstep_engine.ops import sampling
from gradstep_engine.randomness import Generator, source


class Sampling(TensorBase):
    """`normal_`, `uniform_` and their kind; `bernoulli` and `multinomial`."""

    def uniform_(self, from_: float = 0, to: float = 1, *, generator: Any = None) -> Any:
        """Draw from the uniform distribution on [from, to)."""
        checks.floating(self._array, "check_uniform_bounds")
        checks.bounds("uniform_", from_, to)
        return self._filled("uniform", continuous.uniform, source(generator), from_, to)

    def normal_(self, mean: float = 0, std: float = 1, *, generator: Any = None) -> Any:
        """Draw from the normal distribution."""
        checks.deviation("normal", std)
        checks.floating(self._array, "normal_kernel_cpu")
        values = continuous.normal_like(source(generator), self._array, mean, std)
        return self._overwrite("normal", values, flat=False)

    def exponential_(self, lambd: float = 1, *, generator: Any = None) -> Any:
        """Draw from the exponential distribution with rate `lambd`."""
        checks.continuous("Exponential", self._array)
        checks.positive("exponential_", "lambda", lambd)
        return self._filled("exponential", continuous.exponential, source(generator), lambd)

    def cauchy_(self, median: float = 0, sigma: float = 1, *, generator: Any = None) -> Any:
        """Draw from the Cauchy distribution."""
        checks.continuous("Cauchy", self._array)
        checks.positive("cauchy_", "sigma", sigma)
        return self._filled("cauchy", continuous.cauchy, source(generator), median, sigma)

    def log_normal_(self, mean: float = 1, std: float = 2, *, generator: Any = None) -> Any:
        """Draw numbers whose logarithm is normal with `mean` and `std`."""
        checks.floating(self._array, "log_normal_cpu")
        checks.positive("log_normal_", "std", std)
        return self._filled("log_normal", continuous.log_normal, source(generator), mean, std)

    def geometric_(self, p: float, *, generator: Any = None) -> Any:
        """Draw how many trials it takes until one of probability p succeeds."""
        checks.open_chance("geometric_", p)
        drawn = whole.geometric(source(generator), self._array.size, p)
        return self._overwrite("geometric", drawn)

    def random_(self, from_: int | None = None, to: int | None = None, **options: Any) -> Any:
        """Draw whole numbers from [from, to), or [0, to), or of all that the type can hold."""
        stream = source(options.pop("generator", None))
        low, high = checks.random_arguments(from_, to, options)
        if high is None:
            flat = whole.any_whole(stream, self._array.size, self._array.dtype)
        else:
            checks.whole_bounds("random_", low, high, self._array.dtype)
            flat = whole.whole(stream, self._array.size, low, high)
        return self._overwrite("random", flat)

    def bernoulli_(self, p: Any = 0.5, *, generator: Any = None) -> Any:
        """Draw 1 with probability p, else 0; `p` may be a tensor of probabilities."""
        stream = source(generator)
        if isinstance(p, TensorBase):
            return self._overwrite("bernoulli", _coins(p, stream, self._array.shape), flat=False)
        checks.chance("bernoulli_", p)
        return self._overwrite("bernoulli", whole.coin(stream, self._array.size, float(p)))

    def bernoulli(self, p: Any = None, *, generator: Any = None) -> Any:
        """Return 1 with the probability that stands at each place (or with p), else 0."""
        stream = source(generator)
        if p is None:
            checks.floating(self._array, "bernoulli_tensor_cpu_p_")
            values = _coins(self, stream, self._array.shape)
        elif isinstance(p, TensorBase):
            values = _coins(p, stream, self._array.shape)
        else:
            checks.chance("bernoulli_", p)
            flat = whole.coin(stream, self._array.size, float(p))
            values = continuous.in_order_of_memory(np.asarray(self._array), flat)
        return drawn("bernoulli", "BernoulliBackward0", values.astype(self._array.dtype), self)

    def multinomial(
        self, num_samples: int, replacement: bool = False, *, generator: Any = None
    ) -> Any:
        """Return indices drawn with the weights in (each row of) the tensor.

        Raises:
            RuntimeError: these are no weights, or too few.
        """
        stream = source(generator)
        weights = checks.weights(self._array, num_samples, replacement)
        rows = weights if weights.ndim == 2 else weights[None]
        picked = whole.choices(stream, rows, num_samples, replacement)
        return wrap(picked if weights.ndim == 2 else picked[0])

    def _filled(self, name: str, draw: Any, stream: Generator, *parameters: Any) -> Any:
        """Overwrite with what `draw` makes for the number and type of the elements."""
        return self._overwrite(name, draw(stream, self._array.size, self._array.dtype, *parameters))

    def _overwrite(self, name: str, values: Any, *, flat: bool = True) -> Any:
        if flat:
            values = continuous.in_order_of_memory(np.asarray(self._array), values)
        node = "".join(part.title() for part in name.split("_")) + "Backward0"
        return apply_inplace(
            sampling.Overwrite, self, values=values, shown_as=name + "_", node_name=node
        )


def drawn(name: str, node_name: str, values: Any, *parameters: Any) -> Any:
    """Return `values` as a tensor that was drawn with `parameters`."""
    return apply(sampling.Drawn, *parameters, values=values, shown_as=name, node_name=node_name)


def _coins(chances: Any, stream: Generator, shape: tuple[int, ...]) -> Any:
    array = np.asarray(chances._array)
    checks.chances(array)
    if array.shape != shape:
        array = np.broadcast_to(array, shape)
    flat = np.ascontiguousarray(array).reshape(-1)
    return whole.coins(stream, flat).reshape(shape)
