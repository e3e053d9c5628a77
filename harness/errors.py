"""What can go wrong, in words a user can act on.

Every error the harness raises on purpose is a `HarnessError`: it knows the exit code of the command line and words
itself as *where: what, found, expected, next step*. `Unsupported` is the one exception that a plug-in raises.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class HarnessError(Exception):
    """An error with an address: shown to the user as one message, without a stack trace."""

    #: exit code of the command line: 1 not conforming, 2 usage or unreadable case, 3 nothing ran, 4 golden unusable
    exit_code = 2

    def __init__(self, problem: str, *, where: str = "", hint: str = "") -> None:
        """Hold `problem` (what was found and expected), `where` (file:line:column) and `hint` (the next step)."""
        self.problem = problem
        self.where = where
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        """Return `where: problem; hint`, leaving out what is empty."""
        text = f"{self.where}: {self.problem}" if self.where else self.problem
        return f"{text}; {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        """Let the error cross a process boundary with its fields."""
        return (_rebuild, (type(self), self.problem, self.where, self.hint))


def _rebuild(kind: type[HarnessError], problem: str, where: str, hint: str) -> HarnessError:
    return kind(problem, where=where, hint=hint)


class CaseFileError(HarnessError):
    """A case file that cannot be read: `where` is file:line:column."""


class UsageError(HarnessError):
    """The command was given something that it cannot use."""


class GivenUp(HarnessError):
    """The program that answers cannot be started again: the rest of the run would say nothing of it."""


class NothingSelected(HarnessError):
    """No case was selected, or no selected case could be run."""

    exit_code = 3


class GoldenError(HarnessError):
    """A golden is missing, stale or corrupt."""

    exit_code = 4


class RecordError(HarnessError):
    """A case that cannot be recorded: the reference refuses it, or its answer is ill-posed."""

    exit_code = 1


class NotOffered(RecordError):
    """A case that this version of the reference cannot do: an operator, param or dtype that it lacks."""


class Unsupported(Exception):
    """Raised by an implementation for an operator, param, dtype or stage that it does not offer."""


def message_of(error: BaseException) -> str:
    """Return what an exception says; of one that cannot say it, that.

    A plug-in's exception may do anything. What no encoding can write comes escaped.
    """
    try:
        text = str(error)
    except KeyboardInterrupt:
        raise
    except BaseException as failure:  # noqa: BLE001 - a message that cannot be had must not end the run
        return f"(its message cannot be had: `__str__` raised {type(failure).__name__})"
    return speakable(text)


def speakable(text: str) -> str:
    """Return a text with what no encoding can write, such as half of a surrogate pair, escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


#: how many valid names a message spells out
_SPELLED_OUT = 12


def nearest(name: str, names: Iterable[str]) -> str:
    """Return a "did you mean" hint for `name`, or the valid names when none is close, or ''.

    >>> nearest("flaot32", ["float32", "float64"])
    "did you mean 'float32'?"
    """
    known = sorted(names)
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"expected one of {', '.join(map(repr, known))}" if 0 < len(known) <= _SPELLED_OUT else ""
