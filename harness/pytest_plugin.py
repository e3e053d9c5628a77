"""Replay under pytest: `pytest --implementation my_ops`, or in a test file `test_golden = golden_test("my_ops")`.

Each case is one test. PASS passes; UNSUPPORTED is a skip with its reason; every other verdict fails with the words that
the command line prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.locations import default_cases, default_goldens


class Replayer:
    """Replays single cases by id; keeps the few golden files that it read last."""

    def __init__(
        self, implementation: str | object, *, cases: Path | None = None, goldens: Path | None = None,
        version: str | None = None,
    ) -> None:  # fmt: skip
        """Load the implementation and open the goldens; raises `HarnessError` when either cannot be had."""
        # Imported here: pytest loads this module at every start, and most runs have no --implementation.
        from harness.casefile import read_case_file  # noqa: PLC0415
        from harness.cli_options import version_name  # noqa: PLC0415
        from harness.goldens import open_goldens  # noqa: PLC0415
        from harness.implementation import load_implementation  # noqa: PLC0415
        from harness.session import make_judge  # noqa: PLC0415

        self.cases_root = cases or default_cases()
        self.goldens = open_goldens(goldens or default_goldens(), version_name(version))
        self.judge = make_judge(load_implementation(implementation))
        self._operator = lru_cache(maxsize=4)(self.goldens.operator)
        self._cases = lru_cache(maxsize=4)(lambda file: {c.id: c for c in read_case_file(file, self.cases_root)})

    def ids(self, patterns: tuple[str, ...]) -> Iterator[tuple[str, Path, int]]:
        """Yield id, file and line of every selected case."""
        from harness.casefile import select_cases  # noqa: PLC0415

        for file, cases in select_cases(self.cases_root, patterns):
            yield from ((case.id, file, case.where.line) for case in cases)

    def check(self, case_id: str) -> None:
        """Judge one case: return, skip or fail."""
        from harness.model import Verdict  # noqa: PLC0415
        from harness.report.text import describe  # noqa: PLC0415

        path = case_id.rpartition("/")[0]
        case = self._cases(self.cases_root / f"{path}.yaml")[case_id]
        result = self.judge.judge(case, self._operator(path), absent=self.goldens.absent(case_id))
        if result.verdict is Verdict.UNSUPPORTED:
            pytest.skip(result.message)
        if result.verdict is not Verdict.PASS:
            pytest.fail(describe(result), pytrace=False)


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
    ids = [case_id for case_id, _, _ in replayer.ids(patterns)]

    @pytest.mark.parametrize("case_id", ids)
    def test_golden(case_id: str) -> None:
        replayer.check(case_id)

    return test_golden


class GoldenItem(pytest.Item):
    """One case as a test."""

    def __init__(self, *, replayer: Replayer, case_id: str, file: Path, line: int, **kwargs: Any) -> None:
        """Remember what to replay, and where the case stands."""
        super().__init__(**kwargs)
        self._replayer = replayer
        self._case_id = case_id
        self._place = (file, line - 1, case_id)
        self.add_marker("golden")

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
        return self._place


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a replay."""
    group = parser.getgroup("golden harness")
    group.addoption("--implementation", metavar="NAME", help="replay the golden cases against this implementation")
    group.addoption("--golden", metavar="VERSION", help="version of the goldens, such as torch-1.13.1")
    group.addoption("--golden-cases", metavar="GLOB", action="append", default=[], help="only these cases")
    group.addoption("--cases-dir", metavar="DIR", type=Path, help="folder of case files")
    group.addoption("--golden-dir", metavar="DIR", type=Path, help="folder of goldens")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker that every golden case carries."""
    config.addinivalue_line("markers", "golden: a case of the golden harness")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add one item a case, before -k and -m choose among them."""
    implementation = config.getoption("--implementation")
    if implementation is None:
        return
    try:
        replayer = Replayer(
            implementation,
            cases=config.getoption("--cases-dir"),
            goldens=config.getoption("--golden-dir"),
            version=config.getoption("--golden"),
        )
        for case_id, file, line in replayer.ids(tuple(config.getoption("--golden-cases"))):
            path, _, name = case_id.rpartition("/")
            items.append(
                GoldenItem.from_parent(
                    session, name=name, nodeid=f"{path}::{name}", replayer=replayer, case_id=case_id, file=file,
                    line=line,
                )
            )  # fmt: skip
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say who is judged."""
    implementation = config.getoption("--implementation")
    return None if implementation is None else f"golden harness: replaying {implementation}"
