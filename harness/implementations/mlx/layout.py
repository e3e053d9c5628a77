"""torch's channels stand after the batch, MLX's last; torch also takes one sample without a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import mlx.core as mx

Size: TypeAlias = "int | Sequence[int]"


def each(value: Size, rank: int) -> tuple[int, ...]:
    """Return one number for each spatial dimension."""
    return (value,) * rank if isinstance(value, int) else tuple(value) * (rank // len(value))


def channels_last(rank: int, input: Any, work: Callable[[Any], Any]) -> Any:
    """Return what `work` makes of a batch whose channels are last, in torch's layout."""
    batch = input if input.ndim == rank + 2 else mx.expand_dims(input, 0)
    answer = mx.moveaxis(work(mx.moveaxis(batch, 1, -1)), -1, 1)
    return answer if input.ndim == rank + 2 else mx.squeeze(answer, 0)
