"""The engine against PyTorch and against numpy written by hand, on small training loops.

    python benchmarks/engine.py                    all workloads, a table in Markdown
    python benchmarks/engine.py --rounds 40 sine   one workload, more rounds

One thread. The implementations take turns in short rounds, so that all of them meet the same noise
of the machine. Reported per iteration: the 2nd percentile of the single iterations' wall times (the
estimate that noise spoils least) and the mean CPU time, with the ratio of the former to PyTorch's.
PyTorch is left out where it is not installed.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import itertools
import math
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

# Read by the numeric libraries while they are imported, which happens further down.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import numpy as np  # noqa: E402

Iteration = Callable[[], None]
Framework = Any


@dataclass
class Timing:
    """What one implementation of one workload took."""

    iterate: Iteration
    walls: list[int] = field(default_factory=list)
    cpu: int = 0

    def run(self, count: int) -> None:
        """Do `count` iterations, timing each of them."""
        begun = time.process_time_ns()
        for _ in range(count):
            start = time.perf_counter_ns()
            self.iterate()
            self.walls.append(time.perf_counter_ns() - start)
        self.cpu += time.process_time_ns() - begun

    @property
    def low(self) -> float:
        """The 2nd percentile of single iterations in microseconds."""
        return statistics.quantiles(self.walls, n=50)[0] / 1000

    @property
    def mean_cpu(self) -> float:
        """CPU time per iteration in microseconds."""
        return self.cpu / len(self.walls) / 1000


def train(optimizer: Any, loss_of: Callable[[], Any]) -> Iteration:
    """One iteration of the usual loop: clear, forward, backward, step."""

    def iterate() -> None:
        optimizer.zero_grad()
        loss_of().backward()
        optimizer.step()

    return iterate


def sine(framework: Framework) -> Iteration:
    """A cubic polynomial fitted to the sine on 2000 points with RMSprop."""
    x = framework.linspace(-math.pi, math.pi, 2000)
    targets = framework.sin(x)
    powers = x.unsqueeze(-1).pow(framework.tensor([1, 2, 3]))
    nn = framework.nn
    model = nn.Sequential(nn.Linear(3, 1), nn.Flatten(0, 1))
    criterion = nn.MSELoss(reduction="sum")
    optimizer = framework.optim.RMSprop(model.parameters(), lr=1e-3)
    return train(optimizer, lambda: criterion(model(powers), targets))


def sine_by_hand() -> Iteration:
    """The same in numpy: RMSprop as PyTorch documents it, alpha 0.99 and eps 1e-8."""
    x = np.linspace(-math.pi, math.pi, 2000, dtype=np.float32)
    targets = np.sin(x)
    powers = np.stack([x, x**2, x**3], axis=1)
    weight = np.full(3, 0.1, dtype=np.float32)
    bias = np.zeros(1, dtype=np.float32)
    squares = [np.zeros_like(weight), np.zeros_like(bias)]

    def iterate() -> None:
        error = powers @ weight
        error += bias
        error -= targets
        np.dot(error, error)
        error *= 2
        gradients = (error @ powers, np.add.reduce(error, keepdims=True))
        for parameter, gradient, square in zip((weight, bias), gradients, squares, strict=True):
            square *= 0.99
            square += 0.01 * gradient * gradient
            parameter -= 1e-3 * gradient / (np.sqrt(square) + 1e-8)

    return iterate


def scalars(framework: Framework) -> Iteration:
    """Two one-element tensors, z = 3x² + y³, with SGD; a rate that keeps both away from zero."""
    x = framework.tensor([1.0], requires_grad=True)
    y = framework.tensor([2.0], requires_grad=True)
    optimizer = framework.optim.SGD([x, y], lr=1e-6)
    return train(optimizer, lambda: 3 * x**2 + y**3)


def scalars_by_hand() -> Iteration:
    """The same in numpy, on one-element arrays."""
    x = np.array([1.0], dtype=np.float32)
    y = np.array([2.0], dtype=np.float32)

    def iterate() -> None:
        x_squared = x * x
        y_squared = y * y
        3 * x_squared + y_squared * y
        np.subtract(x, 1e-6 * (6 * x), out=x)
        np.subtract(y, 1e-6 * (3 * y_squared), out=y)

    return iterate


CHAIN = 100_000


def chain(framework: Framework) -> Iteration:
    """A chain of 100,000 operations on one number, forward and backward: depth, not size."""
    x = framework.tensor(0.5, requires_grad=True)

    def iterate() -> None:
        y = x
        for _ in range(CHAIN // 2):
            y = y * 0.999 + 0.0005
        x.grad = None
        y.backward()

    return iterate


def chain_by_hand() -> Iteration:
    """The same in numpy, with the derivative of every step."""
    x = np.float32(0.5)
    factor, summand = np.float32(0.999), np.float32(0.0005)

    def iterate() -> None:
        y, grad = x, np.float32(1)
        for _ in range(CHAIN // 2):
            y = y * factor + summand
        for _ in range(CHAIN // 2):
            grad = grad * factor

    return iterate


def perceptron(framework: Framework) -> Iteration:
    """784-256-128-10 with ReLU, cross-entropy, batches of 64, SGD with momentum."""
    framework.manual_seed(0)
    nn = framework.nn
    model = nn.Sequential(
        nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)
    )
    inputs = framework.randn(64, 784)
    classes = framework.randint(0, 10, (64,))
    criterion = nn.CrossEntropyLoss()
    optimizer = framework.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9)
    return train(optimizer, lambda: criterion(model(inputs), classes))


def perceptron_by_hand() -> Iteration:
    """The same in numpy, with the textbook's formulas and in-place updates."""
    random = np.random.default_rng(0)
    sizes = (784, 256, 128, 10)
    inputs = random.standard_normal((64, 784), dtype=np.float32)
    classes = random.integers(0, 10, 64)
    weights = [
        (random.random((n, m), dtype=np.float32) * 2 - 1) / np.float32(math.sqrt(m))
        for m, n in itertools.pairwise(sizes)
    ]
    biases = [np.zeros(n, dtype=np.float32) for n in sizes[1:]]
    parameters = weights + biases
    momenta = [np.zeros_like(parameter) for parameter in parameters]
    rows = np.arange(64)

    def iterate() -> None:
        layers = [inputs]
        for weight, bias in zip(weights, biases, strict=True):
            layer = layers[-1] @ weight.T + bias
            layers.append(np.maximum(layer, 0) if weight is not weights[-1] else layer)
        logits = layers.pop()
        logits = logits - logits.max(axis=1, keepdims=True)
        exponentials = np.exp(logits)
        totals = exponentials.sum(axis=1, keepdims=True)
        (np.log(totals[:, 0]) - logits[rows, classes]).mean()
        back = exponentials / totals
        back[rows, classes] -= 1
        back /= 64
        gradients: list[Any] = [None] * 6
        for index in (2, 1, 0):
            gradients[index] = back.T @ layers[index]
            gradients[index + 3] = back.sum(axis=0)
            if index:
                back = (back @ weights[index]) * (layers[index] > 0)
        for parameter, gradient, momentum in zip(parameters, gradients, momenta, strict=True):
            momentum *= 0.9
            momentum += gradient
            parameter -= 1e-4 * momentum

    return iterate


def transformer(framework: Framework) -> Iteration:
    """A pre-norm block: width 64, 4 heads, causal, 8 sequences of 32, with AdamW."""
    framework.manual_seed(0)
    nn = framework.nn

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(64), nn.LayerNorm(64)
            self.packed, self.mixed = nn.Linear(64, 192), nn.Linear(64, 64)
            self.mlp = nn.Sequential(nn.Linear(64, 256), nn.GELU(), nn.Linear(256, 64))

        def forward(self, x: Any) -> Any:
            heads = [
                part.view(8, 32, 4, 16).transpose(1, 2)
                for part in self.packed(self.norm1(x)).split(64, dim=2)
            ]
            y = nn.functional.scaled_dot_product_attention(*heads, is_causal=True)
            x = x + self.mixed(y.transpose(1, 2).reshape(8, 32, 64))
            return x + self.mlp(self.norm2(x))

    model = Block()
    inputs, targets = framework.randn(8, 32, 64), framework.randn(8, 32, 64)
    criterion = nn.MSELoss()
    optimizer = framework.optim.AdamW(model.parameters(), lr=1e-4)
    return train(optimizer, lambda: criterion(model(inputs), targets))


def convnet(framework: Framework, batch: int) -> Iteration:
    """The convolutional network of PyTorch's CIFAR tutorial, SGD with momentum."""
    framework.manual_seed(0)
    nn = framework.nn
    model = nn.Sequential(
        nn.Conv2d(3, 6, 5),
        nn.ReLU(),
        nn.MaxPool2d(2, 2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2, 2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )
    inputs = framework.randn(batch, 3, 32, 32)
    classes = framework.randint(0, 10, (batch,))
    criterion = nn.CrossEntropyLoss()
    optimizer = framework.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    return train(optimizer, lambda: criterion(model(inputs), classes))


def recurrent(framework: Framework) -> Iteration:
    """Next characters by an LSTM: 16 sequences of 50, width 64 to 128, 64 letters, with Adam."""
    framework.manual_seed(0)
    nn = framework.nn

    class Letters(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(64, 64)
            self.lstm = nn.LSTM(64, 128)
            self.head = nn.Linear(128, 64)

        def forward(self, letters: Any) -> Any:
            return self.head(self.lstm(self.embedding(letters))[0])

    model = Letters()
    text = framework.randint(0, 64, (51, 16))
    criterion = nn.CrossEntropyLoss()
    optimizer = framework.optim.Adam(model.parameters(), lr=1e-4)
    targets = text[1:].reshape(-1)
    return train(optimizer, lambda: criterion(model(text[:-1]).view(-1, 64), targets))


def layer(framework: Framework, build: Callable[[Any], Any], shape: tuple[int, ...]) -> Iteration:
    """One layer on a large input, forward and backward."""
    framework.manual_seed(0)
    module = build(framework.nn)
    inputs = framework.randn(*shape).requires_grad_()
    arriving = framework.randn(*shape)

    def iterate() -> None:
        module.zero_grad()
        inputs.grad = None
        module(inputs).backward(arriving)

    return iterate


def windows_of(images: Any) -> Any:
    """All 5×5 windows as rows, copied: (N·OH·OW, C·25)."""
    view = np.lib.stride_tricks.sliding_window_view(images, (5, 5), axis=(2, 3))
    return view.transpose(0, 2, 3, 1, 4, 5).reshape(-1, images.shape[1] * 25)


def convolved(rows: Any, weight: Any, bias: Any, batch: int, size: int) -> Any:
    """A 5×5 convolution as one matrix product, then ReLU: (N, O, size, size)."""
    product = rows @ weight.reshape(len(weight), -1).T + bias
    return np.maximum(product, 0).reshape(batch, size, size, -1).transpose(0, 3, 1, 2)


def pooled(images: Any) -> tuple[Any, Any]:
    """The largest of 2×2 elements, and which elements are as large."""
    batch, channels, height, width = images.shape
    blocks = images.reshape(batch, channels, height // 2, 2, width // 2, 2)
    largest = blocks.max(axis=(3, 5), keepdims=True)
    return largest[:, :, :, 0, :, 0], blocks == largest


def convnet_by_hand(batch: int) -> Iteration:
    """The same in numpy: windows as rows of a matrix, pooling by reshaping."""
    random = np.random.default_rng(0)
    inputs = random.standard_normal((batch, 3, 32, 32), dtype=np.float32)
    classes = random.integers(0, 10, batch)
    shapes = [(6, 3, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (10, 84)]
    weights = [0.05 * random.standard_normal(shape, dtype=np.float32) for shape in shapes]
    biases = [np.zeros(shape[0], dtype=np.float32) for shape in shapes]
    parameters = weights + biases
    momenta = [np.zeros_like(parameter) for parameter in parameters]
    rows = np.arange(batch)

    def iterate() -> None:
        gradients: list[Any] = [None] * 10
        first_rows = windows_of(inputs)
        first = convolved(first_rows, weights[0], biases[0], batch, 28)
        small, first_hits = pooled(first)
        second_rows = windows_of(small)
        second = convolved(second_rows, weights[1], biases[1], batch, 10)
        smallest, second_hits = pooled(second)
        layers = [smallest.reshape(batch, -1)]
        for index in (2, 3, 4):
            layer = layers[-1] @ weights[index].T + biases[index]
            layers.append(np.maximum(layer, 0) if index < 4 else layer)
        logits = layers.pop()
        logits = logits - logits.max(axis=1, keepdims=True)
        exponentials = np.exp(logits)
        totals = exponentials.sum(axis=1, keepdims=True)
        (np.log(totals[:, 0]) - logits[rows, classes]).mean()
        back = exponentials / totals
        back[rows, classes] -= 1
        back /= batch
        for index in (4, 3, 2):
            gradients[index] = back.T @ layers[index - 2]
            gradients[index + 5] = back.sum(axis=0)
            back = back @ weights[index]
            if index > 2:
                back *= layers[index - 2] > 0
        back = back.reshape(batch, 16, 5, 1, 5, 1) * second_hits
        back = back.reshape(second.shape) * (second > 0)
        flat = back.transpose(0, 2, 3, 1).reshape(-1, 16)
        gradients[1] = (flat.T @ second_rows).reshape(weights[1].shape)
        gradients[6] = flat.sum(axis=0)
        taps = (flat @ weights[1].reshape(16, -1)).reshape(batch, 10, 10, 6, 5, 5)
        along_small = np.zeros(small.shape, dtype=np.float32)
        for i, j in itertools.product(range(5), range(5)):
            along_small[:, :, i : i + 10, j : j + 10] += taps[..., i, j].transpose(0, 3, 1, 2)
        back = along_small.reshape(batch, 6, 14, 1, 14, 1) * first_hits
        back = back.reshape(first.shape) * (first > 0)
        flat = back.transpose(0, 2, 3, 1).reshape(-1, 6)
        gradients[0] = (flat.T @ first_rows).reshape(weights[0].shape)
        gradients[5] = flat.sum(axis=0)
        for parameter, gradient, momentum in zip(parameters, gradients, momenta, strict=True):
            momentum *= 0.9
            momentum += gradient
            parameter -= 1e-3 * momentum

    return iterate


ByHand = Callable[[], Iteration] | None

# Name: title, for a framework, by hand (None: nobody would), iterations per round.
WORKLOADS: dict[str, tuple[str, Callable[[Framework], Iteration], ByHand, int]] = {
    "sine": ("sin polynomial, RMSprop (2000×3)", sine, sine_by_hand, 100),
    "scalars": ("z = 3x² + y³, SGD", scalars, scalars_by_hand, 200),
    "chain": ("chain of 100,000 operations", chain, chain_by_hand, 1),
    "perceptron": (
        "MLP 784-256-128-10, batch 64, SGD momentum",
        perceptron,
        perceptron_by_hand,
        20,
    ),
    "transformer": ("transformer block d64 h4 t32 b8, AdamW", transformer, None, 10),
    "recurrent": ("character LSTM 64-128, 16 sequences of 50, Adam", recurrent, None, 5),
    "convnet4": (
        "CIFAR tutorial convnet, batch 4",
        partial(convnet, batch=4),
        partial(convnet_by_hand, 4),
        20,
    ),
    "convnet64": (
        "CIFAR tutorial convnet, batch 64",
        partial(convnet, batch=64),
        partial(convnet_by_hand, 64),
        4,
    ),
    "layernorm": (
        "LayerNorm, 2048×512, forward and backward",
        partial(layer, build=lambda nn: nn.LayerNorm(512), shape=(2048, 512)),
        None,
        10,
    ),
    "groupnorm": (
        "GroupNorm, 8 groups, 32×64×32×32, forward and backward",
        partial(layer, build=lambda nn: nn.GroupNorm(8, 64), shape=(32, 64, 32, 32)),
        None,
        5,
    ),
    "gelu": (
        "GELU, 2048×512, forward and backward",
        partial(layer, build=lambda nn: nn.GELU(), shape=(2048, 512)),
        None,
        10,
    ),
}


def measure(name: str, rounds: int) -> dict[str, Timing]:
    """Let the implementations of a workload take turns; the first round warms up."""
    _, build, by_hand, count = WORKLOADS[name]
    timings: dict[str, Timing] = {}
    if importlib.util.find_spec("torch") is not None:
        torch = importlib.import_module("torch")
        torch.set_num_threads(1)
        timings["torch"] = Timing(build(torch))
    timings["engine"] = Timing(build(importlib.import_module("gradstep_engine")))
    if by_hand is not None:
        timings["numpy"] = Timing(by_hand())
    for timing in timings.values():
        Timing(timing.iterate).run(count)
    for _ in range(rounds):
        for timing in timings.values():
            timing.run(count)
    return timings


def main() -> None:
    """Measure what the command line names and print one row of a table for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=25, help="turns per implementation (25)")
    options = parser.parse_args()
    unknown = [name for name in options.workloads if name not in WORKLOADS]
    if unknown:
        parser.error(f"no workload {unknown[0]!r}; there are {', '.join(WORKLOADS)}")

    print("µs per iteration: 2nd percentile of wall time (mean CPU time)\n")
    print("| work | torch | engine | numpy by hand | engine / torch | numpy / torch |")
    print("|---|---|---|---|---|---|")
    for name in options.workloads or WORKLOADS:
        timings = measure(name, options.rounds)
        cells = [WORKLOADS[name][0]]
        for key in ("torch", "engine", "numpy"):
            timing = timings.get(key)
            cells.append(f"{timing.low:.1f} ({timing.mean_cpu:.1f})" if timing else "–")
        reference = timings.get("torch")
        for key in ("engine", "numpy"):
            timing = timings.get(key)
            cells.append(f"{timing.low / reference.low:.2f}" if timing and reference else "–")
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
