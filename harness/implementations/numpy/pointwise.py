"""What the operators that work element by element share: a value and a slope, and broadcasting undone."""

from __future__ import annotations

from abc import ABC, abstractmethod

from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen


class Pointwise(ABC):
    """y = value(x) and dx = dy * slope(x), element by element. x, y: any shape."""

    @abstractmethod
    def value(self, x: Array) -> Array:
        """Return y, in the dtype of x."""

    @abstractmethod
    def slope(self, x: Array) -> Array:
        """Return dy/dx at x."""

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return y; the input is kept for `backward`."""
        self.x = widen(input)
        return narrow(self.value(self.x), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return narrow(widen(grad_output) * self.slope(self.x), like=grad_output)


def unbroadcast(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Return the gradient of an input of `shape` that was broadcast to the shape of `gradient`: summed over copies."""
    extra = tuple(range(gradient.ndim - len(shape)))
    summed = gradient.sum(axis=extra) if extra else gradient
    stretched = tuple(axis for axis, size in enumerate(shape) if size == 1 and summed.shape[axis] != 1)
    return summed.sum(axis=stretched, keepdims=True) if stretched else summed
