"""Rows that are made when they are first asked for: of thousands only those in sight are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar, overload

T = TypeVar("T")


class LazyRows(Sequence[T], Generic[T]):
    """A sequence of so many rows, each made by its number, once."""

    def __init__(self, amount: int, make: Callable[[int], T]) -> None:
        """Make nothing yet."""
        self._amount = amount
        self._make = make
        self._made: dict[int, T] = {}

    def __len__(self) -> int:
        """Count the rows."""
        return self._amount

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        """Give a row, made when it is first asked for."""
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(self._amount))]
        number = range(self._amount)[index]
        if number not in self._made:
            self._made[number] = self._make(number)
        return self._made[number]
