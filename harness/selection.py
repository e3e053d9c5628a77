"""Which cases a command is about: case files below a root, and glob patterns over case ids."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from pathlib import Path

from harness.errors import NothingSelected, UsageError, nearest
from harness.matrix import read_case_names


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
    return not patterns or any(matches(case_id, pattern) for pattern in patterns)


def matches(case_id: str, pattern: str) -> bool:
    """Tell whether one pattern means a case; see `selected`."""
    return fnmatch.fnmatchcase(case_id, pattern) or case_id.startswith(pattern.rstrip("/") + "/")


def select_files(root: Path, patterns: Sequence[str]) -> list[Path]:
    """Return the case files that hold a selected case.

    Raises `NothingSelected` for a pattern that matches no case, naming the nearest id.
    """
    return [file for file, _ in select_ids(root, patterns)] if patterns else case_files(root)


def select_ids(root: Path, patterns: Sequence[str]) -> list[tuple[Path, list[str]]]:
    """Return the case files that hold a selected case, each with the ids of those cases.

    Raises `NothingSelected` for a pattern that matches no case, naming the nearest id.
    """
    chosen, unmatched = _scan(root, patterns)
    for pattern, hint in unmatched.items():
        raise NothingSelected(f"no case matches {pattern!r}", hint=hint)
    return chosen


def unmatched_patterns(root: Path, patterns: Sequence[str]) -> dict[str, str]:
    """Return the patterns that match no case, in their order, each with a hint at what was meant."""
    return _scan(root, patterns)[1]


def _scan(root: Path, patterns: Sequence[str]) -> tuple[list[tuple[Path, list[str]]], dict[str, str]]:
    """Return the case files that hold a selected case with the ids of those, and the patterns that match nothing."""
    unmatched = set(patterns)
    chosen = []
    known = []
    for file in case_files(root):
        operator = operator_path(file, root)
        known.append(operator)
        near = [pattern for pattern in patterns if may_match(operator, pattern)]
        if patterns and not near:
            continue
        ids = [f"{operator}/{name}" for name in read_case_names(file)]
        known += ids
        unmatched -= {
            pattern for pattern in unmatched.intersection(near) if any(matches(case_id, pattern) for case_id in ids)
        }
        hits = [case_id for case_id in ids if selected(case_id, near)]
        if hits:
            chosen.append((file, hits))
    return chosen, {pattern: _suggestion(pattern, known) for pattern in patterns if pattern in unmatched}


def may_match(operator: str, pattern: str) -> bool:
    """Tell whether a pattern can match a case of `<family>/<operator>`, by what it says before its first wildcard."""
    literal = re.split(r"[*?\[]", pattern, maxsplit=1)[0].rstrip("/")
    below = f"{operator}/"
    return below.startswith(literal) or literal.startswith(below)


def _suggestion(pattern: str, known: list[str]) -> str:
    hint = nearest(pattern, known)
    return hint if hint.startswith("did") else "`harness list` prints the cases there are"
