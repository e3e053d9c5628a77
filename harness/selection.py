"""Which cases a command is about: case files below a root, and glob patterns over case ids."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.casefile import read_case_file
from harness.errors import NothingSelected, UsageError, nearest
from harness.model import Case


def case_files(root: Path) -> list[Path]:
    """Return every case file below `root`, sorted by its path.

    Raises `UsageError` when `root` is no folder, `NothingSelected` when it holds no case file.
    """
    if not root.is_dir():
        raise UsageError("no such folder of case files", where=str(root), hint="name one with --cases-dir")
    files = sorted(root.glob("*/*.yaml"))
    if not files:
        raise NothingSelected("no case files (<family>/<operator>.yaml) below this folder", where=str(root))
    return files


def operator_path(file: Path, root: Path) -> str:
    """Return `<family>/<operator>` of a case file."""
    return file.relative_to(root).with_suffix("").as_posix()


def selected(case_id: str, patterns: Sequence[str]) -> bool:
    """Tell whether a case is meant: by a glob over its id, or by a family or operator that it belongs to.

    >>> selected("regularization/dropout/document", ["regularization/*/doc*"])
    True
    >>> selected("regularization/dropout/document", ["regularization/dropout"])
    True
    """
    return not patterns or any(_matches(case_id, pattern) for pattern in patterns)


def _matches(case_id: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(case_id, pattern) or case_id.startswith(pattern.rstrip("/") + "/")


def select_files(root: Path, patterns: Sequence[str]) -> list[Path]:
    """Return the case files that hold a selected case.

    Raises `NothingSelected` for a pattern that matches no case, naming the nearest id.
    """
    files = case_files(root)
    if not patterns:
        return files
    unmatched = set(patterns)
    chosen = []
    known = []
    for file in files:
        ids = [case.id for case in read_case_file(file, root)]
        hits = {pattern for pattern in patterns if any(_matches(case_id, pattern) for case_id in ids)}
        unmatched -= hits
        known += [operator_path(file, root), *ids]
        if hits:
            chosen.append(file)
    for pattern in patterns:
        if pattern in unmatched:
            raise NothingSelected(f"no case matches {pattern!r}", hint=_suggestion(pattern, known))
    return chosen


def _suggestion(pattern: str, known: list[str]) -> str:
    hint = nearest(pattern, known)
    return hint if hint.startswith("did") else "`harness list` prints the cases there are"


def select_cases(root: Path, patterns: Sequence[str]) -> Iterator[tuple[Path, list[Case]]]:
    """Yield each case file with its selected cases; one file is held at a time."""
    for file in select_files(root, patterns):
        yield file, [case for case in read_case_file(file, root) if selected(case.id, patterns)]
