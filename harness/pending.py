"""What `record` found and `accept` has not yet made the goldens: a folder beside them, and PENDING.json in it.

The folder is laid out as goldens are, with MANIFEST and RECORD.json. PENDING.json is what makes it a pending recording:
no folder has it before it is whole, and it is removed first.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import GoldenError
from harness.folders import json_text, recover, write_atomic
from harness.goldenfile import MANIFEST
from harness.goldens import RECORD, goldens_in, read_object, read_record

PENDING = "PENDING.json"
_SUFFIX = ".new"
_ANEW = "`harness record` makes the recording anew"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """What waits for `accept`, by case id."""

    cases: tuple[str, ...] = ()  #: recorded, whether anything changes or not
    changed: tuple[str, ...] = ()  #: those of which any line of MANIFEST changes
    gone: tuple[str, ...] = ()  #: in no case file any more
    transcripts: Mapping[str, str] = field(default_factory=dict)  #: texts that differ from the case file's

    def __str__(self) -> str:
        """Return what accepting would change: `4 cases, 0 transcripts and 1 removal`."""
        counts = (len(self.changed), "case"), (len(self.transcripts), "transcript"), (len(self.gone), "removal")
        cases, transcripts, removals = (f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts)
        return f"{cases}, {transcripts} and {removals}"

    @property
    def differs(self) -> bool:
        """True when accepting would change anything."""
        return bool(self.changed or self.gone or self.transcripts)

    def only(self, wanted: Callable[[str], bool]) -> Pending:
        """Return what is pending of the cases that are `wanted`."""
        return Pending(
            cases=tuple(filter(wanted, self.cases)),
            changed=tuple(filter(wanted, self.changed)),
            gone=tuple(filter(wanted, self.gone)),
            transcripts={case_id: text for case_id, text in self.transcripts.items() if wanted(case_id)},
        )

    def joined(self, other: Pending) -> Pending:
        """Return both together; they are of different cases."""
        return Pending(
            cases=(*self.cases, *other.cases),
            changed=(*self.changed, *other.changed),
            gone=(*self.gone, *other.gone),
            transcripts={**self.transcripts, **other.transcripts},
        )


def pending_folder(root: Path, version: str) -> Path:
    """Return where a recording waits for `accept`."""
    return root / f"{version}{_SUFFIX}"


def read_pending(folder: Path) -> Pending | None:
    """Return what is pending in `folder`, None when nothing is; finishes first what was interrupted there.

    Raises `GoldenError` when the recording is not whole: accepting it would lose goldens.
    """
    recover(folder)
    path = folder / PENDING
    try:
        pending = _parse(read_object(path, hint=_ANEW), path)
    except FileNotFoundError:
        return None
    known = goldens_in(folder, folder.name.removesuffix(_SUFFIX)).decided()
    for case_id in pending.cases:
        if case_id not in known:
            problem = f"the pending recording has nothing of {case_id!r}, which {PENDING} names, over this reference"
            raise GoldenError(problem, where=str(folder / MANIFEST), hint=_ANEW)
    if not (folder / RECORD).exists():
        raise GoldenError("the pending recording lacks this file", where=str(folder / RECORD), hint=_ANEW)
    read_record(folder)
    return pending


def _parse(value: Mapping[str, Any], path: Path) -> Pending:
    lists = [value.get(name) for name in ("cases", "changed", "gone")]
    texts = value.get("transcripts")
    if isinstance(texts, dict) and all(isinstance(row, list) for row in lists):
        cases, changed, gone = (tuple(row or ()) for row in lists)
        if all(isinstance(text, str) for text in (*cases, *changed, *gone, *texts.values())):
            return Pending(cases=cases, changed=changed, gone=gone, transcripts=texts)
    raise GoldenError("does not say what is pending", where=str(path), hint=_ANEW)


def write_pending(folder: Path, pending: Pending) -> None:
    """Say in `folder` what of it is pending."""
    write_atomic(folder / PENDING, json_text(asdict(pending)))


def remove_pending(folder: Path) -> None:
    """Remove a pending recording: from the first step on it is none, so that no half of one is ever accepted."""
    (folder / PENDING).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
