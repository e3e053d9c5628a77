"""A run over many cases: in this process, or in several that each take one case file at a time."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from harness.casefile import read_case_file
from harness.errors import RecordError
from harness.goldens import Goldens, open_goldens
from harness.implementation import IN_PROCESS, load_implementation
from harness.inputs import Drawer
from harness.model import Call, Implementation, Limits, Outputs, Result, Verdict
from harness.replay import Judge, replay_file
from harness.selection import select_files, selected

#: the built-in implementation, whose law says what a random operator answers under another noise
_LAW = "harness.implementations.numpy"
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Session:
    """What to replay: an implementation by name, the cases, and the goldens of one version."""

    implementation: str
    cases: Path
    goldens: Path
    version: str
    patterns: tuple[str, ...] = ()
    limits: Limits = IN_PROCESS
    ratios: bool = True  #: keep how each array of a case that passes compares: a JSON report tells it, nothing else

    def files(self) -> list[Path]:
        """Return the case files that hold a selected case. Raises `NothingSelected` when there is none."""
        return select_files(self.cases, self.patterns)

    def results(
        self, files: list[Path], *, pool: ProcessPoolExecutor | None = None
    ) -> Iterator[tuple[Path, list[Result]]]:
        """Yield each file's results, in the order of `files`, one file's at a time."""
        yield from zip(files, over_files(functools.partial(_replay, self), files, pool=pool), strict=True)


@contextmanager
def worker_pool(jobs: int) -> Iterator[ProcessPoolExecutor | None]:
    """Start `jobs` processes, which import the harness meanwhile, and yield their pool; None for one job."""
    if jobs == 1:
        yield None
        return
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        for _ in range(jobs):
            pool.submit(_started)
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _started() -> None:
    """Do nothing: to find this function is to have imported the harness."""


def over_files(work: Callable[[Path], R], files: Iterable[Path], *, pool: ProcessPoolExecutor | None) -> Iterator[R]:
    """Yield what `work` returns for each case file, in their order; in the processes of `pool` where there is one.

    Raises `RecordError` when a process dies.
    """
    if pool is None:
        yield from map(work, files)
        return
    try:
        yield from pool.map(work, files)
    except BrokenProcessPool as error:
        hint = "without --jobs the last case shown is the one before the culprit"
        raise RecordError("a process of the run died: the implementation took it down", hint=hint) from error


class _Law:
    """The built-in implementation, loaded when the first law is asked for: most runs do without its imports."""

    name = "law"
    version = ""

    def run(self, call: Call) -> Outputs:
        """Answer a call that carries its noise."""
        return _built_in().run(call)


@functools.cache
def _built_in() -> Implementation:
    return load_implementation(_LAW)


def make_judge(implementation: Implementation) -> Judge:
    """Return a judge of `implementation`."""
    return Judge(implementation=implementation, law=_Law(), drawer=Drawer())


@functools.lru_cache(maxsize=1)
def prepared(session: Session) -> tuple[Judge, Goldens]:
    """Load what every file of a session needs; a process of its own does so once."""
    goldens = open_goldens(session.goldens, session.version)
    judge = make_judge(load_implementation(session.implementation, session.limits))
    gc.freeze()  # what the imports made lives as long as the process: the collector need not walk it again and again
    gc.set_threshold(50_000)  # a case makes thousands of objects, which go without it: nothing in them is a cycle
    return judge, goldens


def _replay(session: Session, file: Path) -> list[Result]:
    judge, goldens = prepared(session)
    cases = [case for case in read_case_file(file, session.cases) if selected(case.id, session.patterns)]
    results = replay_file(judge, file, cases, root=session.cases, goldens=goldens)
    if session.ratios:
        return list(results)
    return [replace(one, differences=()) if one.verdict is Verdict.PASS else one for one in results]


def implementation_of(session: Session) -> Implementation:
    """Return the implementation that a session replays. Raises `UsageError` when it cannot be loaded."""
    return prepared(session)[0].implementation
