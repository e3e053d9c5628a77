"""Replay under pytest: `pytest --implementation my_ops`, or in a test file `test_golden = golden_test("my_ops")`.

Each case is one test. PASS passes; UNSUPPORTED is a skip with its reason; every other verdict fails with the words that
the command line prints.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import HarnessError
from harness.locations import default_cases, default_goldens

if TYPE_CHECKING:
    from harness.model import Case, Limits


class Replayer:
    """Replays single cases by id; keeps the few golden files that it read last."""

    def __init__(
        self, implementation: str | object, *, cases: Path | None = None, goldens: Path | None = None,
        version: str | None = None, limits: Limits | None = None,
    ) -> None:  # fmt: skip
        """Load the implementation and open the goldens; raises `HarnessError` when either cannot be had."""
        # Imported here: pytest loads this module at every start, and most runs have no --implementation.
        from harness.casefile import read_case_file  # noqa: PLC0415
        from harness.cli_options import version_name  # noqa: PLC0415
        from harness.goldens import open_goldens  # noqa: PLC0415
        from harness.implementation import IN_PROCESS, load_implementation  # noqa: PLC0415
        from harness.session import make_judge  # noqa: PLC0415

        self.cases_root = cases or default_cases()
        self.goldens = open_goldens(goldens or default_goldens(), version_name(version))
        self.judge = make_judge(load_implementation(implementation, limits or IN_PROCESS))
        self._operator = lru_cache(maxsize=4)(self.goldens.operator)
        self._cases = lru_cache(maxsize=4)(lambda file: {c.id: c for c in read_case_file(file, self.cases_root)})

    def select(self, patterns: tuple[str, ...]) -> list[tuple[Path, list[str]]]:
        """Return the case files that hold a selected case, each with the ids of those cases."""
        from harness.selection import select_ids  # noqa: PLC0415

        return select_ids(self.cases_root, patterns)

    def case(self, case_id: str) -> Case:
        """Return a case; raises `HarnessError` when its file cannot be read."""
        return self._cases(self.cases_root / f"{_path(case_id)}.yaml")[case_id]

    def check(self, case_id: str) -> None:
        """Judge one case: return, skip or fail."""
        from harness.model import Verdict  # noqa: PLC0415
        from harness.report.text import describe  # noqa: PLC0415

        try:
            operator = self._operator(_path(case_id))
            result = self.judge.judge(self.case(case_id), operator, absent=self.goldens.absent(case_id))
        except HarnessError as error:
            pytest.fail(str(error), pytrace=False)
        if result.verdict is Verdict.UNSUPPORTED:
            pytest.skip(result.message)
        if result.verdict is not Verdict.PASS:
            pytest.fail(describe(result), pytrace=False)


def _path(case_id: str) -> str:
    return case_id.rpartition("/")[0]


def golden_test(
    implementation: str | object, *patterns: str, cases: Path | None = None, goldens: Path | None = None,
    version: str | None = None,
) -> Callable[[str], None]:  # fmt: skip
    """Return a test function over the selected cases, for an implementer's own test file.

    `implementation` is a name as on the command line, or a module, class or object itself:

        from harness.pytest_plugin import golden_test
        test_golden = golden_test("my_ops", "regularization/dropout")
    """
    replayer = Replayer(implementation, cases=cases, goldens=goldens, version=version)
    ids = [case_id for _, selected in replayer.select(patterns) for case_id in selected]

    @pytest.mark.parametrize("case_id", ids)
    def test_golden(case_id: str) -> None:
        replayer.check(case_id)

    return test_golden


class GoldenFamily(pytest.Collector):
    """A family of operators."""

    def __init__(self, *, replayer: Replayer, files: Sequence[tuple[Path, list[str]]], **kwargs: Any) -> None:
        """Remember the case files of the family, each with the ids of its selected cases."""
        super().__init__(**kwargs)
        self._replayer = replayer
        self._files = files

    def collect(self) -> Iterator[pytest.Collector]:
        """Yield the operators."""
        for file, ids in self._files:
            yield GoldenOperator.from_parent(
                self, name=file.stem, nodeid=_path(ids[0]), path=file, replayer=self._replayer, ids=ids
            )


class GoldenOperator(pytest.Collector):
    """An operator."""

    def __init__(self, *, replayer: Replayer, ids: Sequence[str], **kwargs: Any) -> None:
        """Remember the ids of the selected cases."""
        super().__init__(**kwargs)
        self._replayer = replayer
        self._ids = ids

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the cases."""
        try:
            cases = [self._replayer.case(case_id) for case_id in self._ids]
        except HarnessError as error:
            raise self.CollectError(str(error)) from error
        for case in cases:
            yield GoldenItem.from_parent(
                self, name=case.name, replayer=self._replayer, case_id=case.id, line=case.where.line
            )


class GoldenItem(pytest.Item):
    """One case as a test: `<family>/<operator>::<case>`."""

    def __init__(self, *, replayer: Replayer, case_id: str, line: int, **kwargs: Any) -> None:
        """Remember what to replay, and where the case stands."""
        super().__init__(**kwargs)
        self._replayer = replayer
        self._case_id = case_id
        self._line = line
        self.add_marker("golden")
        self.extra_keyword_matches.update((case_id, self.nodeid))  # -k sees family, operator and case by themselves

    def runtest(self) -> None:
        """Judge the case."""
        self._replayer.check(self._case_id)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any, **kwargs: Any) -> Any:
        """Return the words of a verdict as they are; anything else as pytest shows it."""
        if isinstance(excinfo.value, pytest.fail.Exception):
            return str(excinfo.value)
        return super().repr_failure(excinfo, *args, **kwargs)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return file, line (from 0) and id of the case."""
        return self.path, self._line - 1, self._case_id


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a replay."""
    group = parser.getgroup("golden harness")
    group.addoption("--implementation", metavar="NAME", help="replay the golden cases against this implementation")
    group.addoption("--golden-isolate", action="store_true", help="run it in a process of its own")
    group.addoption("--golden-timeout", metavar="SECONDS", type=float, help="for each case; implies --golden-isolate")
    group.addoption("--golden", metavar="VERSION", help="version of the goldens, such as torch-1.13.1")
    group.addoption("--golden-cases", metavar="GLOB", action="append", default=[], help="only these cases")
    group.addoption("--cases-dir", metavar="DIR", type=Path, help="folder of case files")
    group.addoption("--golden-dir", metavar="DIR", type=Path, help="folder of goldens")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker that every golden case carries, and replay where --implementation says whom."""
    config.addinivalue_line("markers", "golden: a case of the golden harness")
    implementation = config.getoption("--implementation")
    if implementation is None:
        return
    from harness.model import Limits  # noqa: PLC0415

    try:
        replayer = Replayer(
            implementation,
            cases=config.getoption("--cases-dir"),
            goldens=config.getoption("--golden-dir"),
            version=config.getoption("--golden"),
            limits=Limits(isolate=config.getoption("--golden-isolate"), seconds=config.getoption("--golden-timeout")),
        )
        replay = GoldenReplay(implementation, replayer, tuple(config.getoption("--golden-cases")))
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from error
    config.pluginmanager.register(replay, "golden_replay")


class GoldenReplay:
    """The hooks of a run with --implementation: adds the cases, and says whether any of them was judged."""

    def __init__(self, implementation: str, replayer: Replayer, patterns: tuple[str, ...]) -> None:
        """Take the selected cases; raises `HarnessError` when there is none."""
        self._implementation = implementation
        self._replayer = replayer
        self._files = replayer.select(patterns)
        self._nodeids = {"::".join(case_id.rsplit("/", 1)) for _, ids in self._files for case_id in ids}
        self._asked = 0
        self._judged = 0

    def pytest_report_header(self) -> str:
        """Say who is judged."""
        return f"golden harness: replaying {self._implementation}"

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Collect the families beside what pytest finds itself."""
        report = yield
        if isinstance(collector, pytest.Session) and report.passed:
            report.result = [*report.result, *self._families(collector)]
        return report

    def _families(self, session: pytest.Session) -> Iterator[pytest.Collector]:
        for family, files in groupby(self._files, key=lambda entry: entry[0].parent.name):
            yield GoldenFamily.from_parent(
                session, name=family, nodeid=family, replayer=self._replayer, files=list(files)
            )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count the cases that came to a verdict."""
        if report.when == "call" and report.nodeid in self._nodeids:
            self._asked += 1
            self._judged += not report.skipped

    @property
    def _judged_nothing(self) -> bool:
        return bool(self._asked) and not self._judged

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let a run that judged nothing be none of success."""
        if self._judged_nothing and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say that nothing was judged."""
        if self._judged_nothing:
            what = "the one selected case" if self._asked == 1 else f"the {self._asked} selected cases"
            terminalreporter.write_line(
                f"golden harness: nothing was judged: {self._implementation} offers none of {what}", yellow=True
            )
