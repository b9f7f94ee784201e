"""Whether operations are recorded for backward. One flag per process, as scripts use it."""

from __future__ import annotations

from types import TracebackType
from typing import Any, TypeVar

from gradstep_engine import events

F = TypeVar("F", bound=Any)


class GradMode:
    """The flag itself; read as `GradMode.enabled` on the hot path."""

    enabled: bool = True


def is_grad_enabled() -> bool:
    """Return whether new operations are recorded for backward."""
    return GradMode.enabled


def _switch(enabled: bool) -> None:
    before = GradMode.enabled
    GradMode.enabled = enabled
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
    """Do not record operations, as `no_grad`; the engine makes no further difference."""

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

    def __call__(self, function: F) -> F:
        """Decorate `function` so that each call runs in this mode."""
        import functools

        mode = not self.enabled

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with inference_mode(mode):
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]
