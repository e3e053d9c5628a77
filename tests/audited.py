"""Operators, case files and goldens of which the audit is to find something: no torch needed."""

from __future__ import annotations

from pathlib import Path

from harness.accept import accept
from harness.audit import audit
from harness.cli import harness as command
from harness.implementation import load_implementation
from harness.model import Call, Outputs
from harness.record import Recorder
from harness.session import Session
from harness.weakness import OperatorAudit

#: the right implementation: training clips what it blends, evaluation does not, and `kind` is null, 'half' or 'same'
OPS = """
import numpy as np


class Blend:
    def __init__(self, weight=0.5, limit=100.0, kind=None):
        if not 0 <= weight <= 1 or kind not in (None, "half", "same"):
            raise ValueError("not legal")
        self.weight, self.limit, self.scale = weight, limit, 0.5 if kind == "half" else 1.0

    def eval(self, input, other):
        return (self.scale * (input * (1 - self.weight) + other * self.weight)).astype(input.dtype)

    def forward(self, input, other):
        output = self.eval(input, other)
        self.kept = output < self.limit
        return np.minimum(output, self.limit).astype(input.dtype)

    def backward(self, grad_output):
        inner = self.scale * grad_output * self.kept
        return (inner * (1 - self.weight)).astype(inner.dtype), (inner * self.weight).astype(inner.dtype)


class Split:
    def forward(self, input):
        signs = np.sign(input.sum(axis=0, keepdims=True)).astype(input.dtype)
        return input * signs, signs


class Pick:
    def __init__(self, axis=-1):
        self.axis = axis

    def forward(self, input, index):
        return np.take_along_axis(input, index, axis=self.axis)


class Again:
    def __init__(self, times):
        self.times = times

    def forward(self, input):
        self.size = input.size
        return np.concatenate([input] * self.times)

    def backward(self, grad_output):
        return grad_output.reshape(self.times, self.size).sum(axis=0)


class Mask:
    def __init__(self, p=0.5):
        self.scale = 1 / (1 - p)

    def forward(self, input, mask=None, seed=0):
        self.mask = np.random.RandomState(seed).random_sample(input.shape) < 0.5 if mask is None else mask
        return (input * self.mask * self.scale).astype(input.dtype)

    def backward(self, grad_output):
        return (grad_output * self.mask * self.scale).astype(grad_output.dtype)
"""
HEAD = """\
summary: A blend of two arrays, for the tests of the audit.
reference: harness.reference.tests.blend
stages: [forward, backward, eval]
"""
RANDN = "{randn: [3, 4]}"
AGAIN = """\
summary: Repeats an array, for the tests of the audit.
reference: harness.reference.tests.again
stages: [forward, backward]
cases:
  - {name: twice, params: {times: 2}, inputs: {input: {randn: [3]}}, grad_outputs: {output: {randn: [6]}}}
"""


def case(name: str = "case", params: str = "{weight: 0.3, limit: 0.5}", **draws: str) -> str:
    """Return a case of `blend`: one that catches everything, but for what is given."""
    given = {"input": RANDN, "other": RANDN, "output": RANDN, **draws}
    inputs = f"{{input: {given['input']}, other: {given['other']}}}"
    return (
        f"  - name: {name}\n    params: {params}\n    inputs: {inputs}\n"
        f"    grad_outputs: {{output: {given['output']}}}\n"
    )


def blend(*cases: str, head: str = HEAD) -> str:
    return f"{head}cases:\n{''.join(cases)}"


class Reference:
    """The right implementation in the place of torch."""

    name = "torch"
    version = "2.13.0"

    def __init__(self, path: Path) -> None:
        self.inner = load_implementation(str(path))

    def run(self, call: Call) -> Outputs:
        return self.inner.run(call)


class Folders:
    """Case files, goldens recorded from the right implementation, and sessions over them."""

    def __init__(self, root: Path) -> None:
        self.ops = root / "audited_ops.py"
        self.ops.write_text(OPS)
        self.cases, self.golden = root / "cases", root / "golden"

    def record(self, **texts: str) -> None:
        for operator, text in texts.items():
            path = self.cases / "f" / f"{operator}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        recorder = Recorder(Reference(self.ops), cases=self.cases, goldens=self.golden)
        list(recorder.record((), keep=True))
        assert not recorder.found.errors, recorder.found.errors
        accept(self.golden, recorder.version, (), cases_root=self.cases)

    def audits(self, *patterns: str) -> list[OperatorAudit]:
        session = Session(
            implementation=str(self.ops), cases=self.cases, goldens=self.golden, version="torch-2.13.0",
            patterns=patterns,
        )  # fmt: skip
        return list(audit(session, session.files()))

    def audit(self, *patterns: str) -> OperatorAudit:
        (operator,) = self.audits(*patterns)
        return operator

    def run(self, *arguments: str, implementation: str = "") -> int:
        places = ["--cases-dir", str(self.cases), "--golden-dir", str(self.golden)]
        code = command.main(
            ["audit", "-i", implementation or str(self.ops), *arguments, *places], standalone_mode=False
        )
        return int(code)
