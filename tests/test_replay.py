"""Replay of what a verdict needs more than one module for."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import harness.implementations.numpy as right
from harness.casefile import read_case_file
from harness.goldens import open_goldens
from harness.locations import default_cases, default_goldens
from harness.model import Array, Result, Verdict
from harness.namespace import Namespace
from harness.replay import replay_file
from harness.session import make_judge


class Turned(right.Svd):
    """Singular vectors, every second one with the other sign."""

    def forward(self, *args: Array, **kwargs: Array) -> tuple[Array, Array, Array]:
        u, s, vh = super().forward(*args, **kwargs)
        signs = np.where(np.arange(s.shape[-1]) % 2 == 0, -1, 1).astype(u.dtype)
        u[..., : s.shape[-1]] *= signs
        vh[..., : s.shape[-1], :] *= signs[:, np.newaxis]
        return u, s, vh


class TurnedAlone(Turned):
    """Left singular vectors turned without their right ones."""

    def forward(self, *args: Array, **kwargs: Array) -> tuple[Array, Array, Array]:
        u, s, vh = right.Svd.forward(self, *args, **kwargs)
        return -u, s, vh


def results(operator: type) -> list[Result]:
    file, goldens = default_cases() / "linalg" / "svd.yaml", open_goldens(default_goldens())
    judge = make_judge(Namespace(SimpleNamespace(svd=operator), name="mine"))
    cases = read_case_file(file, default_cases())
    return list(replay_file(judge, file, cases, root=default_cases(), goldens=goldens))


@pytest.mark.parametrize("operator", [right.Svd, Turned])
def test_singular_vectors_may_turn_and_transcripts_agree(operator: type) -> None:
    assert {result.verdict for result in results(operator)} == {Verdict.PASS}
    assert {result.note for result in results(operator)} == {""}


def test_a_vector_that_turns_alone_fails() -> None:
    assert Verdict.FAIL in {result.verdict for result in results(TurnedAlone)}
