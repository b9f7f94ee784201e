"""The shape of a tensor as a value of its own."""

from __future__ import annotations

from typing import Any


class Size(tuple[int, ...]):
    """A tuple of sizes that prints as torch's does."""

    __slots__ = ()

    def __new__(cls, sizes: Any = ()) -> Size:
        """Take whole numbers from an iterable.

        Raises:
            TypeError: an item is no whole number.
        """
        if sizes.__class__ is not tuple:
            sizes = tuple(sizes)
        for place, size in enumerate(sizes):
            if size.__class__ is not int and not hasattr(size, "__index__"):
                raise TypeError(
                    "torch.Size() takes an iterable of 'int' "
                    f"(item {place} is '{type(size).__name__}')"
                )
        return tuple.__new__(cls, sizes)

    def numel(self) -> int:
        """Return the number of elements of a tensor of this shape."""
        count = 1
        for size in self:
            count *= size
        return count

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def __getitem__(self, key: Any) -> Any:
        part = tuple.__getitem__(self, key)
        return Size(part) if isinstance(key, slice) else part

    def __add__(self, other: Any) -> Size:
        return Size(tuple.__add__(self, tuple(other)))

    def __mul__(self, times: Any) -> Size:
        return Size(tuple.__mul__(self, times))

    __rmul__ = __mul__
    __str__ = __repr__
