"""The goldens of one torch version: its own folder laid over the reference's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from harness.bound import answered_by_another
from harness.errors import GoldenError
from harness.goldenfile import (
    DERIVED,
    MANIFEST,
    OperatorFile,
    read_manifest,
    read_operator,
    read_operator_manifest,
    vouched,
)
from harness.model import Array, Arrays, Expected, Golden, Stage, is_floating, short_digest

#: the torch version whose goldens are whole; every other one is an overlay of it
REFERENCE = "torch-2.13.0"
RECORD = "RECORD.json"
#: how the names of folders end that stand beside the goldens for a while
_BESIDE = (".new", ".old", ".building", ".recording")
_STAGES = {stage.value: stage for stage in Stage}


@dataclass(frozen=True, kw_only=True)
class OperatorGoldens:
    """The goldens of one operator in one version."""

    version: str
    own: OperatorFile
    base: OperatorFile | None  #: the reference's file, None when this is the reference itself

    def status(self, case: str, case_digest: str) -> str:
        """Return 'ok', 'missing', 'stale' or 'absent' for a case of that digest."""
        notes = self.own.notes.get(case, {})
        if "absent" in notes:
            return "absent" if notes["absent"] == case_digest else "stale"
        if case not in self.cases():
            return "missing"
        return "ok" if self._text_recorded(case) == case_digest and self.fits_reference(case) else "stale"

    def _text_recorded(self, case: str) -> str:
        """Return the digest of the case text that was recorded, '' where there is none."""
        notes = (self.base or self.own).notes.get(case, {})
        return notes.get("case", "")

    def fits_reference(self, case: str) -> bool:
        """Tell whether the reference that a case was recorded over is the one that there is."""
        return self.base is None or base_digest(self.base, case) in self.own.bases

    def why_stale(self, case: str, case_digest: str) -> str:
        """Return what is wrong with a case that is stale, and what to do."""
        if "absent" in self.own.notes.get(case, {}) or self._text_recorded(case) != case_digest:
            return f"the golden of {self.version} is of another case text; record it anew"
        return f"the golden of {self.version} stands on another recording of {REFERENCE}; record it anew"

    def cases(self) -> set[str]:
        """Return the names of the cases that this version has recorded, over whatever reference."""
        return self._cases

    @cached_property
    def _cases(self) -> set[str]:
        if self.base is None:
            return {case for case, notes in self.own.notes.items() if "case" in notes}
        over = self.base.notes if self.own.bases else ()
        return {*over, *(key.partition("/")[0] for key in self.own.lines)} - self.absent()

    def decided(self) -> set[str]:
        """Return the names of the cases that this version has recorded over the reference there is, or cannot do."""
        return {case for case in self.cases() if self.fits_reference(case)} | self.absent()

    def absent(self) -> set[str]:
        """Return the names of the cases that this version cannot do."""
        return {case for case, notes in self.own.notes.items() if "absent" in notes}

    def differs(self, case: str) -> bool:
        """Tell whether this version answers a case otherwise than the reference."""
        return self.base is not None and bool(self.own.keys_of(case))

    def take(self, key: str) -> Array | None:
        """Return an array: this version's own, or else the reference's."""
        array = self.own.take(key)
        return self.base.take(key) if array is None and self.base is not None else array

    def keys_of(self, case: str) -> list[str]:
        """Return the keys of a case's arrays below the case, sorted: this version's own and the reference's."""
        keys = self.own.keys_of(case)
        return sorted({*keys, *self.base.keys_of(case)}) if self.base is not None else keys

    def arrays_of(self, case: str) -> dict[str, Array]:
        """Return every array of a case by its key below the case.

        Raises `GoldenError` naming the array that is missing or corrupt.
        """
        found = ((key, self.take(f"{case}/{key}")) for key in self.keys_of(case))
        return {key: array for key, array in found if array is not None}

    def other_than_recorded(self, case: str, parts: Mapping[str, Arrays]) -> str:
        """Return the name of the first array, by part and name, that is not the recorded one, '' when all are."""
        for part, arrays in parts.items():
            for name, array in arrays.items():
                key = f"{case}/{part}/{name}"
                line = self.own.lines.get(key) or (self.base.lines.get(key) if self.base else None)
                if line is None or not vouched(line, array):
                    return f"{part}/{name}"
        return ""

    def golden(self, case: str) -> Golden:
        """Return the golden of a case. Raises `GoldenError` as `arrays_of` does."""
        noise: dict[str, Array] = {}
        expected: dict[Stage, dict[str, Expected]] = {}
        for key in self.keys_of(case):
            part, _, name = key.partition("/")
            if part in _STAGES:
                expected.setdefault(_STAGES[part], {})[name] = self._expected(f"{case}/{key}")
            elif part not in DERIVED:
                array = self.take(f"{case}/{key}")
                if part == "noise" and array is not None:
                    noise[name] = array
        return Golden(noise=noise, expected=expected)

    def _expected(self, key: str) -> Expected:
        case, _, rest = key.partition("/")
        if self.base is None or not (key in self.own.lines or key in self.own.arrays):
            return _read_expected(self.base or self.own, key)
        if f"{case}/bound/{rest}" in self.own.arrays or not is_floating(self.own.output(key)[0].dtype):
            return _read_expected(self.own, key)
        return answered_by_another(self.own.output(key)[0], _read_expected(self.base, key))


def _read_expected(file: OperatorFile, key: str) -> Expected:
    golden, truth, bound = file.output(key)
    if not is_floating(golden.dtype):
        return Expected(golden=golden, truth=golden, bound=np.zeros(golden.shape))
    if bound is None:
        raise GoldenError(f"array {key!r} has no bound", where=str(file.path), hint="record it anew")
    return Expected(golden=golden, truth=golden.astype(np.float64) if truth is None else truth, bound=bound)


def base_digest(base: OperatorFile, case: str) -> str:
    """Return what a version's case stands on: 32 bits of the digest of the reference's MANIFEST lines about it."""
    rows = [str(line) for line in base.lines_of(case)]
    return short_digest("\n".join(rows))[:8]


@dataclass(frozen=True, kw_only=True)
class Goldens:
    """The goldens of one version below a root folder."""

    root: Path
    version: str
    folder: Path
    base_folder: Path | None

    def operator(self, operator: str) -> OperatorGoldens:
        """Return the goldens of `<family>/<operator>`, read afresh: one operator is held at a time."""
        own = read_operator(self.folder, operator, read_operator_manifest(self.folder, operator))
        base = None
        if self.base_folder is not None:
            base_lines = read_operator_manifest(self.base_folder, operator)
            base = read_operator(self.base_folder, operator, base_lines)
        return OperatorGoldens(version=self.version, own=own, base=base)

    def operators(self) -> list[str]:
        """Return `<family>/<operator>` of everything that this version has recorded."""
        return operators_in(read_manifest(self.folder))

    def case_ids(self) -> list[str]:
        """Return the ids of the cases that this version has recorded, sorted."""
        return [f"{path}/{case}" for path in self.operators() for case in sorted(self.operator(path).cases())]

    def decided(self) -> set[str]:
        """Return the ids of the cases that this version has recorded over the reference there is, or cannot do."""
        return {f"{path}/{case}" for path in self.operators() for case in self.operator(path).decided()}

    @cached_property
    def record(self) -> dict[str, Any]:
        """Provenance: the folder's RECORD.json, {} when there is none."""
        return read_record(self.folder)

    def absent(self, case_id: str) -> str:
        """Return why this version cannot do a case."""
        return str(self.record.get("absent", {}).get(case_id, "not offered"))


def read_object(path: Path, *, hint: str) -> dict[str, Any]:
    """Return the JSON object that a file holds. Raises `GoldenError` when it holds anything else."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise GoldenError(f"not JSON: {error}", where=str(path), hint=hint) from error
    if not isinstance(value, dict):
        raise GoldenError(f"not a JSON object: found a {type(value).__name__}", where=str(path), hint=hint)
    return value


def read_record(folder: Path) -> dict[str, Any]:
    """Return a folder's RECORD.json, {} when there is none. Raises `GoldenError` when it cannot be read."""
    hint = "restore the file or record anew"
    try:
        record = read_object(folder / RECORD, hint=hint)
    except FileNotFoundError:
        return {}
    if not isinstance(record.get("absent", {}), dict):
        raise GoldenError("'absent' is not a JSON object", where=str(folder / RECORD), hint=hint)
    return record


def settled(folder: Path) -> Path:
    """Return where a version's folder stands whole: after an `accept` that was killed, where it was put together."""
    return folder if folder.exists() or not ready(folder).exists() else ready(folder)


def ready(folder: Path) -> Path:
    """Return the folder in which `accept` puts the next state together."""
    return folder.with_name(folder.name + ".next")


def recorded_versions(root: Path) -> list[str]:
    """Return the versions that have goldens below `root`."""
    names = {path.parent.name.removesuffix(".next") for path in root.glob(f"torch-*/{MANIFEST}")}
    return sorted(name for name in names if not name.endswith(_BESIDE))


def operators_in(manifest: str) -> list[str]:
    """Return `<family>/<operator>` of every line of a MANIFEST, sorted."""
    return sorted({"/".join(row.split("/", 2)[:2]) for row in manifest.splitlines()})


def goldens_in(folder: Path, version: str) -> Goldens:
    """Return the goldens of a version that lie in `folder`, beside those of the reference."""
    base = None if version == REFERENCE else settled(folder.parent / REFERENCE)
    return Goldens(root=folder.parent, version=version, folder=folder, base_folder=base)


def goldens_at(root: Path, version: str) -> Goldens:
    """Return the goldens of a version, which may have none yet."""
    return goldens_in(settled(root / version), version)


def open_goldens(root: Path, version: str = REFERENCE) -> Goldens:
    """Open the goldens of `version` ('torch-2.13.0') below `root`.

    Raises `GoldenError` for a version that is not recorded, listing those that are, and for one that has lost its
    reference.
    """
    goldens = goldens_at(root, version)
    if not (goldens.folder / MANIFEST).exists():
        have = ", ".join(recorded_versions(root)) or "none"
        hint = f"recorded here: {have}; `harness record` makes them"
        raise GoldenError(f"no goldens of {version!r} in {root}", hint=hint)
    if goldens.base_folder is not None and not (goldens.base_folder / MANIFEST).exists():
        problem = f"the goldens of {version} stand on the reference {REFERENCE}, which is not there"
        raise GoldenError(problem, where=str(root), hint="restore the reference, or record both anew")
    return goldens
