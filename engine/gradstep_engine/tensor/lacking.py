"""Methods that PyTorch 2.13's tensors have and ours lack: asked for, they name the way out.

Descriptors rather than a `__getattr__` on the tensor, which would slow every attribute down.
"""

from __future__ import annotations

from typing import Any

from gradstep_engine.missing import missing

_NAMES = """
addbmm_ addmv_ addr_ adjoint angle apply_ argwhere as_strided as_strided_ as_strided_scatter
as_subclass baddbmm_ bernoulli bfloat16 cauchy_ ccol_indices cdouble cfloat chalf coalesce
col_indices conj conj_physical conj_physical_ const_data_ptr crow_indices dense_dim dequantize
diag diag_embed diagflat diagonal diagonal_scatter digamma digamma_ dim_order dsplit eig
erfinv erfinv_ exponential_ fill_diagonal_ fliplr flipud float_power_ frexp geometric_ geqrf
grad_dtype hardshrink hash_tensor hsplit i0 i0_ igamma igamma_ igammac igammac_ index
index_add index_add_ index_copy index_copy_ index_fill index_fill_ index_put index_put_
index_reduce index_reduce_ indices int_repr ipu is_coalesced is_conj is_cpu is_distributed
is_inference is_ipu is_maia is_meta is_mkldnn is_mps is_mtia is_neg is_nested is_pinned
is_quantized is_same_size is_set_to is_shared is_sparse is_sparse_csr is_vulkan is_xla is_xpu
istft layout ldexp_ lgamma lgamma_ log_normal_ lstsq lu lu_solve map2_ map_ masked_scatter
masked_scatter_ module_load moveaxis mtia multinomial mvlgamma mvlgamma_ name narrow_copy new
new_empty_strided nonzero_static orgqr ormqr pin_memory polygamma polygamma_ prelu put put_
q_per_channel_axis q_per_channel_scales q_per_channel_zero_points q_scale q_zero_point qscheme
record_stream register_post_accumulate_grad_hook reinforce renorm_ resize resize_ resize_as
resize_as_ resize_as_sparse_ resolve_conj resolve_neg rot90 row_indices scatter_reduce
scatter_reduce_ select_scatter set_ share_memory_ slice_inverse slice_scatter smm solve
sparse_dim sparse_mask sparse_resize_ sparse_resize_and_clear_ split_with_sizes squeeze_
sspaddmm stft storage storage_offset storage_type sum_to_size swapaxes_ swapdims_ symeig t_
take take_along_dim tensor_split to_dense to_mkldnn to_padded_tensor to_sparse to_sparse_bsc
to_sparse_bsr to_sparse_coo to_sparse_csc to_sparse_csr transpose_ triangular_solve tril_
triu_ unfold unsafe_chunk unsafe_split unsafe_split_with_sizes unsqueeze_ untyped_storage
values volatile vsplit xpu
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
