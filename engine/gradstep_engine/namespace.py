"""The public names of the engine, as `torch` has them."""

from __future__ import annotations

import math
from typing import Any

from gradstep_engine import creation, dtypes, functions, randomness
from gradstep_engine.autograd import mode
from gradstep_engine.device import device
from gradstep_engine.missing import missing
from gradstep_engine.size import Size
from gradstep_engine.tensor import Tensor
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
    "device": device,
    "dtype": dtypes.dtype,
    "set_printoptions": set_printoptions,
    "e": math.e,
    "inf": math.inf,
    "nan": math.nan,
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
        "arange as_tensor bernoulli empty empty_like eye from_numpy full full_like linspace "
        "logspace multinomial normal ones ones_like rand rand_like randint randn randn_like "
        "randperm tensor zeros zeros_like",
    ),
    (functions, " ".join(functions.__all__)),
)


def _fill(package: dict[str, Any]) -> None:
    package.update(_NAMES)
    for place, names in _PLACES:
        for name in names.split():
            package[name] = getattr(place, name)


def lookup(package: dict[str, Any], name: str) -> Any:
    """Fill `package` with all public names and return the one called `name`.

    Raises:
        MissingFeatureError: the engine has no such name; the message says what to do.
    """
    if "Tensor" not in package:
        _fill(package)
    if name in package:
        return package[name]
    raise missing(f"torch.{name}")
