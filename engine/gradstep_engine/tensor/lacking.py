"""Methods that PyTorch 2.13's tensors have and ours lack: asked for, they name the way out.

Descriptors rather than a `__getattr__` on the tensor, which would slow every attribute down.
"""

from __future__ import annotations

from typing import Any

from gradstep_engine.missing import missing

_NAMES = """
absolute_ acos_ acosh acosh_ addbmm addbmm_ addmm_ addmv addmv_ addr addr_ aminmax angle
apply_ arccos_ arccosh arccosh_ arcsin_ arcsinh arcsinh_ arctan2 arctan2_ arctan_ arctanh
arctanh_ as_strided_scatter as_subclass asin_ asinh asinh_ atan2_ atan_ atanh atanh_ baddbmm
baddbmm_ bernoulli bfloat16 bincount bitwise_and_ bitwise_left_shift bitwise_left_shift_
bitwise_not_ bitwise_or_ bitwise_right_shift bitwise_right_shift_ bitwise_xor_ cauchy_
ccol_indices cdouble cfloat chalf cholesky cholesky_inverse cholesky_solve clamp_max_ coalesce
col_indices conj conj_physical conj_physical_ copysign copysign_ corrcoef cosh_ cov cross
crow_indices cummax cummin cumprod cumprod_ cumsum_ deg2rad deg2rad_ dense_dim dequantize det
diff digamma digamma_ dim_order dist eig eq_ erf erf_ erfc erfc_ erfinv erfinv_ exp2_ expm1_
exponential_ fix fix_ float_power float_power_ floor_divide_ fmax fmin fmod fmod_ frac frac_
frexp gcd gcd_ ge_ geometric_ geqrf ger grad_dtype greater_ greater_equal_ gt_ hardshrink
hash_tensor heaviside heaviside_ histc histogram hypot hypot_ i0 i0_ igamma igamma_ igammac
igammac_ index index_reduce index_reduce_ indices int_repr inverse ipu is_coalesced is_conj
is_cpu is_distributed is_ipu is_maia is_meta is_mkldnn is_mps is_mtia is_neg is_nested
is_quantized is_sparse is_sparse_csr is_vulkan is_xla is_xpu isneginf isposinf isreal istft
kron kthvalue layout lcm lcm_ ldexp ldexp_ le_ less_ less_equal_ lgamma lgamma_ log10_ log1p_
log2_ log_normal_ logaddexp logaddexp2 logcumsumexp logdet logical_and_ logical_not_
logical_or_ logical_xor_ logit logit_ lstsq lt_ lu lu_solve map2_ map_ matrix_exp matrix_power
mode module_load mtia multinomial mvlgamma mvlgamma_ name nan_to_num nan_to_num_ nanmean
nanmedian nanquantile nansum ne_ new new_empty_strided nextafter nextafter_ nonzero_static
not_equal_ orgqr ormqr pinverse polygamma polygamma_ positive prelu q_per_channel_axis
q_per_channel_scales q_per_channel_zero_points q_scale q_zero_point qr qscheme quantile
rad2deg rad2deg_ record_stream reinforce remainder_ renorm renorm_ resize resize_as
resize_as_sparse_ resolve_conj resolve_neg row_indices rsqrt_ sgn sgn_ share_memory_ signbit
sinc sinc_ sinh_ slice_inverse slogdet smm solve sparse_dim sparse_mask sparse_resize_
sparse_resize_and_clear_ square_ sspaddmm stft storage_type sum_to_size svd symeig tan_
to_dense to_mkldnn to_padded_tensor to_sparse to_sparse_bsc to_sparse_bsr to_sparse_coo
to_sparse_csc to_sparse_csr trace triangular_solve true_divide_ trunc_ values vdot volatile
xlogy xlogy_ xpu
""".split()  # noqa: SIM905 (a wall of quotes reads worse)


class _Lacking:
    """One method that is not there; `hasattr` says so too."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        raise missing(f"Tensor.{self.name}")


class Lacking:
    """The base of Tensor that knows what torch has besides."""


for _name in _NAMES:
    _lacking = _Lacking()
    _lacking.__set_name__(Lacking, _name)
    setattr(Lacking, _name, _lacking)
