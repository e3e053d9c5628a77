"""Metrics, distances, scalers and encoders of scikit-learn; distances of scipy.spatial."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special
from scipy.spatial import distance
from sklearn import covariance, linear_model, metrics, preprocessing
from sklearn.metrics import pairwise

from harness.errors import Unsupported

_PAIRED = {1.0: pairwise.paired_manhattan_distances, 2.0: pairwise.paired_euclidean_distances}
_NORMS = {1.0: "l1", 2.0: "l2", math.inf: "max"}


def _rows(*arrays: Any) -> None:
    if any(np.ndim(array) != 2 for array in arrays):  # noqa: PLR2004
        raise Unsupported("scikit-learn takes samples in rows")


def _metric(metric: Any) -> Any:
    def operator(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
        if weight is not None:
            raise Unsupported("scikit-learn weights samples, not elements")
        if reduction != "mean" or not 1 <= np.ndim(input) <= 2 or np.shape(input) != np.shape(target):  # noqa: PLR2004
            raise Unsupported("scikit-learn takes means of samples in rows")
        return metric(target, input)

    return operator


def cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """sklearn.metrics.log_loss of scipy.special.softmax."""
    _rows(input)
    if np.ndim(target) != 1 or reduction == "none":
        raise Unsupported("log_loss takes one class a sample, and their mean or sum")
    if np.any(target < 0):
        raise Unsupported("log_loss ignores no class")
    return metrics.log_loss(
        target,
        special.softmax(input, axis=1),
        labels=range(input.shape[1]),
        sample_weight=None if weight is None else weight[target],
        normalize=reduction == "mean",
    )


def cosine_similarity(x1: Any, x2: Any, dim: int = 1) -> Any:
    """sklearn.metrics.pairwise.paired_cosine_distances."""
    _rows(x1, x2)
    if dim not in (1, -1) or x1.shape != x2.shape:
        raise Unsupported("scikit-learn pairs rows")
    return 1 - pairwise.paired_cosine_distances(x1, x2)


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    """sklearn.metrics.pairwise.paired_euclidean_distances or paired_manhattan_distances."""
    _rows(x1, x2)
    if eps or keepdim or p not in _PAIRED or x1.shape != x2.shape:
        raise Unsupported("scikit-learn pairs rows, by the Euclidean or Manhattan distance")
    return _PAIRED[p](x1, x2)


def _named(p: float) -> dict[str, Any]:
    if p == 0:
        raise Unsupported("SciPy's Hamming distance is a share, not a count")
    if math.isinf(p):
        return {"metric": "chebyshev"}
    return {"metric": "minkowski", "p": p}


def cdist(x1: Any, x2: Any, p: float = 2.0, compute_mode: str = "") -> Any:
    """sklearn.metrics.pairwise.euclidean_distances; scipy.spatial.distance.cdist for other orders."""
    del compute_mode
    _rows(x1, x2)
    if p == 2:  # noqa: PLR2004
        return pairwise.euclidean_distances(x1, x2)
    return distance.cdist(x1, x2, **_named(p))


def pdist(input: Any, p: float = 2.0) -> Any:
    """scipy.spatial.distance.pdist."""
    return distance.pdist(input, **_named(p))


def normalize(input: Any, p: float = 2.0, dim: Any = 1) -> Any:
    """sklearn.preprocessing.normalize."""
    _rows(input)
    if p not in _NORMS or isinstance(dim, list):
        raise Unsupported("scikit-learn normalizes by the norms 1, 2 and the largest element")
    return preprocessing.normalize(input, norm=_NORMS[p], axis=dim % 2)


def one_hot(input: Any, num_classes: int = -1) -> Any:
    """sklearn.preprocessing.OneHotEncoder."""
    if np.ndim(input) != 1 or num_classes < 0:
        raise Unsupported("OneHotEncoder takes a column and its categories")
    encoder = preprocessing.OneHotEncoder(categories=[np.arange(num_classes)], sparse_output=False, dtype=np.int64)
    return encoder.fit_transform(input[:, None])


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """sklearn.linear_model.LinearRegression with given coefficients."""
    _rows(input)
    model = linear_model.LinearRegression(fit_intercept=bias is not None)
    model.coef_, model.intercept_ = weight, 0.0 if bias is None else bias
    return model.predict(input)


def cov(input: Any, fweights: Any = None, aweights: Any = None, correction: int = 1) -> Any:
    """sklearn.covariance.empirical_covariance, of samples in columns."""
    _rows(input)
    if correction or fweights is not None or aweights is not None:
        raise Unsupported("scikit-learn divides by n, and weights no samples")
    return covariance.empirical_covariance(input.T)


METRICS = {
    "cdist": cdist,
    "cosine_similarity": cosine_similarity,
    "cov": cov,
    "cross_entropy": cross_entropy,
    "l1_loss": _metric(metrics.mean_absolute_error),
    "linear": linear,
    "mse_loss": _metric(metrics.mean_squared_error),
    "normalize": normalize,
    "one_hot": one_hot,
    "pairwise_distance": pairwise_distance,
    "pdist": pdist,
}
