"""What is done to a model's parameters as a whole; the name is torch's."""

from __future__ import annotations

from gradstep_engine.missing import lacking
from gradstep_engine.nn.utils import parametrizations as parametrizations
from gradstep_engine.nn.utils import rnn as rnn
from gradstep_engine.nn.utils.clip_grad import (
    clip_grad_norm,
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from gradstep_engine.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters
from gradstep_engine.nn.utils.fusion import (
    fuse_conv_bn_eval,
    fuse_conv_bn_weights,
    fuse_linear_bn_eval,
    fuse_linear_bn_weights,
)
from gradstep_engine.nn.utils.skip_init import skip_init
from gradstep_engine.nn.utils.spectral_norm import remove_spectral_norm, spectral_norm
from gradstep_engine.nn.utils.weight_norm import remove_weight_norm, weight_norm

__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "fuse_linear_bn_eval",
    "fuse_linear_bn_weights",
    "get_total_norm",
    "parameters_to_vector",
    "remove_spectral_norm",
    "remove_weight_norm",
    "rnn",
    "skip_init",
    "spectral_norm",
    "vector_to_parameters",
    "weight_norm",
]


__getattr__ = lacking("torch.nn.utils")
