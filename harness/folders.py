"""A folder of recordings, the goldens or what is pending, changes whole or not at all, whenever it is interrupted.

Its next state is built beside it (`building`), is complete once it bears its next name (`goldens.ready`), and takes the
folder's place in one rename.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.goldenfile import (
    MANIFEST,
    Line,
    OperatorFile,
    base_lines,
    read_manifest,
    read_operator,
    save_operator,
    write_manifest,
)
from harness.goldens import RECORD, base_digest, operators_in, read_record, ready
from harness.model import Array


def building(folder: Path) -> Path:
    """Return where the next state of a folder is built; what stands there was left by an interruption."""
    return folder.with_name(folder.name + ".building")


def _old(folder: Path) -> Path:
    return folder.with_name(folder.name + ".old")


def recover(folder: Path) -> None:
    """Finish or undo a change of `folder` that was interrupted: it is whole before and after."""
    following = ready(folder)
    if not folder.exists() and following.exists():
        following.rename(folder)
    for leftover in (following, building(folder), _old(folder)):
        shutil.rmtree(leftover, ignore_errors=True)


def put_in_place(folder: Path) -> None:
    """Let the next state, built beside `folder`, take its place.

    Between the last two renames it stands under its next name, where readers find it (`goldens.settled`).
    """
    _sync(building(folder))
    building(folder).rename(ready(folder))
    if folder.exists():
        folder.rename(_old(folder))
    ready(folder).rename(folder)
    shutil.rmtree(_old(folder), ignore_errors=True)


def _sync(folder: Path) -> None:
    """Make sure that the files are on the disk before a rename makes them the goldens."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())


def write_atomic(path: Path, text: str) -> None:
    """Write a file so that the old text or the new one stands whole, whenever it is interrupted."""
    beside = path.with_name(f".{path.name}.tmp")
    with beside.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def json_text(value: Mapping[str, Any]) -> str:
    """Return a JSON file's text: sorted, so that the same facts are the same bytes."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


# -- two folders into one


def put_together(into: Path, current: Path, newer: Path, *, take: set[str], drop: set[str], base: Path | None) -> None:
    """Write into `into` the cases of `take` as `newer` has them, and every other case of `current` but those of `drop`.

    `base` is the folder of the reference that these versions lie over, None when this is the reference. Raises
    `GoldenError` naming the array that is not what the MANIFEST of its folder says.
    """
    into.mkdir(parents=True)
    manifests = read_manifest(current), read_manifest(newer)
    under = read_manifest(base) if base is not None else ""
    taken_of, decided_of = _by_operator(take), _by_operator({*take, *drop})
    lines: dict[str, list[Line]] = {}
    for operator in sorted({*operators_in(manifests[0]), *operators_in(manifests[1])}):
        old = read_operator(current, operator, manifests[0])
        new = read_operator(newer, operator, manifests[1])
        kept = _cases(old) - decided_of[operator]
        taken = _cases(new) & taken_of[operator]
        arrays = {**_arrays(old, kept), **_arrays(new, taken)}
        lines[operator] = [line for file, cases in ((old, kept), (new, taken)) for line in _lines(file, cases)]
        if base is not None:
            beneath = read_operator(base, operator, under)
            fits = {case: base_digest(beneath, case) for case in beneath.notes}
            stays = old.bases & {fits[case] for case in fits.keys() - decided_of[operator]}
            comes = new.bases & {fits[case] for case in fits.keys() & taken_of[operator]}
            lines[operator] += base_lines(stays | comes)
        if arrays:
            save_operator(into / f"{operator}.safetensors", arrays)
    write_manifest(into / MANIFEST, lines)
    _merge_record(into, current, newer, take=take, drop=drop, lines=lines)


def _by_operator(case_ids: Iterable[str]) -> dict[str, set[str]]:
    names: dict[str, set[str]] = defaultdict(set)
    for case_id in case_ids:
        operator, _, name = case_id.rpartition("/")
        names[operator].add(name)
    return names


def _cases(file: OperatorFile) -> set[str]:
    return {*file.notes, *(key.partition("/")[0] for key in (*file.lines, *file.arrays))}


def _arrays(file: OperatorFile, cases: set[str]) -> dict[str, Array]:
    found = {f"{case}/{key}": file.take(f"{case}/{key}") for case in cases for key in file.keys_of(case)}
    return {key: array for key, array in found.items() if array is not None}


def _lines(file: OperatorFile, cases: set[str]) -> list[Line]:
    return [line for case in cases for line in file.lines_of(case)]


def _merge_record(
    into: Path, current: Path, newer: Path, *, take: set[str], drop: set[str], lines: Mapping[str, Sequence[Line]]
) -> None:
    """Write RECORD.json: the newer provenance, what is absent, and the digest of each operator's cases."""
    record = read_record(newer)
    absent = {key: why for key, why in read_record(current).get("absent", {}).items() if key not in {*take, *drop}}
    absent |= {key: why for key, why in record.get("absent", {}).items() if key in take}
    cases = {operator: _cases_digest(group) for operator, group in lines.items() if group}
    text = json_text({**record, "absent": absent, "cases": cases})
    (into / RECORD).write_text(text, encoding="utf-8")


def _cases_digest(lines: Sequence[Line]) -> str:
    rows = sorted(str(line) for line in lines if not line.is_array)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()
