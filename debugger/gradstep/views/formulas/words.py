"""What backward does of ops that have no formula here: described in words.

The list is short on purpose. An op belongs here where a formula of one element would not fit a
line, or needs what no tensor of the trace holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow

_SCATTERED: Final = "what was replaced gets 0; each source gets grad_out of the place it went to"
_RECURRENT: Final = "grad_out goes back through the steps of the sequence, the last one first"
_STATIC: Final = "the slope of this function, times grad_out; it has no short form"
_DRAWN: Final = "0: what was drawn does not depend smoothly on it"
_SHARED: Final = "each element gets its share of grad_out, by the weight that it had in the result"
_MATRIX: Final = "a formula of whole matrices: no element of it stands alone"
_SPREAD: Final = "each grad_out goes back to the elements that its window saw"

WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("lgamma", "digamma", "polygamma", "sinc", "erfinv", "igamma", "igammac"), _STATIC
    ),
    **dict.fromkeys(("i0", "special_i0e", "special_i1", "special_i1e"), _STATIC),
    **dict.fromkeys(
        ("inv", "det", "slogdet", "solve", "pinv", "cholesky", "eigh", "svd", "qr", "matrix_exp"),
        _MATRIX,
    ),
    **dict.fromkeys(("einsum", "bilinear", "cross", "vdot"), "the product with the other factors"),
    **dict.fromkeys(
        ("scatter", "scatter_add", "scatter_reduce", "index_add", "index_copy", "index_fill"),
        _SCATTERED,
    ),
    **dict.fromkeys(("index_put", "put", "masked_scatter"), _SCATTERED),
    **dict.fromkeys(("select_scatter", "slice_scatter", "diagonal_scatter"), _SCATTERED),
    **dict.fromkeys(("lstm", "gru", "rnn_tanh", "rnn_relu"), _RECURRENT),
    **dict.fromkeys(("normal", "poisson", "bernoulli"), _DRAWN),
    **dict.fromkeys(
        ("avg_pool1d", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d", "adaptive_avg_pool2d"),
        "each element gets grad_out of its windows, divided by their sizes",
    ),
    **dict.fromkeys(
        ("adaptive_max_pool2d", "fractional_max_pool2d", "max_unpool2d"),
        "grad_out goes to the element that was the largest of its window",
    ),
    **dict.fromkeys(("fold", "unfold", "interpolate", "conv_transpose2d"), _SPREAD),
    **dict.fromkeys(
        ("rms_norm", "group_norm", "instance_norm", "local_response_norm"),
        "grad_out over the size of the group, less what all elements of the group have in common",
    ),
    **dict.fromkeys(
        ("median", "nanmedian", "mode", "cummax", "cummin"),
        "grad_out goes to the element that was chosen",
    ),
    "cumprod": "grad_out from here on, times the product without this element",
    "logcumsumexp": _SHARED,
    "scaled_dot_product_attention": "back through the products with V and K, and the softmax",
    "embedding_bag": "each row gets grad_out of the bags that it was in",
    "block_diag": "each block gets its own piece of grad_out",
    "diag_embed": "grad_out of the diagonal",
    "as_strided": "each element gets grad_out of the places that share its memory",
    "alpha_dropout": "grad_out, scaled, where the element was kept",
    "rrelu": "grad_out, times the slope that was drawn where the element is below 0",
    "glu": "the first half times sigmoid of the second, and its slope",
    "pad": "grad_out of the places where the element stands",
    **dict.fromkeys(
        ("pad_sequence", "pack_padded_sequence", "pad_packed_sequence"),
        "each sequence gets its own places of grad_out; padding gets nothing",
    ),
}
"""One sentence for each op, to stand behind `grad =`."""

EXCEPTIONS: Final[Mapping[str, str]] = {
}
"""Why there are no numbers in forward: ops that what was recorded does not suffice for."""

IN_PLACE: Final = "it has overwritten what its formula needs"


def words_of(op: EventRow | None) -> str:
    """Describe backward of an op without a formula; "" where nothing is known of it."""
    if op is None:
        return ""
    if op.name.endswith("_"):
        return IN_PLACE
    if len(op.detail.get("nodes") or ()) > 1:
        return f"one of several nodes of {op.name}"
    return WORDS.get(op.name, "")
