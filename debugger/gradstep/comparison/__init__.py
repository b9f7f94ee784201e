"""Two recorded runs side by side: which events belong together, and where they differ."""

from gradstep.comparison.compare import Comparison, Difference, compare
from gradstep.comparison.values import Tolerance

__all__ = ["Comparison", "Difference", "Tolerance", "compare"]
