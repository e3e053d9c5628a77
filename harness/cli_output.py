"""Where a command writes: stdout for itself alone, and files of a report."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import TextIO

from harness.errors import UsageError

_STDOUT, _STDERR = 1, 2
#: what an encoding cannot write, such as half of a surrogate pair in a plug-in's message, is no reason to stop
_ERRORS = "backslashreplace"


def keep_stdout() -> None:
    """Keep stdout for this process's own words, under another descriptor: the usual one leads to stderr from now on.

    So nothing that an implementation prints lands in a report, from native code and child processes neither; and not
    at the end, when C and Fortran print what they held back.
    """
    with suppress(AttributeError, OSError, ValueError):  # no stdout, no stderr, or something else in their place
        if sys.stdout.fileno() == _STDOUT and sys.stderr.fileno() == _STDERR:
            sys.stdout.flush()
            kept = os.fdopen(
                os.dup(_STDOUT), "w", encoding=sys.stdout.encoding, errors=_ERRORS,
                buffering=1 if sys.stdout.isatty() else -1,
            )  # fmt: skip
            os.dup2(_STDERR, _STDOUT)
            sys.stdout = kept


@contextmanager
def stdout_alone() -> Iterator[TextIO]:
    """Yield stdout for the command alone: what Python code of an implementation prints meanwhile goes to stderr."""
    stdout = sys.stdout
    with redirect_stdout(sys.stderr):
        yield stdout


def open_report(stack: ExitStack, path: Path | None, stdout: TextIO) -> TextIO | None:
    """Open a report for writing until `stack` closes; '-' is stdout."""
    if path is None:
        return None
    if str(path) == "-":
        return stdout
    try:
        return stack.enter_context(path.open("w", encoding="utf-8", errors=_ERRORS))
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(path)) from error


def give_up_stdout() -> None:
    """Let Python end in silence after stdout could not be written: it would try once more."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
