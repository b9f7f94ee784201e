"""One expression or more for every operation of layers and losses, as in `tensor_cases.py`."""

from __future__ import annotations

from typing import Any

from tests.engine.derivatives.tensor_cases import Case


def _layer(name: str, *, shift: float = 1.0, **options: Any) -> Any:
    """Return the function `name` of `nn.functional`, around zero and with options."""
    return lambda e, x: getattr(e.nn.functional, name)(x - shift, **options)


ACTIVATIONS: dict[str, Any] = {
    "celu": _layer("celu", alpha=0.7),
    "elu": _layer("elu", alpha=1.3),
    "gelu": _layer("gelu"),
    "gelu_tanh": _layer("gelu", approximate="tanh"),
    "glu": _layer("glu"),
    "hardshrink": _layer("hardshrink", lambd=0.3),
    "hardsigmoid": _layer("hardsigmoid"),
    "hardswish": _layer("hardswish"),
    "hardtanh": _layer("hardtanh", min_val=-0.4, max_val=0.3),
    "leaky_relu": _layer("leaky_relu", negative_slope=0.2),
    "logsigmoid": _layer("logsigmoid"),
    "mish": _layer("mish"),
    "relu6": _layer("relu6"),
    "rrelu": _layer("rrelu"),
    "rrelu_training": _layer("rrelu", lower=0.3, upper=0.3, training=True),
    "selu": _layer("selu"),
    "silu": _layer("silu"),
    "softplus": _layer("softplus", beta=2.0, threshold=1.0),
    "softshrink": _layer("softshrink", lambd=0.3),
    "softsign": _layer("softsign"),
    "tanhshrink": _layer("tanhshrink"),
    "threshold": _layer("threshold", threshold=0.1, value=0.7),
    "normalize": _layer("normalize", dim=1),
    "pad": _layer("pad", pad=(1, 2), value=0.5),
    "layer_norm": _layer("layer_norm", normalized_shape=(4,)),
    "rms_norm": _layer("rms_norm", normalized_shape=(4,)),
    "local_response_norm": _layer("local_response_norm", size=2, alpha=0.5),
    "pixel_shuffle": lambda e, x: e.nn.functional.pixel_shuffle(x.reshape(1, 4, 3, 2), 2),
}

BATCH: list[tuple[int, ...]] = [(2, 4, 5, 6)]
IMAGES: dict[str, Any] = {
    "max_pool2d": _layer("max_pool2d", kernel_size=2),
    "max_pool2d_overlapping": _layer("max_pool2d", kernel_size=3, stride=1, padding=1),
    "avg_pool2d": _layer("avg_pool2d", kernel_size=2, padding=1),
    "lp_pool2d": _layer("lp_pool2d", shift=0.0, norm_type=2, kernel_size=2),
    "adaptive_avg_pool2d": _layer("adaptive_avg_pool2d", output_size=(2, 4)),
    "adaptive_max_pool2d": _layer("adaptive_max_pool2d", output_size=(2, 4)),
    "unfold": _layer("unfold", kernel_size=2, stride=2),
    "pad_reflect": _layer("pad", pad=(1, 2, 2, 1), mode="reflect"),
    "pad_replicate": _layer("pad", pad=(1, 2, 2, 1), mode="replicate"),
    "pad_circular": _layer("pad", pad=(1, 2, 2, 1), mode="circular"),
    "nearest": _layer("interpolate", scale_factor=2),
    "bilinear": _layer("interpolate", size=(7, 3), mode="bilinear", align_corners=False),
    "bicubic": _layer("interpolate", size=(7, 9), mode="bicubic", align_corners=True),
    "group_norm": _layer("group_norm", num_groups=2),
    "instance_norm": _layer("instance_norm"),
    "max_unpool2d": lambda e, x: e.nn.functional.max_unpool2d(
        *e.nn.functional.max_pool2d(x, 2, return_indices=True), 2
    ),
    "fold": lambda e, x: e.nn.functional.fold(x.reshape(2, 8, 15), (4, 6), 2),
}

BY_WEIGHT: dict[str, Case] = {
    "linear": (lambda e, x, w, b: e.nn.functional.linear(x, w, b), [(2, 3), (4, 3), (4,)]),
    "linear_3d": (lambda e, x, w: e.nn.functional.linear(x, w), [(2, 5, 3), (4, 3)]),
    "bilinear": (
        lambda e, x, y, w, b: e.nn.functional.bilinear(x, y, w, b),
        [(2, 3), (2, 4), (5, 3, 4), (5,)],
    ),
    "conv1d": (
        lambda e, x, w, b: e.nn.functional.conv1d(x, w, b, stride=2, padding=1),
        [(2, 3, 7), (4, 3, 3), (4,)],
    ),
    "conv2d": (
        lambda e, x, w, b: e.nn.functional.conv2d(x, w, b, padding=1, dilation=2),
        [(2, 2, 5, 5), (4, 2, 2, 2), (4,)],
    ),
    "conv2d_groups": (
        lambda e, x, w: e.nn.functional.conv2d(x, w, groups=2),
        [(2, 4, 4, 4), (4, 2, 2, 2)],
    ),
    "conv_transpose2d": (
        lambda e, x, w, b: e.nn.functional.conv_transpose2d(x, w, b, stride=2, padding=1),
        [(2, 3, 3, 3), (3, 2, 2, 2), (2,)],
    ),
    "batch_norm": (
        lambda e, x, w, b: e.nn.functional.batch_norm(x, None, None, w, b, training=True),
        [(4, 3, 2), (3,), (3,)],
    ),
    "batch_norm_eval": (
        lambda e, x, w, b: e.nn.functional.batch_norm(
            x, e.zeros(3).double(), e.ones(3).double(), w, b
        ),
        [(4, 3, 2), (3,), (3,)],
    ),
    "layer_norm": (
        lambda e, x, w, b: e.nn.functional.layer_norm(x, (3, 4), w, b),
        [(2, 3, 4), (3, 4), (3, 4)],
    ),
    "group_norm": (
        lambda e, x, w, b: e.nn.functional.group_norm(x, 2, w, b),
        [(2, 4, 3), (4,), (4,)],
    ),
    "instance_norm": (
        lambda e, x, w, b: e.nn.functional.instance_norm(x, weight=w, bias=b),
        [(2, 4, 3), (4,), (4,)],
    ),
    "rms_norm": (lambda e, x, w: e.nn.functional.rms_norm(x, (4,), w), [(2, 3, 4), (4,)]),
    "prelu": (lambda e, x, w: e.nn.functional.prelu(x - 1, w), [(2, 3, 4), (3,)]),
    "embedding": (lambda e, w: e.nn.functional.embedding(e.tensor([1, 0, 1]), w), [(3, 4)]),
    "embedding_padding": (
        lambda e, w: e.nn.functional.embedding(e.tensor([1, 0, 1]), w, padding_idx=1),
        [(3, 4)],
    ),
    "embedding_bag": (
        lambda e, w: e.nn.functional.embedding_bag(e.tensor([[1, 0], [1, 2]]), w),
        [(3, 4)],
    ),
    "embedding_bag_weights": (
        lambda e, w, s: e.nn.functional.embedding_bag(
            e.tensor([[1, 0], [1, 2]]), w, per_sample_weights=s, mode="sum"
        ),
        [(3, 4), (2, 2)],
    ),
    "attention": (
        lambda e, q, k, v: e.nn.functional.scaled_dot_product_attention(q, k, v),
        [(2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4)],
    ),
    "attention_causal": (
        lambda e, q, k, v: e.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True),
        [(2, 2, 3, 4), (2, 2, 3, 4), (2, 2, 3, 4)],
    ),
    "grid_sample": (
        lambda e, x, g: e.nn.functional.grid_sample(x, g - 1, align_corners=False),
        [(1, 2, 3, 3), (1, 2, 2, 2)],
    ),
}

PAIRS: dict[str, Any] = {
    f"{name} {reduction}": (
        lambda e, x, y, name=name, reduction=reduction: getattr(e.nn.functional, name)(
            x, y, reduction=reduction
        )
    )
    for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div",
                 "binary_cross_entropy_with_logits", "poisson_nll_loss")
    for reduction in ("mean" if name != "kl_div" else "batchmean", "sum", "none")
} | {
    "soft_margin_loss": lambda e, x, y: e.nn.functional.soft_margin_loss(
        x, (y - 1).sign().detach()
    ),
    "binary_cross_entropy": lambda e, x, y: e.nn.functional.binary_cross_entropy(x / 2, y / 2),
    "binary_cross_entropy_weight": lambda e, x, y: e.nn.functional.binary_cross_entropy(
        x / 2, (y > 1).double(), weight=y.detach()
    ),
    "logits_weight": lambda e, x, y: e.nn.functional.binary_cross_entropy_with_logits(
        x, y, weight=y.detach(), pos_weight=y[0].detach()
    ),
    "cosine_similarity": lambda e, x, y: e.nn.functional.cosine_similarity(x, y, dim=1),
    "cosine_embedding_loss": lambda e, x, y: e.nn.functional.cosine_embedding_loss(
        x, y, e.tensor([1, -1])
    ),
    "margin_ranking_loss": lambda e, x, y: e.nn.functional.margin_ranking_loss(
        x, y, e.tensor([[1.0], [-1.0]]), margin=0.5
    ),
    "triplet_margin_loss": lambda e, x, y: e.nn.functional.triplet_margin_loss(x, y, x * y),
    "pairwise_distance": lambda e, x, y: e.nn.functional.pairwise_distance(x, y),
    "gaussian_nll_loss": lambda e, x, y: e.nn.functional.gaussian_nll_loss(x, y, x * y),
    "cross_entropy": lambda e, x, y: e.nn.functional.cross_entropy(
        x, e.tensor([2, 0]), weight=y[0].detach(), label_smoothing=0.1
    ),
    "cross_entropy_of_shares": lambda e, x, y: e.nn.functional.cross_entropy(x, y),
    "nll_loss": lambda e, x, y: e.nn.functional.nll_loss(x * y, e.tensor([2, 0])),
    "nll_loss_ignoring": lambda e, x, y: e.nn.functional.nll_loss(
        x * y, e.tensor([2, 0]), ignore_index=2, reduction="sum"
    ),
    "multi_margin_loss": lambda e, x, y: e.nn.functional.multi_margin_loss(x * y, e.tensor([2, 0])),
}  # fmt: skip


def _seeded(function: Any) -> Any:
    """Return a function that draws the same numbers in both engines."""

    def drawing(e: Any, *xs: Any) -> Any:
        e.manual_seed(0)
        return function(e, *xs)

    return drawing


def _padded(e: Any, x: Any, y: Any) -> Any:
    return e.nn.utils.rnn.pad_sequence([x, y[:1]], batch_first=True)


def _packed(e: Any, x: Any, y: Any) -> Any:
    rnn = e.nn.utils.rnn
    packed = rnn.pack_padded_sequence(e.stack([x, y], 1), [2, 1], enforce_sorted=False)
    return [packed.data, rnn.pad_packed_sequence(packed)[0]]


def _recurrent(kind: str, **options: Any) -> Any:
    """Return the outputs of a recurrent layer or cell with fixed weights."""

    def run(e: Any, x: Any) -> Any:
        layer = getattr(e.nn, kind)(4, 2, **options).double()
        length = sum(p.numel() for p in layer.parameters())
        e.nn.utils.vector_to_parameters(
            e.linspace(-1, 1, length, dtype=e.float64), layer.parameters()
        )
        result = layer(x)
        return result[0] if isinstance(result, tuple) else result

    return run


TWO_LAYERS = {"num_layers": 2, "bidirectional": True}

OTHERS: dict[str, Case] = {
    "dropout": (_seeded(lambda e, x: e.nn.functional.dropout(x, 0.4)), [(3, 4)]),
    "alpha_dropout": (_seeded(lambda e, x: e.nn.functional.alpha_dropout(x, 0.4, True)), [(3, 4)]),
    "rsample": (
        _seeded(lambda e, m, s: e.distributions.Normal(m, s).rsample()),
        [(3,), (3,)],
    ),
    "drawn_normal": (_seeded(lambda e, m, s: e.normal(m, s) * m), [(3,), (3,)]),
    "drawn_poisson": (_seeded(lambda e, m: e.poisson(m) * m), [(3,)]),
    "drawn_bernoulli": (_seeded(lambda e, m: e.bernoulli(m / 2) * m), [(3,)]),
    "pad_sequence": (_padded, [(2, 3), (2, 3)]),
    "pack_padded_sequence": (_packed, [(2, 3), (2, 3)]),
    "embedding_bag_max": (
        lambda e, w: e.nn.functional.embedding_bag(e.tensor([[1, 0], [1, 2]]), w, mode="max"),
        [(3, 4)],
    ),
    "lstm_cell": (_recurrent("LSTMCell"), [(3, 4)]),
    "gru_cell": (_recurrent("GRUCell"), [(3, 4)]),
    "rnn_cell": (_recurrent("RNNCell"), [(3, 4)]),
    "lstm": (_recurrent("LSTM", **TWO_LAYERS), [(3, 2, 4)]),
    "lstm_long": (_recurrent("LSTM"), [(12, 2, 4)]),
    "gru": (_recurrent("GRU", **TWO_LAYERS), [(3, 2, 4)]),
    "rnn": (_recurrent("RNN", **TWO_LAYERS), [(3, 2, 4)]),
    "rnn_relu": (_recurrent("RNN", nonlinearity="relu"), [(3, 2, 4)]),
    "fractional_max_pool2d": (
        _seeded(lambda e, x: e.nn.functional.fractional_max_pool2d(x, 2, output_size=2)),
        [(1, 2, 5, 5)],
    ),
    "self_attention": (
        lambda e, x, w, v: e.nn.functional.multi_head_attention_forward(
            x, x, x, 4, 2, w, None, None, None, False, 0.0, v, None, need_weights=False
        )[0],
        [(3, 2, 4), (12, 4), (4, 4)],
    ),
}

CASES: dict[str, Case] = OTHERS | {
    f"activation {name}": (function, [(2, 3, 4)]) for name, function in ACTIVATIONS.items()
}
CASES |= {f"images {name}": (function, BATCH) for name, function in IMAGES.items()}
CASES |= {f"by weight {name}": case for name, case in BY_WEIGHT.items()}
CASES |= {f"pair {name}": (function, [(2, 3), (2, 3)]) for name, function in PAIRS.items()}
