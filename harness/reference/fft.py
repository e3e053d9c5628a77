"""References in torch of the fft family: what torch answers as a lazy conjugate is worked out."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def ihfft(input: Tensor, **params: Any) -> Tensor:
    """Run torch.fft.ihfft, whose answer is a conjugate that waits to be taken."""
    return torch.fft.ihfft(input, **params).resolve_conj()
