"""Whether operations are recorded for backward: of each thread, as in torch."""

from __future__ import annotations

import threading
from threading import get_ident
from types import TracebackType
from typing import Any, TypeVar

from gradstep_engine import events

F = TypeVar("F", bound=Any)


class _Flags(threading.local):
    """Whether operations are recorded, and whether results are inference tensors."""

    enabled: bool = True  # where a thread begins
    inference: bool = False


GradMode = _Flags()
"""The flags of the thread that asks. Set them by `set_recording` and `inference_mode` only."""

suspended: set[int] = set()
"""The threads that do not record at present.

A flag of a thread takes long to read compared with an operation. So what runs for every operation
asks `not suspended or GradMode.enabled`: nearly always, nobody is suspended. A thread that ended
without recording stays in here, which makes that question slower but no answer wrong.
"""

inferring: set[int] = set()
"""The same for inference mode."""


def is_grad_enabled() -> bool:
    """Return whether new operations are recorded for backward."""
    return GradMode.enabled


def set_recording(enabled: bool) -> bool:
    """Record operations of this thread, or do not; return how it was before."""
    before = GradMode.enabled
    GradMode.enabled = enabled
    if enabled:
        suspended.discard(get_ident())
    else:
        suspended.add(get_ident())
    return before


class unrecorded:
    """Context for user code that autograd calls: nothing is recorded, and nobody is told."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before = set_recording(False)

    def __exit__(self, *error: object) -> None:
        set_recording(self._before)


def _switch(enabled: bool) -> None:
    before = set_recording(enabled)
    if events.listener is not None and before != enabled:
        events.listener(events.ModeChanged("grad_enabled", None, before, enabled))


class _GradModeContext:
    """Context manager and decorator that sets grad mode and puts the old one back."""

    enabled: bool

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(GradMode.enabled)
        _switch(self.enabled)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _switch(self._before.pop())

    def __call__(self, function: F) -> F:
        """Decorate `function` so that each call runs in this mode."""
        import functools

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self.__class__():
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]


class no_grad(_GradModeContext):
    """Do not record operations: results have no `grad_fn`."""

    enabled = False

    def __new__(cls, function: Any = None) -> Any:
        """Allow `@no_grad` without parentheses, as torch does."""
        instance = super().__new__(cls)
        if function is None:
            return instance
        instance.__init__()  # type: ignore[misc]
        return instance(function)


class enable_grad(no_grad):
    """Record operations again inside a `no_grad` block."""

    enabled = True


class set_grad_enabled(_GradModeContext):
    """Set grad mode at once; used as a context manager, put the old one back at the end."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self._previous = GradMode.enabled
        self.enabled = mode
        _switch(mode)

    def __enter__(self) -> None:
        self._before.append(self._previous)
        _switch(self.enabled)

    def __call__(self, function: F) -> F:
        """Decorate `function`; the mode is set only while it runs."""
        import functools

        _switch(self._previous)
        mode = self.enabled

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with set_grad_enabled(mode):
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]


class inference_mode(_GradModeContext):
    """Do not record operations, and make tensors that can never take part in autograd."""

    def __new__(cls, mode: Any = True) -> Any:
        """Allow `@inference_mode` without parentheses, as torch does."""
        instance = super().__new__(cls)
        if isinstance(mode, bool):
            return instance
        instance.__init__()  # type: ignore[misc]
        return instance(mode)

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.enabled = not mode
        self._outside: list[bool] = []

    def __enter__(self) -> None:
        super().__enter__()
        self._outside.append(GradMode.inference)
        _set_inference(not self.enabled)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _set_inference(self._outside.pop())
        super().__exit__(kind, error, traceback)

    def __call__(self, function: F) -> F:
        """Decorate `function` so that each call runs in this mode."""
        import functools

        mode = not self.enabled

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with inference_mode(mode):
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]


def _set_inference(enabled: bool) -> None:
    GradMode.inference = enabled
    if enabled:
        inferring.add(get_ident())
    else:
        inferring.discard(get_ident())


def is_inference_mode_enabled() -> bool:
    """Return whether tensors made now are inference tensors."""
    return GradMode.inference


class InferenceBox(list[int]):
    """In place of a version counter: what autograd would read of it is an error.

    So the usual paths ask nothing about inference tensors.
    """

    def __getitem__(self, position: Any) -> Any:
        raise RuntimeError(
            "Inference tensors cannot be saved for backward. Please do not use Tensors created in "
            "inference mode in computation tracked by autograd. To work around this, you can make "
            "a clone to get a normal tensor and use it in autograd, or use `torch.no_grad()` "
            "instead of `torch.inference_mode()`."
        )

    def bump(self) -> None:
        """Allow a change in place, which has no version to raise, only in inference mode.

        Raises:
            RuntimeError: outside of it.
        """
        if not GradMode.inference:
            raise RuntimeError(
                "Inplace update to inference tensor outside InferenceMode is not allowed.You can "
                "make a clone to get a normal tensor before doing inplace update."
                "See https://github.com/pytorch/rfcs/pull/17 for more details."
            )
