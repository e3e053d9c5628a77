"""Moves a pending recording into the goldens: whole or not at all, whenever it is interrupted."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.casefile import read_case_file
from harness.errors import NothingSelected
from harness.goldenfile import MANIFEST, Line, OperatorFile, read_manifest, read_operator, save_operator, write_manifest
from harness.goldens import RECORD, operators_in, ready, settled
from harness.matrix import read_text
from harness.model import Array
from harness.record import PENDING, pending_folder
from harness.selection import selected
from harness.yamltext import replace_scalar


def accept(root: Path, version: str, patterns: Sequence[str], *, cases_root: Path) -> list[str]:
    """Accept the pending recording of the selected cases; return their ids, and those of cases that are gone.

    The next state is put together beside the goldens and takes their place in one rename. Transcripts follow, each
    case file in one rename. Raises `NothingSelected` when nothing is pending.
    """
    folder = root / version
    pending = pending_folder(root, version)
    recover(folder)
    if not (pending / PENDING).exists():
        raise NothingSelected(f"nothing is pending for {version}", hint="`harness record` makes a recording")
    waiting: dict[str, Any] = json.loads((pending / PENDING).read_text(encoding="utf-8"))
    chosen = [case_id for case_id in (*waiting["cases"], *waiting["gone"]) if selected(case_id, patterns)]
    if not chosen and (waiting["cases"] or patterns):
        raise NothingSelected("no pending case matches", hint=f"pending: {len(waiting['cases'])} cases of {version}")
    _put_together(folder, pending, set(chosen))
    swap(folder)
    _accept_transcripts({key: text for key, text in waiting["transcripts"].items() if key in chosen}, cases_root)
    _settle_pending(pending, waiting, set(chosen))
    return chosen


def recover(folder: Path) -> None:
    """Finish or undo an `accept` that was interrupted: the goldens are whole before and after."""
    following = ready(folder)
    if not folder.exists() and following.exists():
        following.rename(folder)
    for leftover in (following, _building(folder), _old(folder)):
        shutil.rmtree(leftover, ignore_errors=True)


def swap(folder: Path) -> None:
    """Put the next state, complete beside `folder`, in its place.

    Between the two renames the goldens stand in the next state's folder, where readers find them (`settled`).
    """
    if folder.exists():
        folder.rename(_old(folder))
    ready(folder).rename(folder)
    shutil.rmtree(_old(folder), ignore_errors=True)


def _building(folder: Path) -> Path:
    return folder.with_name(folder.name + ".building")


def _old(folder: Path) -> Path:
    return folder.with_name(folder.name + ".old")


def _put_together(folder: Path, pending: Path, chosen: set[str]) -> None:
    """Build the complete next state of `folder` beside it."""
    building = _building(folder)
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    current = settled(folder)
    manifests = read_manifest(current), read_manifest(pending)
    lines: dict[str, list[Line]] = {}
    for operator in sorted({*operators_in(manifests[0]), *operators_in(manifests[1])}):
        names = {case_id.rpartition("/")[2] for case_id in chosen if case_id.rpartition("/")[0] == operator}
        old = read_operator(current, operator, manifests[0])
        new = read_operator(pending, operator, manifests[1])
        arrays = {**_arrays(old, drop=names), **_arrays(new, keep=names)}
        lines[operator] = [*_lines(old, drop=names), *_lines(new, keep=names)]
        if arrays:
            save_operator(building / f"{operator}.safetensors", arrays)
    write_manifest(building / MANIFEST, lines)
    _merge_record(current, pending, building, chosen, lines)
    _sync(building)
    building.rename(ready(folder))


def _wanted(case: str, keep: set[str] | None, drop: set[str] | None) -> bool:
    return case in keep if keep is not None else case not in (drop or set())


def _arrays(file: OperatorFile, *, keep: set[str] | None = None, drop: set[str] | None = None) -> dict[str, Array]:
    found = {key: file.take(key) for key in file.lines if _wanted(key.partition("/")[0], keep, drop)}
    return {key: array for key, array in found.items() if array is not None}


def _lines(file: OperatorFile, *, keep: set[str] | None = None, drop: set[str] | None = None) -> Iterable[Line]:
    yield from (line for key, line in file.lines.items() if _wanted(key.partition("/")[0], keep, drop))
    for case, notes in file.notes.items():
        if _wanted(case, keep, drop):
            yield from (Line(key=case, dtype=note, shape="-", sha256=digest) for note, digest in notes.items())


def _merge_record(
    current: Path, pending: Path, building: Path, chosen: set[str], lines: Mapping[str, Sequence[Line]]
) -> None:
    """Write RECORD.json: the provenance of this recording, what is absent, and the digest of each operator's cases."""
    record: dict[str, Any] = json.loads((pending / RECORD).read_text(encoding="utf-8"))
    before: dict[str, Any] = {}
    if (current / RECORD).exists():
        before = json.loads((current / RECORD).read_text(encoding="utf-8"))
    absent = {key: why for key, why in before.get("absent", {}).items() if key not in chosen}
    absent |= {key: why for key, why in record["absent"].items() if key in chosen}
    cases = {operator: _cases_digest(group) for operator, group in lines.items() if group}
    text = json.dumps({**record, "absent": absent, "cases": cases}, indent=2, sort_keys=True, ensure_ascii=False)
    (building / RECORD).write_text(text + "\n", encoding="utf-8")


def _cases_digest(lines: Sequence[Line]) -> str:
    rows = sorted(str(line) for line in lines if line.dtype in ("case", "absent"))
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _sync(folder: Path) -> None:
    """Make sure that the files are on the disk before a rename makes them the goldens."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())


def _settle_pending(pending: Path, waiting: dict[str, Any], chosen: set[str]) -> None:
    """Remove what was accepted from what is pending; the folder goes when nothing is left."""
    left = {
        "cases": [case_id for case_id in waiting["cases"] if case_id not in chosen],
        "gone": [case_id for case_id in waiting["gone"] if case_id not in chosen],
        "transcripts": {key: text for key, text in waiting["transcripts"].items() if key not in chosen},
    }
    if not left["cases"] and not left["gone"]:
        shutil.rmtree(pending)
        return
    write_atomic(pending / PENDING, json.dumps(left, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


# -- transcripts


def _accept_transcripts(texts: dict[str, str], cases_root: Path) -> None:
    """Write accepted transcripts into their case files: only those bytes, every comment stays where it was."""
    for path in sorted({case_id.rpartition("/")[0] for case_id in texts}):
        file = cases_root / f"{path}.yaml"
        text = read_text(file)
        spans = [
            (*case.transcript.span, texts[case.id], case.transcript.indent)
            for case in read_case_file(file, cases_root)
            if case.id in texts and case.transcript is not None
        ]
        for start, end, new, indent in sorted(spans, reverse=True):
            text = replace_scalar(text, start, end, new, indent)
        write_atomic(file, text)


def write_atomic(path: Path, text: str) -> None:
    """Write a file so that the old text or the new one stands whole, whenever it is interrupted."""
    beside = path.with_name(f".{path.name}.tmp")
    with beside.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
