"""Case + torch -> Golden: runs the reference, derives the bounds, and lays the result beside the goldens."""

from __future__ import annotations

import platform
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.bound import derive_expected, ulp
from harness.casefile import select_cases
from harness.compare import compare_array, compare_stage
from harness.drift import ArrayDrift, compare_recorded
from harness.errors import HarnessError, NotOffered, RecordError, Unsupported
from harness.folders import building, json_text, put_in_place, put_together, recover
from harness.goldenfile import MANIFEST, Line, array_line, array_lines, save_operator, write_manifest
from harness.goldens import RECORD, REFERENCE, OperatorGoldens, base_digest, goldens_at
from harness.inputs import Drawer
from harness.model import Array, Call, Case, Expected, Golden, Implementation, NoiseMode, Outputs, Stage, is_floating
from harness.pending import Pending, pending_folder, read_pending, remove_pending, write_pending
from harness.replay import make_call, printable
from harness.selection import operator_path
from harness.transcript import render, standard_layout, trimmed

#: bytes of one case's arrays: goldens are files that people clone
MAX_BYTES = 1_000_000


# -- one case


def record_case(case: Case, implementation: Implementation, drawer: Drawer) -> tuple[dict[str, Array], str]:
    """Run the reference on one case; return its arrays by key below the case, and its printed text.

    Raises `RecordError`, at the place of the case, when the reference raises or its answer is ill-posed or lost, and
    `NotOffered` when this version of it has no such operator, param or kernel.
    """
    try:
        inputs, grads = drawer.draw(case)
        call = make_call(case, inputs, grads, noise=drawer.draw_noise(case))
        outputs = implementation.run(call)
        if outputs.noise_mode is NoiseMode.READ_BACK:
            call = replace(call, noise=outputs.noise)
            _check_noise(outputs, implementation.run(call))
        expected = derive_expected(call, outputs, implementation.run, exact=case.exact)
        _check_upstream(call, outputs)
        _check_own(case, outputs, expected)
        golden = Golden(noise=call.noise, expected=expected)
        arrays = golden_arrays(call, golden)
        _check_size(case, arrays)
        return arrays, _printed(case, call, outputs, golden)
    except HarnessError as error:
        raise type(error)(f"{case.id}: {error.problem}", where=str(case.where), hint=error.hint) from error
    except Unsupported as reason:
        hint = "mend the reference, the params or the dtype of the case"
        raise NotOffered(f"{case.id}: {reason}", where=str(case.where), hint=hint) from reason
    except Exception as error:
        found = " ".join(str(error).split())[:300]
        msg = f"{case.id}: {case.reference} raised {type(error).__name__}: {found}"
        raise RecordError(msg, where=str(case.where), hint="mend the inputs or params of the case") from error


def _check_upstream(call: Call, outputs: Outputs) -> None:
    """Refuse an upstream gradient of another shape or dtype than its output: torch casts and broadcasts in silence."""
    answer = outputs.stages.get(Stage.FORWARD, {})
    for name, gradient in call.grad_outputs.items():
        output = answer.get(name)
        if output is not None and (output.shape, output.dtype) != (gradient.shape, gradient.dtype):
            found = f"grad_outputs/{name} is {gradient.dtype} {gradient.shape}"
            problem = f"{found}, the output {output.dtype} {output.shape}"
            raise RecordError(problem, hint="give it the shape and dtype of the output")


def _check_own(case: Case, outputs: Outputs, expected: Mapping[Stage, Mapping[str, Expected]]) -> None:
    """Refuse an answer of the reference that its own bound would not pass."""
    for stage, arrays in outputs.stages.items():
        for difference in compare_stage(stage, arrays, expected[stage], signed_zero=case.signed_zero):
            if not difference.ok:
                where = f"{stage}/{difference.name}[{', '.join(map(str, difference.worst))}]"
                problem = f"{where}: the reference's own answer lies at {difference.ratio:.3g} times the bound"
                raise RecordError(problem, hint="it loses what float64 inputs promise: ask for less of it")


def _check_size(case: Case, arrays: Mapping[str, Array]) -> None:
    total = sum(array.nbytes for array in arrays.values())
    if total > MAX_BYTES and not case.large:
        problem = f"its golden takes {total / 1e6:.1f} MB, the limit is {MAX_BYTES / 1e6:.0f} MB"
        raise RecordError(problem, hint="make its arrays smaller, or say 'large: true' in the case")


def _check_noise(native: Outputs, law: Outputs) -> None:
    """Refuse noise that does not explain what the reference answered, to within a few ulp."""
    for stage, arrays in native.stages.items():
        for name, array in arrays.items():
            wide = array.astype(np.float64)
            exact = Expected(golden=array, truth=wide, bound=ulp(wide, array.dtype))
            if not compare_array(stage, name, law.stages[stage][name], exact).ok:
                raise RecordError(f"{stage}/{name}: the reference's own answer is not its law under the noise it drew")


def golden_arrays(call: Call, golden: Golden) -> dict[str, Array]:
    """Return a case's arrays by key; truth is left out where it is the golden itself."""
    arrays: dict[str, Array] = {}
    for part, group in (("inputs", call.inputs), ("grad_outputs", call.grad_outputs), ("noise", golden.noise)):
        arrays |= {f"{part}/{name}": array for name, array in group.items()}
    for stage, outputs in golden.expected.items():
        for name, expected in outputs.items():
            arrays[f"{stage}/{name}"] = expected.golden
            if is_floating(expected.golden.dtype):
                arrays[f"bound/{stage}/{name}"] = expected.bound
                if not np.array_equal(expected.truth, expected.golden.astype(np.float64), equal_nan=True):
                    arrays[f"truth/{stage}/{name}"] = expected.truth
    return arrays


def _printed(case: Case, call: Call, outputs: Outputs, golden: Golden) -> str:
    if case.transcript is None:
        return ""
    arrays = printable(call, outputs.stages, golden.noise, golden)
    return render(case.transcript.layout or standard_layout(arrays), arrays, case.transcript.options)


# -- a version


@dataclass(kw_only=True)
class Recording:
    """What a run of `record` found; filled while it runs."""

    version: str
    drifts: list[ArrayDrift] = field(default_factory=list)  #: against the reference, or what it was before
    before: list[ArrayDrift] = field(default_factory=list)  #: an overlay against what it was before
    errors: list[HarnessError] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    transcripts: dict[str, str] = field(default_factory=dict)  #: texts that differ from the case file's
    cases: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)  #: cases of which any line of MANIFEST changes
    kept: Pending = field(default_factory=Pending)  #: of an earlier recording, which this one says nothing about

    def absent_reasons(self) -> dict[str, int]:
        """Return why cases are absent, with how many of each, most first."""
        reasons = Counter(reason for reason in self.absent.values())
        return dict(reasons.most_common())

    @property
    def pending(self) -> Pending:
        """What accepting this recording would change."""
        return Pending(
            cases=tuple(self.cases),
            changed=tuple(self.changed),
            gone=tuple(self.gone),
            transcripts=dict(self.transcripts),
        )

    @property
    def differs(self) -> bool:
        """True when accepting would change anything."""
        return self.pending.differs


class Recorder:
    """Records the selected cases of a version into a pending folder; see `accept`."""

    def __init__(self, implementation: Implementation, *, cases: Path, goldens: Path) -> None:
        """Record with `implementation` (torch) the case files below `cases`, for the goldens below `goldens`."""
        self.implementation = implementation
        self.cases_root = cases
        self.version = f"torch-{implementation.version}"
        self.goldens_root = goldens
        self.old = goldens_at(goldens, self.version)
        self.base = None if self.version == REFERENCE else goldens_at(goldens, REFERENCE)
        self.found = Recording(version=self.version)
        self._drawer = Drawer()
        self._lines: dict[str, list[Line]] = {}
        self._digests: dict[str, str] = {}

    def record(self, patterns: Sequence[str], *, keep: bool) -> Iterator[str]:
        """Record the selected cases, yielding the id of each as it is done; write the pending folder when `keep`.

        What an earlier recording left pending of other cases stays pending. Raises `GoldenError` when it is not whole.
        """
        recording = self.goldens_root / f"{self.version}.recording"
        earlier = None
        if keep:
            shutil.rmtree(recording, ignore_errors=True)
            earlier = read_pending(pending_folder(self.goldens_root, self.version)) if patterns else None
        decided: set[str] = set()
        for file, cases in select_cases(self.cases_root, patterns):
            operator = operator_path(file, self.cases_root)
            decided |= {case.id for case in cases}
            yield from self._record_operator(operator, cases, recording if keep else None)
            if not patterns:
                current = {case.name for case in cases}
                before = self.old.operator(operator).cases()
                self.found.gone += [f"{operator}/{name}" for name in before if name not in current]
        if not patterns:
            self.found.gone += self._gone_operators()
        if keep:
            self.found.kept = (earlier or Pending()).only(lambda case_id: case_id not in decided)
            self._write_pending(recording, decided)

    def _gone_operators(self) -> list[str]:
        there = {operator_path(file, self.cases_root) for file in self.cases_root.glob("*/*.yaml")}
        return [case_id for case_id in self.old.case_ids() if case_id.rpartition("/")[0] not in there]

    def _record_operator(self, operator: str, cases: Sequence[Case], recording: Path | None) -> Iterator[str]:
        old = self.old.operator(operator)
        base = self.base.operator(operator) if self.base else None
        kept: dict[str, Array] = {}
        self._lines[operator] = []
        for case in cases:
            arrays = self._record_case(case, old, base)
            lines = array_lines(arrays) + self._notes(case, base)
            if lines and {str(line) for line in lines} != {str(line) for line in old.own.lines_of(case.name)}:
                self.found.changed.append(case.id)
            kept |= arrays
            self._lines[operator] += lines
            yield case.id
        if recording is not None and kept:
            save_operator(recording / f"{operator}.safetensors", kept)

    def _record_case(self, case: Case, old: OperatorGoldens, base: OperatorGoldens | None) -> dict[str, Array]:
        """Return the arrays to keep of one case by their keys; {} when it is absent or could not be recorded."""
        try:
            arrays, text = record_case(case, self.implementation, self._drawer)
            self._compare(case, arrays, old, base)
            kept = _overlay(case, arrays, base) if base is not None else arrays
        except NotOffered as reason:
            if base is None:
                self.found.errors.append(reason)
            else:
                self.found.absent[case.id] = reason.problem.removeprefix(f"{case.id}: ")
                self.found.cases.append(case.id)
            return {}
        except HarnessError as error:
            self.found.errors.append(error)
            return {}
        self.found.cases.append(case.id)
        if case.transcript is not None and base is None and text != trimmed(case.transcript.expect):
            self.found.transcripts[case.id] = text
        return {f"{case.name}/{key}": array for key, array in kept.items()}

    def _compare(
        self, case: Case, arrays: dict[str, Array], old: OperatorGoldens, base: OperatorGoldens | None
    ) -> None:
        if base is None:
            self.found.drifts += compare_recorded(case.id, case.name, old, arrays)
            return
        self.found.drifts += compare_recorded(case.id, case.name, base, arrays)
        if case.name in old.cases():
            self.found.before += compare_recorded(case.id, case.name, old, arrays)

    def _notes(self, case: Case, base: OperatorGoldens | None) -> list[Line]:
        """Return the line that says of which case text, or of which recording of the reference, this one is."""
        if case.id in self.found.absent:
            return [Line(key=case.name, dtype="absent", shape="-", sha256=case.digest)]
        if self.found.cases[-1:] != [case.id]:
            return []
        if base is None:
            return [Line(key=case.name, dtype="case", shape="-", sha256=case.digest)]
        return [Line(key=case.name, dtype="base", shape="-", sha256=base_digest(base.own, case.name))]

    def _write_pending(self, recording: Path, decided: set[str]) -> None:
        """Lay this recording over what stays pending, and put both in place in one step; nothing when nothing differs.

        `decided` are the cases that this recording is about, recorded or not.
        """
        target = pending_folder(self.goldens_root, self.version)
        recover(target)
        kept = self.found.kept
        if not (self.found.differs or kept.differs):
            shutil.rmtree(recording, ignore_errors=True)
            remove_pending(target)
            return
        recording.mkdir(parents=True, exist_ok=True)
        write_manifest(recording / MANIFEST, self._lines)
        record = {**provenance(self.implementation), "absent": self.found.absent}
        (recording / RECORD).write_text(json_text(record), encoding="utf-8")
        if kept.cases or kept.gone:
            put_together(building(target), target, recording, take=set(self.found.cases), drop=decided)
            shutil.rmtree(recording)
        else:
            recording.rename(building(target))
        write_pending(building(target), self.found.pending.joined(kept))
        put_in_place(target)


def _overlay(case: Case, arrays: Mapping[str, Array], base: OperatorGoldens) -> dict[str, Array]:
    """Return the arrays that differ from the reference's: an output brings its truth and bound along."""
    before = base.arrays_of(case.name)
    gone = [key for key in before if key not in arrays and not key.startswith("truth/")]
    if gone:
        msg = f"{case.id}: {gone[0]} is in {REFERENCE} and not in this version"
        raise RecordError(msg, where=str(case.where), hint="give the versions a case each")
    kept: dict[str, Array] = {}
    for key, array in arrays.items():
        part = key.partition("/")[0]
        if part in ("truth", "bound") or (key in before and array_line("", array) == array_line("", before[key])):
            continue
        kept[key] = array
        if part in tuple(Stage) and is_floating(array.dtype):
            kept[f"truth/{key}"] = arrays.get(f"truth/{key}", array.astype(np.float64))
            kept[f"bound/{key}"] = arrays[f"bound/{key}"]
    return kept


def provenance(implementation: Implementation) -> dict[str, Any]:
    """Return what decided the bits: versions, build, processor. No time, host or path."""
    describe = getattr(implementation, "provenance", dict)
    return {
        "format": 1,
        "reference": describe(),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
    }
