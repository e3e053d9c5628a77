"""Losses, which JAX's users compose of jax.nn and jax.numpy."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special


def _reduced(terms: Any, reduction: str) -> Any:
    if reduction == "none":
        return terms
    return jnp.mean(terms) if reduction == "mean" else jnp.sum(terms)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, pos_weight: Any = None, *, reduction: str = "mean"
) -> Any:
    """jax.nn.log_sigmoid of the logit and of its negative."""
    positive = target * jax.nn.log_sigmoid(input)
    terms = -((positive if pos_weight is None else pos_weight * positive) + (1 - target) * jax.nn.log_sigmoid(-input))
    return _reduced(terms if weight is None else weight * terms, reduction)


def cosine_similarity(x1: Any, x2: Any, *, dim: int = 1, eps: float = 1e-8) -> Any:
    """Products over norms of jnp.linalg.vector_norm, none below eps; that limit is no part of torch's gradient."""
    pair = jnp.broadcast_arrays(x1, x2)
    norms = [jnp.linalg.vector_norm(x, axis=dim, keepdims=True) for x in pair]
    first, second = (n + jax.lax.stop_gradient(jnp.maximum(n, eps) - n) for n in norms)
    return jnp.sum((pair[0] / first) * (pair[1] / second), axis=dim)


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    *,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
    ignore_index: int = -100,
) -> Any:
    """jax.nn.log_softmax, weighed by the classes: jax.nn.one_hot of a class, or their probabilities."""
    axis = min(input.ndim - 1, 1)
    logp = jax.nn.log_softmax(input, axis=axis)
    classes = input.shape[axis]
    w = jnp.ones(classes, input.dtype) if weight is None else weight
    w = w.reshape(-1, *(1 for _ in input.shape[axis + 1 :]))
    if jnp.issubdtype(target.dtype, jnp.inexact):
        share = (1 - label_smoothing) * target + label_smoothing / classes
        terms = -jnp.sum(w * share * logp, axis=axis)
        if reduction == "mean":
            return jnp.sum(terms) / max(terms.size, 1)
        return _reduced(terms, reduction)
    hot = jax.nn.one_hot(target, classes, dtype=input.dtype, axis=axis)
    counts = jnp.expand_dims(target != ignore_index, axis)
    share = jnp.where(counts, (1 - label_smoothing) * hot + label_smoothing / classes, 0)
    terms = -jnp.sum(jnp.where(share == 0, 0, w * share * logp), axis=axis)
    if reduction == "mean":
        return jnp.sum(terms) / jnp.sum(jnp.where(counts, w * hot, 0))
    return _reduced(terms, reduction)


def nll_loss(input: Any, target: Any, weight: Any = None, *, reduction: str = "mean", ignore_index: int = -100) -> Any:
    """jnp.take_along_axis of the targets."""
    axis = min(input.ndim - 1, 1)
    counts = target != ignore_index
    at = jnp.where(counts, target, 0)
    w = jnp.where(counts, 1 if weight is None else weight[at], 0).astype(input.dtype)
    picked = jnp.squeeze(jnp.take_along_axis(input, jnp.expand_dims(at, axis), axis=axis), axis)
    terms = jnp.where(w == 0, 0, -w * picked)
    return jnp.sum(terms) / jnp.sum(w) if reduction == "mean" else _reduced(terms, reduction)


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Any:
    """Half of log v + (x - t)^2 / v; the limit of the variance has no gradient, as in torch."""
    v = jnp.where(var >= eps, var, var + jax.lax.stop_gradient(eps - var))
    if v.shape != input.shape and v.shape == input.shape[:-1]:
        v = v[..., None]
    terms = 0.5 * (jnp.log(v) + jnp.square(input - target) / v)
    return _reduced(terms + 0.5 * math.log(2 * math.pi) if full else terms, reduction)


def hinge_embedding_loss(input: Any, target: Any, *, margin: float = 1.0, reduction: str = "mean") -> Any:
    """Take the distance itself, or jax.nn.relu of what it lacks of the margin."""
    terms = jnp.where(target == 1, input, 0) + jnp.where(target == -1, jax.nn.relu(margin - input), 0)
    return _reduced(terms, reduction)


def huber_loss(input: Any, target: Any, weight: Any = None, *, reduction: str = "mean", delta: float = 1.0) -> Any:
    """Draw a parabola up to delta, then lines."""
    gap = jnp.abs(input - target)
    terms = jnp.where(gap < delta, 0.5 * jnp.square(gap), delta * (gap - 0.5 * delta))
    return _reduced(terms if weight is None else weight * terms, reduction)


def _weighed(terms: Any, weight: Any, reduction: str) -> Any:
    """Reduce weighed terms; their mean divides by the sum of the weights."""
    if weight is None:
        return _reduced(terms, reduction)
    wide = jnp.broadcast_to(weight, jnp.broadcast_shapes(terms.shape, weight.shape))
    return jnp.sum(wide * terms) / jnp.sum(wide) if reduction == "mean" else _reduced(wide * terms, reduction)


def kl_div(input: Any, target: Any, *, reduction: str = "mean", log_target: bool = False) -> Any:
    """jax.scipy.special.xlogy of the target less its product with the input."""
    if log_target:
        terms = jnp.exp(target) * (target - input)
    else:
        terms = jax.scipy.special.xlogy(target, target) - target * input
    if reduction == "batchmean":
        return jnp.sum(terms) / (input.shape[0] if input.ndim else 1)
    return _reduced(terms, reduction)


def l1_loss(input: Any, target: Any, weight: Any = None, *, reduction: str = "mean") -> Any:
    """jnp.abs of the difference."""
    return _weighed(jnp.abs(input - target), weight, reduction)


def margin_ranking_loss(input1: Any, input2: Any, target: Any, *, margin: float = 0.0, reduction: str = "mean") -> Any:
    """jax.nn.relu of what the difference lacks."""
    return _reduced(jax.nn.relu(-target * (input1 - input2) + margin), reduction)


def mse_loss(input: Any, target: Any, weight: Any = None, *, reduction: str = "mean") -> Any:
    """jnp.square of the difference."""
    return _weighed(jnp.square(input - target), weight, reduction)


def multilabel_soft_margin_loss(input: Any, target: Any, weight: Any = None, *, reduction: str = "mean") -> Any:
    """Take the mean over the labels of jax.nn.log_sigmoid."""
    terms = -(target * jax.nn.log_sigmoid(input) + (1 - target) * jax.nn.log_sigmoid(-input))
    return _reduced(jnp.mean(terms if weight is None else weight * terms, axis=-1), reduction)


def pairwise_distance(x1: Any, x2: Any, *, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    """jnp.linalg.vector_norm of the difference."""
    return jnp.linalg.vector_norm(x1 - x2 + eps, axis=-1, keepdims=keepdim, ord=p)


def poisson_nll_loss(
    input: Any,
    target: Any,
    *,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Any:
    """exp(x) - t x, or x - t log x; with Stirling's approximation for targets above 1."""
    terms = jnp.exp(input) - target * input if log_input else input - target * jnp.log(input + eps)
    if full:
        stirling = target * jnp.log(target) - target + 0.5 * jnp.log(2 * math.pi * target)
        terms = terms + jnp.where(target > 1, stirling, 0)
    return _reduced(terms, reduction)


def smooth_l1_loss(input: Any, target: Any, *, reduction: str = "mean", beta: float = 1.0) -> Any:
    """Draw a parabola up to beta, then lines."""
    gap = jnp.abs(input - target)
    terms = jnp.where(gap < beta, 0.5 * jnp.square(gap) / beta, gap - 0.5 * beta) if beta else gap
    return _reduced(terms, reduction)


def soft_margin_loss(input: Any, target: Any, *, reduction: str = "mean") -> Any:
    """jax.nn.softplus."""
    return _reduced(jax.nn.softplus(-target * input), reduction)


LOSSES = {
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
    "cosine_similarity": cosine_similarity,
    "cross_entropy": cross_entropy,
    "gaussian_nll_loss": gaussian_nll_loss,
    "hinge_embedding_loss": hinge_embedding_loss,
    "huber_loss": huber_loss,
    "kl_div": kl_div,
    "l1_loss": l1_loss,
    "margin_ranking_loss": margin_ranking_loss,
    "mse_loss": mse_loss,
    "multilabel_soft_margin_loss": multilabel_soft_margin_loss,
    "nll_loss": nll_loss,
    "pairwise_distance": pairwise_distance,
    "poisson_nll_loss": poisson_nll_loss,
    "smooth_l1_loss": smooth_l1_loss,
    "soft_margin_loss": soft_margin_loss,
}
