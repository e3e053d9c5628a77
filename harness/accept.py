"""Moves a pending recording into the goldens: whole or not at all, whenever it is interrupted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.casefile import read_case_file
from harness.errors import NothingSelected
from harness.folders import building, put_in_place, put_together, recover, write_atomic
from harness.goldens import REFERENCE, settled
from harness.matrix import read_text
from harness.pending import Pending, pending_folder, read_pending, remove_pending, write_pending
from harness.selection import selected
from harness.yamltext import replace_scalar


def accept(root: Path, version: str, patterns: Sequence[str], *, cases_root: Path) -> Pending:
    """Accept the pending recording of the selected cases; return what was accepted.

    The next state is put together beside the goldens and takes their place in one rename. Transcripts follow, each
    case file in one rename. Raises `NothingSelected` when nothing is pending, and `GoldenError` when what is pending
    is not whole.
    """
    folder = root / version
    pending = pending_folder(root, version)
    recover(folder)
    waiting = read_pending(pending)
    if waiting is None:
        raise NothingSelected(f"nothing is pending for {version}", hint="`harness record` makes a recording")
    chosen = waiting.only(lambda case_id: selected(case_id, patterns))
    if not chosen.cases and not chosen.gone:
        raise NothingSelected("no pending case matches", hint=f"pending: {waiting} of {version}")
    base = None if version == REFERENCE else settled(root / REFERENCE)
    put_together(building(folder), folder, pending, take=set(chosen.cases), drop=set(chosen.gone), base=base)
    put_in_place(folder)
    _accept_transcripts(chosen.transcripts, cases_root)
    left = waiting.only(lambda case_id: not selected(case_id, patterns))
    if left.differs:
        write_pending(pending, left)
    else:
        remove_pending(pending)
    return chosen


def _accept_transcripts(texts: Mapping[str, str], cases_root: Path) -> None:
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
