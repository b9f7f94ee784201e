"""One clear error for what PyTorch has and this engine lacks."""

from __future__ import annotations

HINT = "see docs/engine.md for what it has"


class MissingFeatureError(AttributeError, NotImplementedError):
    """A name or an option of PyTorch that the engine lacks; `hasattr` answers False for names."""


def missing(what: str) -> MissingFeatureError:
    """Return the error for `what`, such as `torch.fft` or `Tensor.lu`."""
    return MissingFeatureError(f"gradstep's built-in engine has no {what} yet; {HINT}")
