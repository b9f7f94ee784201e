"""Results that a formula of whole tensors has: worked out as a whole, one element is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.results.elementwise import Work
from gradstep.views.formulas.rule import Worked

LARGEST: Final = 40_000
"""A matrix with more elements is not inverted to explain one of them."""


def _whole(text: str, function: Callable[..., Array], count: int = 1) -> Work:
    def work(call: Call, place: Place) -> Worked:
        import numpy as np

        given = [call.array(i) for i in range(count)]
        if max(array.size for array in given) > LARGEST:
            raise Unknown("too large to be worked out again for one element")
        try:
            found = np.asarray(function(*given))
        except np.linalg.LinAlgError:
            raise Unknown("no finite number comes out") from None
        rough = float(np.abs(found).max()) if found.size else 0.0
        return Worked(text, float(found[place]), 4 * rough)

    return work


def exponential(a: Array) -> Array:
    """Compute e^A by scaling, a Taylor series, and squaring."""
    import numpy as np

    size = float(np.abs(a).sum(axis=-1).max()) if a.size else 0.0
    halvings = max(0, int(np.ceil(np.log2(max(size, 1e-30)))) + 3)
    small = a / 2**halvings
    term = found = np.broadcast_to(np.eye(a.shape[-1]), a.shape)
    for k in range(1, 20):
        term = term @ small / k
        found = found + term
    for _ in range(halvings):
        found = found @ found
    return found


def _numpy(name: str) -> Callable[..., Array]:
    def call(*given: Array) -> Array:
        import numpy as np

        found: Array = getattr(np.linalg, name)(*given)
        return found

    return call


def _solve(a: Array, b: Array) -> Array:
    import numpy as np

    vector = b.ndim == a.ndim - 1
    found = np.linalg.solve(a, b[..., None] if vector else b)
    return found[..., 0] if vector else found


WORKS: Final[Mapping[str, Work]] = {
    "inv": _whole("an element of a⁻¹", _numpy("inv")),
    "pinv": _whole("an element of the pseudo-inverse of a", _numpy("pinv")),
    "det": _whole("the determinant of a", _numpy("det")),
    "slogdet": _whole("the sign of the determinant of a", lambda a: _numpy("slogdet")(a)[0]),
    "solve": _whole("an element of a⁻¹ b", _solve, 2),
    "cholesky": _whole("an element of L, L·Lᵀ = a", _numpy("cholesky")),
    "matrix_exp": _whole("an element of e^a", exponential),
    "eigh": _whole("an eigenvalue of a", lambda a: _numpy("eigh")(a)[0]),
}
