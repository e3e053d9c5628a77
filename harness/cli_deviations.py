"""The options --deviations and --write-deviations of a replay: files read and written around a run."""

from __future__ import annotations

from pathlib import Path

from harness.deviations import Deviations, Usage
from harness.deviationsfile import read_deviations
from harness.errors import UsageError
from harness.matrix import read_case_names
from harness.model import Result
from harness.report.deviations import SeenDeviations
from harness.session import Session


class KnownDeviations:
    """Holds each result against a file of known deviations, or gathers what such a file would have to say."""

    def __init__(self, read: Path | None, write: Path | None, session: Session, *, version: str) -> None:
        """Read the one file, or see that the other can be written.

        Raises `UsageError` for both at once and for a file that is there already, and `CaseFileError` for one that
        cannot be read.
        """
        if read is not None and write is not None:
            raise UsageError("--deviations and --write-deviations cannot be given together", hint="give one of them")
        if write is not None:
            _refuse_existing(write)
        self._known: Deviations | None = None
        self._usage = Usage()
        self._write = write
        self._seen = SeenDeviations()
        self._session = session
        self._version = version
        if read is not None:
            entries = read_deviations(read, session.cases)
            self._known = Deviations(entries, implementation=session.implementation, version=version)

    def judge(self, result: Result) -> Result:
        """Return a result held against what is known to deviate."""
        if self._write is not None:
            self._seen.add(result)
        if self._known is None:
            return result
        judged = self._known.judge(result)
        self._usage.add(self._known.of(result.id), judged.deviations)
        return judged

    def finish(self) -> list[str]:
        """Write the file that was asked for; return what there is to say at the end of a run."""
        if self._write is None:
            return self._usage.unused()
        session = self._session
        title = f"{session.implementation} {self._version}".rstrip()
        text = self._seen.text(title=title, golden=session.version, version=self._version, ids_of=self._ids_of)
        try:
            with self._write.open("x", encoding="utf-8") as out:
                out.write(text)
        except FileExistsError:
            _refuse_existing(self._write)
        except OSError as error:
            raise UsageError(f"cannot be written: {error.strerror}", where=str(self._write)) from error
        return [f"{self._write}: expects what differs in this run; say why in each reason"]

    def _ids_of(self, operator: str) -> list[str]:
        return [f"{operator}/{name}" for name in read_case_names(self._session.cases / f"{operator}.yaml")]


def _refuse_existing(path: Path) -> None:
    if path.exists():
        hint = "give another name, or remove it first"
        raise UsageError("there is such a file already, and it is not overwritten", where=str(path), hint=hint)
