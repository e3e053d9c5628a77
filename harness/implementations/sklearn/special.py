"""Functions of scipy.special, scipy.integrate and scipy.stats."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import integrate, special, stats

from harness.errors import Unsupported


def _axis(dim: Any) -> Any:
    return tuple(dim) if isinstance(dim, list) else dim


def reduced(losses: Any, reduction: str) -> Any:
    """Return losses as they are, their mean or their sum."""
    return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()


def softmax(input: Any, dim: int) -> Any:
    """scipy.special.softmax."""
    return special.softmax(input, axis=dim)


def softmin(input: Any, dim: int) -> Any:
    """scipy.special.softmax of the negated input."""
    return special.softmax(-input, axis=dim)


def log_softmax(input: Any, dim: int) -> Any:
    """scipy.special.log_softmax."""
    return special.log_softmax(input, axis=dim)


def logsumexp(input: Any, dim: Any, keepdim: bool = False) -> Any:
    """scipy.special.logsumexp."""
    return special.logsumexp(input, axis=_axis(dim), keepdims=keepdim)


def mvlgamma(input: Any, p: int) -> Any:
    """scipy.special.multigammaln."""
    return special.multigammaln(input, p)


def polygamma(input: Any, n: int) -> Any:
    """scipy.special.polygamma."""
    return special.polygamma(n, input)


def softplus(input: Any) -> Any:
    """scipy.special.softplus."""
    return special.softplus(input)


def round_(input: Any) -> Any:
    """scipy.special.round, to whole numbers."""
    return special.round(input)


def huber_loss(input: Any, target: Any, weight: Any = None, reduction: str = "mean", delta: float = 1.0) -> Any:
    """scipy.special.huber of the residual."""
    if weight is not None:
        raise Unsupported("scipy.special.huber has no weights")
    return reduced(special.huber(delta, input - target), reduction)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """scipy.special.huber of the residual, over beta."""
    if beta == 0:
        raise Unsupported("scipy.special.huber of delta 0 is 0")
    return reduced(special.huber(beta, input - target) / beta, reduction)


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """scipy.special.rel_entr, of the probabilities behind the logarithms."""
    if reduction == "batchmean":
        raise Unsupported("SciPy has no mean over the batch alone")
    return reduced(special.rel_entr(np.exp(target) if log_target else target, np.exp(input)), reduction)


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, dim: int = -1) -> Any:
    """scipy.integrate.trapezoid."""
    return integrate.trapezoid(y, x, dx, dim)


def cumulative_trapezoid(y: Any, x: Any = None, dx: float = 1.0, dim: int = -1) -> Any:
    """scipy.integrate.cumulative_trapezoid."""
    return integrate.cumulative_trapezoid(y, x, dx, dim)


# -- scipy.stats


def _one_axis(dim: Any, keepdim: bool) -> Any:
    if isinstance(dim, list) or keepdim:
        raise Unsupported("scipy.stats takes one axis here, and does not keep it")
    return dim


def mean(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """scipy.stats.tmean without limits."""
    return stats.tmean(input, axis=_one_axis(dim, keepdim))


def var(input: Any, dim: Any = None, correction: float = 1, keepdim: bool = False) -> Any:
    """scipy.stats.tvar without limits."""
    return stats.tvar(input, axis=_one_axis(dim, keepdim), ddof=correction)


def std(input: Any, dim: Any = None, correction: float = 1, keepdim: bool = False) -> Any:
    """scipy.stats.tstd without limits."""
    return stats.tstd(input, axis=_one_axis(dim, keepdim), ddof=correction)


def _quantile(policy: str) -> Any:
    def operator(
        input: Any, q: Any, dim: int | None = None, keepdim: bool = False, interpolation: str = "linear"
    ) -> Any:
        if interpolation != "linear" or (np.ndim(q) and np.ndim(input) > 1):
            raise Unsupported("scipy.stats.quantile interpolates linearly, and pairs quantiles with rows")
        return stats.quantile(input, q, axis=dim, keepdims=keepdim or bool(np.ndim(q)), nan_policy=policy)

    return operator


SPECIAL = {
    "cumulative_trapezoid": cumulative_trapezoid,
    "exp2": special.exp2,
    "expm1": special.expm1,
    "huber_loss": huber_loss,
    "kl_div": kl_div,
    "log1p": special.log1p,
    "log_softmax": log_softmax,
    "logit": special.logit,
    "logsumexp": logsumexp,
    "mean": mean,
    "mvlgamma": mvlgamma,
    "nanquantile": _quantile("omit"),
    "polygamma": polygamma,
    "quantile": _quantile("propagate"),
    "round": round_,
    "sinc": special.sinc,
    "smooth_l1_loss": smooth_l1_loss,
    "softmax": softmax,
    "softmin": softmin,
    "softplus": softplus,
    "std": std,
    "trapezoid": trapezoid,
    "var": var,
}
