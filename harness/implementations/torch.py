"""torch itself as an Implementation: recording is running it and keeping what it said."""

from __future__ import annotations

from typing import Any

from harness.model import Call, NoiseMode, Outputs, Stage
from harness.reference.answering import TORCH
from harness.reference.rounding import Rounding


class TorchImplementation:
    """Answers a call with the torch function that its case names, and backward with autograd."""

    name = TORCH.name

    @property
    def version(self) -> str:
        """Torch's version without its build, such as 2.13.0."""
        return TORCH.version

    def provenance(self) -> dict[str, Any]:
        """Return what of this build and processor decides the bits."""
        return TORCH.provenance()

    def rounded(self, call: Call, *, unit: float, seed: int) -> Outputs:
        """Answer a call in float64, as `run` does, with a rounding of that unit after every operation, at random."""
        with Rounding(unit, seed):
            return self.run(call)

    def run(self, call: Call) -> Outputs:
        """Answer a call as `harness.reference.answering.Torch.run` does, and raise as it does."""
        answer = TORCH.run(call)
        stages = {Stage(stage): arrays for stage, arrays in answer.stages.items()}
        return Outputs(stages=stages, noise_mode=NoiseMode(answer.noise_mode), noise=answer.noise)
