"""References in torch of the linalg family: answers that are determined up to a sign are given a definite one."""

from __future__ import annotations

import torch
from torch import Tensor


def lstsq(A: Tensor, B: Tensor, driver: str = "gelsd") -> Tensor:  # noqa: N803 - torch's own names, here and below
    """Return the solution alone; torch's default driver, gelsy, is not deterministic."""
    solution: Tensor = torch.linalg.lstsq(A, B, driver=driver).solution
    return solution


def _signs(vectors: Tensor, dim: int) -> Tensor:
    """Return the sign, along `dim`, of each vector's largest component; 1 for a vector of zeros."""
    if vectors.shape[dim] == 0:
        return torch.ones_like(vectors.sum(dim, keepdim=True))
    largest = vectors.gather(dim, vectors.abs().argmax(dim, keepdim=True))
    return torch.where(largest < 0, -1.0, 1.0).to(vectors.dtype)


def svd(A: Tensor, full_matrices: bool = True) -> dict[str, Tensor]:  # noqa: N803
    """Run torch.linalg.svd; the largest component of each column of U is positive, and Vh turns along with it."""
    u, s, vh = torch.linalg.svd(A, full_matrices=full_matrices)
    signs, k = _signs(u.detach(), -2), s.shape[-1]
    turned = torch.cat([vh[..., :k, :] * signs[..., :k].mT, vh[..., k:, :]], dim=-2)
    return {"U": u * signs, "S": s, "Vh": turned}


def eigh(input: Tensor, UPLO: str = "L") -> dict[str, Tensor]:  # noqa: N803
    """Run torch.linalg.eigh; the largest component of each eigenvector is positive."""
    values, vectors = torch.linalg.eigh(input, UPLO=UPLO)
    return {"eigenvalues": values, "eigenvectors": vectors * _signs(vectors.detach(), -2)}


def qr(A: Tensor, mode: str = "reduced") -> dict[str, Tensor]:  # noqa: N803
    """Run torch.linalg.qr; the largest component of each column of Q is positive, and the row of R turns along.

    With mode "r" the largest component of each row of R is positive.
    """
    q, r = torch.linalg.qr(A, mode=mode)
    if mode == "r":
        return {"R": r * _signs(r.detach(), -1)}
    signs = _signs(q.detach(), -2)
    return {"Q": q * signs, "R": r * signs.mT}
