"""The public names of the engine, as `torch` has them."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

from gradstep_engine import (
    creation,
    creation_random,
    dtypes,
    functions,
    grids,
    legacy,
    patterns,
    randomness,
    searching,
    settings,
)
from gradstep_engine.amp import autocast
from gradstep_engine.autograd import mode
from gradstep_engine.device import device, layout, memory_format
from gradstep_engine.missing import missing
from gradstep_engine.size import Size
from gradstep_engine.tensor import Tensor, joins
from gradstep_engine.tensor.printing import set_printoptions

_DTYPES = {
    **{each.name: each for each in dtypes.ALL},
    "half": dtypes.float16,
    "float": dtypes.float32,
    "double": dtypes.float64,
    "short": dtypes.int16,
    "int": dtypes.int32,
    "long": dtypes.int64,
}

_NAMES: dict[str, Any] = {
    **_DTYPES,
    "Size": Size,
    "Tensor": Tensor,
    "autocast": autocast,
    "channels_last": memory_format.channels_last,
    "channels_last_3d": memory_format.channels_last_3d,
    "contiguous_format": memory_format.contiguous,
    "device": device,
    "dtype": dtypes.dtype,
    "layout": layout,
    "memory_format": memory_format,
    "preserve_format": memory_format.preserve,
    "strided": layout.strided,
    "set_printoptions": set_printoptions,
    "e": math.e,
    "inf": math.inf,
    "nan": math.nan,
    "newaxis": None,
    "pi": math.pi,
}

_PLACES = (
    (
        dtypes,
        "finfo get_default_dtype iinfo promote_types set_default_dtype",
    ),
    (
        mode,
        "enable_grad inference_mode is_grad_enabled is_inference_mode_enabled no_grad "
        "set_grad_enabled",
    ),
    (
        randomness,
        "Generator default_generator get_rng_state initial_seed manual_seed seed set_rng_state",
    ),
    (
        creation,
        "as_tensor asarray empty empty_like from_numpy full full_like ones ones_like tensor "
        "zeros zeros_like",
    ),
    (
        creation_random,
        "_sample_dirichlet _standard_gamma bernoulli binomial multinomial normal poisson rand "
        "rand_like randint randint_like randn randn_like randperm",
    ),
    (functions, " ".join(functions.__all__)),
    (grids, " ".join(grids.__all__)),
    (joins, " ".join(joins.__all__)),
    (legacy, " ".join(legacy.__all__)),
    (patterns, " ".join(patterns.__all__)),
    (searching, " ".join(searching.__all__)),
    (settings, " ".join(settings.__all__)),
)

# Places that only load once one of their names is used: scripts without layers do not pay for them.
_LATE = {
    "load save": "gradstep_engine.serialization",
    "GradScaler": "gradstep_engine.amp",
    "adaptive_max_pool1d alpha_dropout batch_norm bilinear binary_cross_entropy_with_logits "
    "constant_pad_nd cosine_embedding_loss dropout embedding group_norm hinge_embedding_loss "
    "instance_norm kl_div layer_norm margin_ranking_loss poisson_nll_loss rms_norm "
    "triplet_margin_loss": "gradstep_engine.layer_functions",
    "is_anomaly_check_nan_enabled is_anomaly_enabled": "gradstep_engine.autograd.anomaly",
    "adaptive_avg_pool1d avg_pool1d channel_shuffle conv1d conv2d conv3d conv_transpose1d "
    "conv_transpose2d conv_transpose3d max_pool1d max_pool2d max_pool3d pixel_shuffle "
    "pixel_unshuffle celu celu_ cosine_similarity hardshrink pairwise_distance pdist prelu rrelu "
    "rrelu_ selu selu_ threshold threshold_": "gradstep_engine.nn.functional",
}


def _fill(package: dict[str, Any]) -> None:
    found = dict(_NAMES)
    for place, names in _PLACES:
        for name in names.split():
            found[name] = getattr(place, name)
    package.update(found)  # at once: other threads look into it meanwhile


def lookup(package: dict[str, Any], name: str) -> Any:
    """Fill `package` with all public names and return the one called `name`.

    Raises:
        MissingFeatureError: the engine has no such name; the message says what to do.
    """
    if "Tensor" not in package:
        _fill(package)
    if name in package:
        return package[name]
    for names, place in _LATE.items():
        if name in names.split():
            package[name] = getattr(import_module(place), name)
            return package[name]
    raise missing(f"torch.{name}")
