"""What roundings on the way do to a reference: torch in float64, every number that an operation makes slightly off."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.utils._python_dispatch import TorchDispatchMode

Numbers = npt.NDArray[Any]
#: numbers are rounded up or down as these say, each operation beginning elsewhere: drawing anew takes longer than most
_SIGNS: Numbers = 2.0 * np.random.RandomState(0).randint(0, 2, size=2**16) - 1.0
_DTYPES = (torch.float64, torch.complex128)


class Rounding(TorchDispatchMode):  # type: ignore[misc]
    """Multiplies each number that an operation of torch makes by 1 + unit or 1 - unit, at random.

    Exact are whole numbers that a dtype of that unit holds, and what the operation was given, turned in sign or times
    a power of two: it was moved, chosen or doubled. So zeros stay zeros, and views, copies, masks and maxima the same.
    """

    def __init__(self, unit: float, seed: int) -> None:
        """Round to a dtype of that unit roundoff; one seed always gives the same roundings."""
        super().__init__()
        self.unit = unit
        self._next = seed * 7919

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Save what keeps the compiler out at every operation: nothing is compiled here."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run one operation and round what it made."""
        del types
        kwargs = kwargs or {}
        views, writes = _kind(func)
        given = list(_mantissas((*args, *kwargs.values()))) if writes else None  # as they are before
        made = func(*args, **kwargs)
        for tensor in () if views else _tensors(made):
            if given is None:
                given = list(_mantissas((*args, *kwargs.values())))
            for numbers in _numbers(tensor):
                self._round(numbers, given)
        return made

    def _round(self, numbers: Numbers, given: list[Numbers]) -> None:
        mantissa = np.abs(np.frexp(numbers)[0])
        known = np.concatenate([*given, (0.0,)])
        known.sort()
        exact = known[known[:-1].searchsorted(mantissa)] == mantissa
        exact |= (numbers == np.rint(numbers)) & (np.abs(numbers) * self.unit <= 1)
        signs = _SIGNS.take(range(self._next, self._next + numbers.size), mode="wrap").reshape(numbers.shape)
        self._next += numbers.size + 7919
        numbers *= 1.0 + self.unit * np.where(exact, 0.0, signs)


@functools.cache
def _kind(func: Any) -> tuple[bool, bool]:
    """Tell whether an operation returns its operand's memory as it is, and whether it writes into an operand."""
    returned = [one.alias_info for one in func._schema.returns]  # noqa: SLF001 - there is no other way to ask
    return any(info is not None and not info.is_write for info in returned), func._schema.is_mutable  # noqa: SLF001


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors of float64, real and complex, in nested arguments or results."""
    if isinstance(value, torch.Tensor):
        if value.dtype in _DTYPES:
            yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _tensors(one)


def _numbers(tensor: torch.Tensor) -> tuple[Numbers, ...]:
    """Return a tensor's own memory, real and imaginary parts apart."""
    plain = tensor.detach()
    if not plain.is_complex():
        return (plain.resolve_neg().numpy(),)
    array: Any = plain.resolve_conj().resolve_neg().numpy()
    return array.real, array.imag


def _mantissas(values: Any) -> Iterator[Numbers]:
    """Yield the magnitudes of all numbers in nested arguments, scaled by powers of two to [1/2, 1)."""
    scalars = []
    for value in values:
        if isinstance(value, torch.Tensor):
            for numbers in _numbers(value) if value.dtype in _DTYPES else ():
                yield np.abs(np.frexp(numbers)[0]).ravel()
        elif isinstance(value, float):
            scalars.append(value)
        elif isinstance(value, tuple | list) and value and not isinstance(value[0], int):  # not shapes and strides
            yield from _mantissas(value)
    if scalars:
        yield np.abs(np.frexp(scalars)[0])
