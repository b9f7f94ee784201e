"""The version, as scripts that print their surroundings ask for it."""

from __future__ import annotations

from gradstep_engine import __version__

__all__ = ["__version__", "cuda", "debug", "git_version", "hip", "xpu"]

cuda = None
debug = False
git_version = "Unknown"
hip = None
xpu = None
