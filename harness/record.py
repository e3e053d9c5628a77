"""Records the selected cases of a torch version, and lays what differs beside the goldens."""

from __future__ import annotations

import platform
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from harness.casefile import read_case_file
from harness.drift import ArrayDrift, compare_recorded
from harness.errors import HarnessError, NotOffered, RecordError
from harness.folders import building, json_text, put_in_place, put_together, recover
from harness.goldenfile import MANIFEST, Line, array_lines, base_lines, save_operator, write_manifest
from harness.goldens import RECORD, REFERENCE, Goldens, OperatorGoldens, base_digest, goldens_at
from harness.implementation import load_implementation
from harness.inputs import Drawer
from harness.model import Array, Case, Implementation
from harness.pending import Pending, pending_folder, read_pending, remove_pending, write_pending
from harness.recording import Attempt, attempt_case
from harness.selection import operator_path, select_files, selected
from harness.session import over_files
from harness.transcript import trimmed


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
        self._lines: dict[str, list[Line]] = {}

    def record(self, patterns: Sequence[str], *, keep: bool, pool: ProcessPoolExecutor | None = None) -> Iterator[str]:
        """Record the selected cases, yielding the id of each as it is done; write the pending folder when `keep`.

        The processes of `pool`, where there is one, load the implementation by its name and run the cases. What an
        earlier recording left pending of other cases stays pending. Raises `GoldenError` when it is not whole.
        """
        recording = self.goldens_root / f"{self.version}.recording"
        earlier = None
        if keep:
            shutil.rmtree(recording, ignore_errors=True)
            earlier = read_pending(pending_folder(self.goldens_root, self.version)) if patterns else None
        decided: set[str] = set()
        files = select_files(self.cases_root, patterns)
        work = self._work(tuple(patterns), elsewhere=pool is not None)
        for file, attempts in zip(files, over_files(work, files, pool=pool), strict=True):
            operator = operator_path(file, self.cases_root)
            cases = [case for case in read_case_file(file, self.cases_root) if selected(case.id, patterns)]
            decided |= {case.id for case in cases}
            yield from self._record_operator(operator, cases, attempts, recording if keep else None)
            if not patterns:
                current = {case.name for case in cases}
                before = self.old.operator(operator).cases()
                self.found.gone += [f"{operator}/{name}" for name in before if name not in current]
        if not patterns:
            self.found.gone += self._gone_operators()
        self._refuse_nothing()
        if keep:
            self.found.kept = (earlier or Pending()).only(lambda case_id: case_id not in decided)
            self._write_pending(recording, decided)

    def _work(self, patterns: tuple[str, ...], *, elsewhere: bool) -> Callable[[Path], list[Attempt]]:
        """Return what attempts the selected cases of a file: here, or in whatever process it is called."""
        if not elsewhere:
            return partial(_attempts, self.implementation, self.base, self.cases_root, patterns)
        base = None if self.base is None else self.goldens_root
        return partial(_attempts_elsewhere, self.implementation.name, base, self.cases_root, patterns)

    def _refuse_nothing(self) -> None:
        """Count it as an error when a version answers no case at all: then it is not the cases that it lacks."""
        if self.found.cases and len(self.found.absent) == len(self.found.cases):
            problem = f"{self.version} answers none of {len(self.found.cases)} cases"
            first = next(iter(self.found.absent.values()))
            self.found.errors.append(RecordError(problem, hint=f"mend its installation; the first says: {first}"))

    def _gone_operators(self) -> list[str]:
        there = {operator_path(file, self.cases_root) for file in self.cases_root.glob("*/*.yaml")}
        return [case_id for case_id in self.old.case_ids() if case_id.rpartition("/")[0] not in there]

    def _record_operator(
        self, operator: str, cases: Sequence[Case], attempts: Sequence[Attempt], recording: Path | None
    ) -> Iterator[str]:
        """Take what came of each case, yielding its id; write the operator's golden file below `recording`."""
        old = self.old.operator(operator)
        base = self.base.operator(operator) if self.base else None
        kept: dict[str, Array] = {}
        bases: set[str] = set()
        self._lines[operator] = []
        for case, attempt in zip(cases, attempts, strict=True):
            arrays = self._take(case, attempt, old, base)
            lines = array_lines(arrays) + self._notes(case, base)
            recorded = case.id in self.found.cases[-1:]
            before = {str(line) for line in old.own.lines_of(case.name)}
            if recorded and ({str(line) for line in lines} != before or not old.fits_reference(case.name)):
                self.found.changed.append(case.id)
            if recorded and base is not None and case.id not in self.found.absent:
                bases.add(base_digest(base.own, case.name))
            kept |= arrays
            self._lines[operator] += lines
            yield case.id
        self._lines[operator] += base_lines(bases)
        if recording is not None and kept:
            save_operator(recording / f"{operator}.safetensors", kept)

    def _take(
        self, case: Case, attempt: Attempt, old: OperatorGoldens, base: OperatorGoldens | None
    ) -> dict[str, Array]:
        """Return the arrays to keep of one case by their keys; {} when it is absent or could not be recorded."""
        error = attempt.error
        if error is None:
            try:
                self._compare(case, attempt.arrays, old, base)
            except HarnessError as damage:
                error = damage
        if error is not None:
            if self._lacks(error, case, base):
                self.found.absent[case.id] = error.problem.removeprefix(f"{case.id}: ")
                self.found.cases.append(case.id)
            else:
                self.found.errors.append(error)
            return {}
        self.found.cases.append(case.id)
        if case.transcript is not None and base is None and attempt.text != trimmed(case.transcript.expect):
            self.found.transcripts[case.id] = attempt.text
        return {f"{case.name}/{key}": array for key, array in attempt.kept.items()}

    @staticmethod
    def _lacks(error: HarnessError, case: Case, base: OperatorGoldens | None) -> bool:
        """Tell whether an error says that this version cannot do what the reference can: the case itself is sound."""
        if base is None:
            return False
        recorded = base.status(case.name, case.digest) == "ok"
        return isinstance(error, NotOffered) or (isinstance(error, RecordError) and recorded)

    def _compare(
        self, case: Case, arrays: Mapping[str, Array], old: OperatorGoldens, base: OperatorGoldens | None
    ) -> None:
        if base is None:
            self.found.drifts += compare_recorded(case.id, case.name, old, arrays)
            return
        self.found.drifts += compare_recorded(case.id, case.name, base, arrays)
        if case.name in old.cases():
            self.found.before += compare_recorded(case.id, case.name, old, arrays)

    def _notes(self, case: Case, base: OperatorGoldens | None) -> list[Line]:
        """Return the line that says of which case text this recording is, or that there is none."""
        if case.id in self.found.absent:
            return [Line(key=case.name, dtype="absent", shape="-", sha256=case.digest)]
        if base is None and self.found.cases[-1:] == [case.id]:
            return [Line(key=case.name, dtype="case", shape="-", sha256=case.digest)]
        return []

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
            base = self.base.folder if self.base else None
            put_together(building(target), target, recording, take=set(self.found.cases), drop=decided, base=base)
            shutil.rmtree(recording)
        else:
            recording.rename(building(target))
        write_pending(building(target), self.found.pending.joined(kept))
        put_in_place(target)


def _attempts(
    implementation: Implementation, base: Goldens | None, cases_root: Path, patterns: Sequence[str], file: Path
) -> list[Attempt]:
    """Attempt the selected cases of a file."""
    under = base.operator(operator_path(file, cases_root)) if base is not None else None
    drawer = Drawer()
    cases = (case for case in read_case_file(file, cases_root) if selected(case.id, patterns))
    return [attempt_case(case, implementation, drawer, under) for case in cases]


def _attempts_elsewhere(
    name: str, goldens: Path | None, cases_root: Path, patterns: Sequence[str], file: Path
) -> list[Attempt]:
    """Attempt the selected cases of a file in a process that may know nothing yet."""
    base = None if goldens is None else goldens_at(goldens, REFERENCE)
    return _attempts(_loaded(name), base, cases_root, patterns, file)


@lru_cache(maxsize=1)
def _loaded(name: str) -> Implementation:
    return load_implementation(name)


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
