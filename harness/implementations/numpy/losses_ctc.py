"""Connectionist temporal classification in NumPy: the likelihood of labels under every alignment to the frames."""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.losses_shared import Loss
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = ["CtcLoss"]


class CtcLoss(Loss):
    """The negative log-likelihood of a label sequence over all of its alignments. torch.nn.functional.ctc_loss.

    With l' the labels and a blank before, between and behind them, S = 2 L + 1 of them, p the log_probs of a sample:

        alpha[t, s] = p[t, l'[s]] + logaddexp(alpha[t-1, s], alpha[t-1, s-1], alpha[t-1, s-2])
        beta[t, s]  = p[t, l'[s]] + logaddexp(beta[t+1, s], beta[t+1, s+1], beta[t+1, s+2])

    The step over two is taken only between different labels, not from or to a blank. The log-likelihood is
    logaddexp(alpha[T-1, S-1], alpha[T-1, S-2]) =: -term, and

        dp[t, c] = (exp(p[t, c]) - exp(term - p[t, c] + logsumexp over l'[s] = c of (alpha + beta)[t, s])) dterm

    which is the gradient of the logits under a log_softmax, as torch has it: that of p alone is without exp(p[t, c]).
    It is 0 behind the last frame. The mean divides each term by its number of labels (at least 1), then averages them.
    zero_infinity makes infinite terms, of labels that do not fit into the frames, and their gradients 0.

    log_probs: (T, N, C) or (T, C), targets: (N, S), or those of all samples in one row, input_lengths and
    target_lengths: (N), or scalars. Graves et al., ICML 2006, equations 6 to 16.
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        """Take the class of the blank, the reduction, and whether an infinite term counts as 0."""
        super().__init__(reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    @nan_is_meant
    def forward(self, log_probs: Array, targets: Array, input_lengths: Array, target_lengths: Array) -> Array:
        """Return the loss; the gradient of each term is kept for `backward`."""
        self.like, p = log_probs, widen(log_probs)
        self.single = p.ndim == 2  # noqa: PLR2004 - one sample without a batch
        p = p[:, np.newaxis] if self.single else p
        frames, labels = np.atleast_1d(input_lengths), np.atleast_1d(target_lengths)
        rows = _rows(targets.reshape(1, -1) if self.single else targets, labels)
        terms, self.dp = np.zeros(p.shape[1], dtype=p.dtype), np.zeros_like(p)
        for n, row in enumerate(rows):
            time = int(frames[n])
            terms[n], self.dp[:time, n] = self._sample(p[:time, n], row)
        self.count = np.maximum(labels, 1) if self.reduction == "mean" else np.ones_like(labels)
        terms = terms / self.count.astype(p.dtype)
        return self.reduce(terms[0] if self.single else terms, like=log_probs)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of log_probs."""
        dterms = np.atleast_1d(self.spread(grad_output)) / self.count.astype(self.dp.dtype)
        dp = np.where(self.dp == 0, 0, self.dp * dterms[:, np.newaxis])
        return narrow(dp.reshape(self.like.shape), like=self.like)

    def _sample(self, p: Array, labels: Array) -> tuple[Array, Array]:
        """Return the term of one sample, and its gradient."""
        path = np.full(2 * len(labels) + 1, self.blank)
        path[1::2] = labels
        alpha = _forward(p, path)
        beta = _forward(p[::-1], path[::-1])[::-1, ::-1]
        term = -np.logaddexp.reduce(alpha[-1, -2:])
        if np.isinf(term) and self.zero_infinity:
            return np.zeros_like(term), np.zeros_like(p)
        through = np.full(p.shape, -np.inf, dtype=p.dtype)
        for s, label in enumerate(path):
            through[:, label] = np.logaddexp(through[:, label], alpha[:, s] + beta[:, s])
        return term, np.exp(p) - np.exp(term - p + through)


def _rows(targets: Array, lengths: Array) -> list[Array]:
    """Return the labels of each sample."""
    if targets.ndim == 1 or (len(targets) == 1 and len(lengths) == 1):
        return [
            row[:length] for row, length in zip(np.split(targets.ravel(), np.cumsum(lengths)), lengths, strict=False)
        ]
    return [row[:length] for row, length in zip(targets, lengths, strict=True)]


def _forward(p: Array, path: Array) -> Array:
    """Return alpha: the log-likelihood of the first frames, by the place in `path` where they end."""
    alpha = np.full((len(p), len(path)), -np.inf, dtype=p.dtype)
    alpha[0, :2] = p[0, path[:2]]
    skips = np.zeros(len(path), dtype=bool)  # where a step over two may end: labels that differ from the one before
    skips[2:] = path[2:] != path[:-2]
    for t in range(1, len(p)):
        stay = alpha[t - 1]
        one, two = np.full_like(stay, -np.inf), np.full_like(stay, -np.inf)
        one[1:], two[2:] = stay[:-1], stay[:-2]
        alpha[t] = p[t, path] + np.logaddexp(np.logaddexp(stay, one), np.where(skips, two, -np.inf))
    return alpha
