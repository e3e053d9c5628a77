"""A module or object whose attributes are named after operators, as an Implementation (see `worker.Operators`)."""

from __future__ import annotations

from harness import worker
from harness.errors import Unsupported, message_of
from harness.model import Call, NoiseMode, Outputs

_MODES = {mode.value: mode for mode in NoiseMode}


class Namespace:
    """The implementation that a plain Python namespace is."""

    def __init__(self, namespace: object, *, name: str) -> None:
        """Take operators from the attributes of `namespace`."""
        self._operators = worker.Operators(namespace, name)
        self.name = name
        self.version = self._operators.version

    def run(self, call: Call) -> Outputs:
        """Answer a call. Raises `Unsupported` when the namespace lacks the operator or a param."""
        try:
            found = self._operators.run(call)
        except worker.Unsupported as refusal:
            raise Unsupported(message_of(refusal)) from refusal
        return Outputs(
            stages=found.stages,
            unsupported=found.unsupported,
            noise_mode=_MODES[found.noise_mode],
            noise=found.noise,
        )

    def takes_seed(self, operator: str) -> bool:
        """Tell whether an operator can be told the seed of the noise that it draws."""
        try:
            return self._operators.takes_seed(operator)
        except worker.Unsupported as refusal:
            raise Unsupported(message_of(refusal)) from refusal
