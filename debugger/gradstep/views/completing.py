"""What the console can complete where only the recording answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gradstep.protocol.breakpoints import CONDITION_NAMES

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment

_TAIL: Final = re.compile(r"([A-Za-z_][\w.]*)$")
OF_TENSORS: Final = (
    *("grad", "shape", "dtype", "item()", "norm()", "mean()", "sum()", "min()", "max()", "std()"),
    *("abs()", "numel()", "tolist()"),
)


def recorded_names(moment: Moment, text: str) -> tuple[str, list[str]]:
    """Return the name that is begun at the end of a text, and the recorded names it can become."""
    found = _TAIL.search(text)
    if found is None:
        return "", []
    begun = found[1]
    names = {*moment.names_to_tensors(), *CONDITION_NAMES}
    names |= {one.name for one in moment.optimizers() if one.name}
    owner, dot, last = begun.rpartition(".")
    if dot and owner in names:
        return last, [name for name in OF_TENSORS if name.startswith(last) and name != last]
    fits = [name for name in names if name.startswith(begun) and name != begun]
    return begun, sorted(fits, key=lambda name: (len(name), name))
