"""Case + Golden + Implementation -> Result: the verdict on each case. Never writes a golden."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from harness.answer import NoAnswer, ask, lacks_seed
from harness.casefile import select_cases
from harness.compare import compare_stage, turned
from harness.errors import GoldenError, HarnessError, Unsupported, UsageError, message_of
from harness.goldens import Goldens, OperatorGoldens
from harness.inputs import Drawer
from harness.model import (
    Array,
    Arrays,
    Call,
    Case,
    Difference,
    Expected,
    Golden,
    Implementation,
    NoiseMode,
    Outputs,
    Result,
    Stage,
    Verdict,
)  # fmt: skip
from harness.noise import NotTheLaw, Trial, broken_laws, drawn_noise, expected_under
from harness.selection import operator_path
from harness.transcript import compare_text, standard_layout

_SEEDED = "seed_repeats"


def make_call(case: Case, inputs: Arrays, grad_outputs: Arrays, noise: Arrays) -> Call:
    """Return the call that a case makes."""
    return Call(
        operator=case.operator,
        reference=case.reference,
        dtype=case.dtype,
        params=case.params,
        inputs=inputs,
        noise=noise,
        noise_names=tuple(case.noise),
        noise_seed=case.noise_seed,
        grad_outputs=grad_outputs,
        stages=case.stages,
        outputs=case.outputs,
        form=case.form,
    )


@dataclass(frozen=True, kw_only=True)
class Judge:
    """Judges one implementation, case by case, against the goldens of one version."""

    implementation: Implementation
    law: Implementation  #: gives what a random operator must answer under another noise
    drawer: Drawer

    def judge(self, case: Case, goldens: OperatorGoldens, absent: str = "") -> Result:
        """Return the verdict on one case; `absent` says why that version cannot do it, where it cannot."""
        version = goldens.version
        status = goldens.status(case.name, case.digest)
        if status == "missing":
            return _result(case, Verdict.MISSING, f"no golden of {version}; `harness record {case.id}` makes it")
        if status == "absent":
            return _result(case, Verdict.UNSUPPORTED, f"absent from {version}: {absent}")
        if status == "stale":
            return _result(case, Verdict.STALE, goldens.why_stale(case.name, case.digest))
        inputs, grad_outputs = self.drawer.draw(case)
        other = goldens.other_than_recorded(case.name, {"inputs": inputs, "grad_outputs": grad_outputs})
        if other:
            return _result(case, Verdict.STALE, f"the golden was recorded for other {other}; record it anew")
        try:
            golden = goldens.golden(case.name)
        except GoldenError as error:
            return _result(case, Verdict.MISSING, str(error))
        call = make_call(case, inputs, grad_outputs, noise={} if case.laws else golden.noise)
        return self._run(case, call, golden, goldens)

    def _run(self, case: Case, call: Call, golden: Golden, goldens: OperatorGoldens) -> Result:
        before = _bytes_given(call)
        start = time.perf_counter()
        try:
            outputs = ask(self.implementation, call)
        except Unsupported as refusal:
            return _result(case, Verdict.UNSUPPORTED, message_of(refusal))
        except NoAnswer as fault:
            return _result(case, fault.verdict, str(fault))
        seconds = time.perf_counter() - start
        written = _written(call, before)
        if written:
            return _result(case, Verdict.ERROR, f"it wrote into its {written}")
        if not outputs.stages:
            reason = "; ".join(outputs.unsupported.values()) or "it answered no stage"
            return _result(case, Verdict.UNSUPPORTED, reason)
        try:
            differs = goldens.version if goldens.differs(case.name) else ""
            return self._compare(case, call, golden, outputs, seconds=seconds, differs=differs)
        except Unsupported as refusal:
            return _result(case, Verdict.UNSUPPORTED, str(refusal))
        except NoAnswer as fault:
            return _result(case, fault.verdict, str(fault), noise_mode=outputs.noise_mode)
        except NotTheLaw as finding:
            return _result(case, Verdict.FAIL, str(finding), noise_mode=outputs.noise_mode)

    def _compare(
        self, case: Case, call: Call, golden: Golden, outputs: Outputs, *, seconds: float, differs: str
    ) -> Result:
        expected = golden.expected
        noise: Mapping[str, Array] = golden.noise
        own_noise = outputs.noise_mode in (NoiseMode.READ_BACK, NoiseMode.DERIVED)
        read = partial(_read_noise, golden=golden, law=self.law)
        if own_noise:
            noise = read(call, outputs)
            expected = expected_under(call, noise, self.law.run)
        differences = compare_outputs(case, outputs, expected)
        problems: list[str] = []
        notes: list[str] = []
        if case.laws and not own_noise:
            raise Unsupported("it draws no noise of its own")
        if case.laws and all(difference.ok for difference in differences):
            run = partial(ask, self.implementation)
            trial = Trial(run=run, call=call, outputs=outputs, noise=noise, read_noise=read)
            try:
                names, note = _checkable(case.laws, call, self.implementation)
                notes += note
                broken, refused = broken_laws(names, trial)
                problems += broken
                notes += refused
            except NoAnswer as fault:
                if fault.verdict is not Verdict.ERROR:
                    raise
                problems.append(f"laws: {fault}")
        if case.transcript is not None and case.transcript.expect and not _of_another_form(differences):
            unchecked = _unchecked(outputs, differs=differs, own_noise=own_noise)
            problem, note_text = ("", unchecked) if unchecked else check_transcript(case, call, outputs, golden)
            problems += [f"transcript: {problem}"] if problem else []
            notes += [note_text] if note_text else []
        failed = bool(problems) or not all(difference.ok for difference in differences)
        return _result(
            case,
            Verdict.FAIL if failed else Verdict.PASS,
            "\n".join(problems),
            differences=tuple(differences),
            unsupported=dict(outputs.unsupported),
            noise_mode=outputs.noise_mode,
            note="\n".join(notes),
            seconds=seconds,
        )


def _of_another_form(differences: Iterable[Difference]) -> bool:
    """Tell whether an output differs in more than values: a transcript could say so only worse."""
    return any(difference.level in ("names", "shape", "dtype") for difference in differences)


def _unchecked(outputs: Outputs, *, differs: str, own_noise: bool) -> str:
    """Return why a transcript cannot be checked, '' when it can: it holds the reference version's numbers."""
    if outputs.unsupported:
        return f"transcript not checked: {', '.join(outputs.unsupported)} is not offered"
    if own_noise:
        return "transcript not checked: it is of other noise"
    return f"transcript not checked: {differs} answers otherwise than the reference" if differs else ""


def _bytes_given(call: Call) -> list[bytes]:
    return [array.tobytes() for part in (call.inputs, call.grad_outputs, call.noise) for array in part.values()]


def _written(call: Call, before: Sequence[bytes]) -> str:
    """Return the name of the first array of a call that is no longer what it was, '' when all are."""
    parts = (("inputs", call.inputs), ("grad_outputs", call.grad_outputs), ("noise", call.noise))
    names = [f"{part}/{name}" for part, arrays in parts for name in arrays]
    after = _bytes_given(call)
    return next((name for name, old, new in zip(names, before, after, strict=True) if old != new), "")


def _result(case: Case, verdict: Verdict, message: str = "", **fields: Any) -> Result:
    return Result(id=case.id, where=case.where, verdict=verdict, message=message, **fields)


def _read_noise(call: Call, outputs: Outputs, *, golden: Golden, law: Implementation) -> dict[str, Array]:
    return drawn_noise(call, outputs, golden.noise, law.run)


def _checkable(laws: Sequence[str], call: Call, implementation: Implementation) -> tuple[list[str], list[str]]:
    """Return the laws to check, and a note on the one that an implementation without a seed cannot keep."""
    if _SEEDED in laws and lacks_seed(implementation, call.operator):
        return [law for law in laws if law != _SEEDED], [f"law {_SEEDED} not checked: it takes no 'seed'"]
    return list(laws), []


def compare_outputs(case: Case, outputs: Outputs, expected: Mapping[Stage, Mapping[str, Expected]]) -> list[Difference]:
    """Return the differences of every stage that the implementation offers."""
    return [
        difference
        for stage in case.stages
        if stage not in outputs.unsupported
        for difference in compare_stage(
            stage,
            outputs.stages.get(stage, {}),
            expected[stage],
            tolerance=case.tolerance,
            signed_zero=case.signed_zero,
            up_to_sign=case.up_to_sign,
        )
    ]


def printable(call: Call, stages: Mapping[Stage, Arrays], noise: Arrays, golden: Golden | None) -> dict[str, Array]:
    """Return the arrays that a transcript can name."""
    parts: dict[str, Arrays] = {"inputs": call.inputs, "grad_outputs": call.grad_outputs, "noise": noise}
    parts |= {str(stage): _in_order(call, arrays) for stage, arrays in stages.items()}
    if golden is not None:
        for stage, arrays in golden.expected.items():
            parts[f"golden/{stage}"] = {name: expected.golden for name, expected in arrays.items()}
    return {f"{part}/{name}": array for part, arrays in parts.items() for name, array in arrays.items()}


def _in_order(call: Call, arrays: Arrays) -> Arrays:
    """Return the arrays of a stage in the order of the case, whatever order an implementation answered in."""
    known = [*call.returned(Stage.FORWARD), *(f"grad_{name}" for name in call.differentiable)]
    names = sorted(arrays, key=lambda name: (known.index(name) if name in known else len(known), name))
    return {name: arrays[name] for name in names}


def check_transcript(case: Case, call: Call, outputs: Outputs, golden: Golden) -> tuple[str, str]:
    """Return problem and note of a case's transcript; see `transcript.compare_text`."""
    assert case.transcript is not None  # noqa: S101 - the caller asks only for a case that has one
    stages = {
        stage: turned(arrays, golden.expected[stage], case.up_to_sign) for stage, arrays in outputs.stages.items()
    }
    arrays = printable(call, stages, golden.noise, golden)
    layout = case.transcript.layout or standard_layout(arrays)
    try:
        return compare_text(case.transcript.expect, layout, arrays, case.transcript.options)
    except UsageError as error:
        return str(error), ""


def replay_file(judge: Judge, file: Path, cases: Iterable[Case], *, root: Path, goldens: Goldens) -> Iterator[Result]:
    """Yield the result of each case of one case file; its golden file is read once."""
    try:
        operator = goldens.operator(operator_path(file, root))
    except HarnessError as error:
        for case in cases:
            yield Result(id=case.id, where=case.where, verdict=Verdict.MISSING, message=str(error))
        return
    for case in cases:
        yield judge.judge(case, operator, absent=goldens.absent(case.id))


def replay(judge: Judge, root: Path, patterns: Sequence[str], goldens: Goldens) -> Iterator[Result]:
    """Yield the results of the selected cases, one case file at a time."""
    for file, cases in select_cases(root, patterns):
        yield from replay_file(judge, file, cases, root=root, goldens=goldens)
