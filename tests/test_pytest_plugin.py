"""The pytest plug-in: one test a case, the verdicts and words of the command line."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from test_cli import DOCUMENT, MY_OPS, run

#: starts hundreds of processes
pytestmark = pytest.mark.slow

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def pytest_run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # hypothesis has no part in it, and takes longer to import than all the rest of such a run
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my_ops.py").write_text(MY_OPS)
    return tmp_path


def test_every_case_is_a_test_with_its_id(folder: Path) -> None:
    done = pytest_run(folder, "--implementation", "numpy", "-v", "--golden-cases", "regularization/dropout")
    assert done.returncode == 0, done.stdout
    assert "regularization/dropout::document PASSED" in done.stdout
    assert " 67 passed in " in done.stdout


def test_cases_are_chosen_with_k(folder: Path) -> None:
    done = pytest_run(folder, "--implementation", "numpy", "-k", "document", "--golden-cases", "regularization")
    count = len(run("list", "regularization").stdout.splitlines())
    assert f"collected {count} items / {count - 1} deselected / 1 selected" in done.stdout
    assert f"1 passed, {count - 1} deselected" in done.stdout


@pytest.mark.parametrize(
    "words",
    ["regularization/dropout/document", "regularization/dropout::document", "regularization and dropout and document"],
)
def test_k_sees_family_operator_case_and_id(folder: Path, words: str) -> None:
    done = pytest_run(folder, "--implementation", "numpy", "-k", words, "--golden-cases", "regularization/d*", "-v")
    assert done.returncode == 0, done.stdout
    assert "regularization/dropout::document PASSED" in done.stdout
    assert "1 passed" in done.stdout


def test_the_command_of_the_readme_selects_what_it_says(folder: Path) -> None:
    (command,) = (line for line in README.splitlines() if line.startswith("$ pytest --implementation"))
    done = pytest_run(folder, *shlex.split(command)[2:], "-v")
    assert "regularization/dropout::small FAILED" in done.stdout, done.stdout
    told = {line.split()[0] for line in done.stdout.splitlines() if " FAILED " in line or " SKIPPED " in line}
    assert told
    assert all("dropout" in name and name.endswith("::small") for name in told)


def test_the_cases_are_a_tree(folder: Path) -> None:
    done = pytest_run(folder, "--implementation", "numpy", "--collect-only", "--golden-cases", DOCUMENT)
    tree = ["<GoldenFamily regularization>", "  <GoldenOperator dropout>", "    <GoldenItem document>"]
    assert "\n".join(tree) in done.stdout


def test_the_cases_come_beside_the_tests_that_there_are(folder: Path) -> None:
    (folder / "golden").mkdir()
    (folder / "golden" / "test_mine.py").write_text("def test_mine(): pass\n")
    done = pytest_run(folder, "--implementation", "numpy", "--golden-cases", DOCUMENT, "-v")
    assert "golden/test_mine.py::test_mine PASSED" in done.stdout
    assert "2 passed in " in done.stdout


# -- nothing judged


@pytest.mark.parametrize("parallel", [[], ["-n", "2"]])
def test_a_run_that_judged_nothing_is_no_success(folder: Path, parallel: list[str]) -> None:
    (folder / "golden").mkdir()
    (folder / "golden" / "test_mine.py").write_text("def test_mine(): pass\n")
    done = pytest_run(folder, "--implementation", "json", "--golden-cases", "regularization/*/small", *parallel)
    assert done.returncode == 5, done.stdout
    assert "golden harness: nothing was judged: json offers none of the 19 selected cases\n" in done.stdout
    assert "1 passed, 19 skipped in " in done.stdout


def test_one_case_that_is_judged_is_enough(folder: Path) -> None:
    penalty = "def l1_penalty(weight, lambd):\n    return abs(weight).sum() * weight.dtype.type(lambd)\n"
    (folder / "my_ops.py").write_text(penalty)
    done = pytest_run(folder, "--implementation", "my_ops", "--golden-cases", "regularization/*/small")
    assert done.returncode == 0, done.stdout
    assert "nothing was judged" not in done.stdout


def test_the_failure_text_is_that_of_the_command_line(folder: Path) -> None:
    done = pytest_run(folder, "--implementation", "my_ops", "--golden-cases", DOCUMENT)
    assert done.returncode == 1
    told = run("replay", "my_ops", DOCUMENT, cwd=folder).stdout.splitlines()[1:-2]
    assert "\n".join(told) in done.stdout


def test_verdicts_are_those_of_the_command_line(folder: Path) -> None:
    done = pytest_run(folder, "--implementation", "my_ops", "-q", "-rN", "--golden-cases", "regularization")
    last = run("replay", "my_ops", "regularization", cwd=folder).stdout.splitlines()[-1]
    passed, failed, unsupported = (int(part.split()[0]) for part in last.split(", "))
    assert f"{failed} failed, {passed} passed, {unsupported} skipped" in done.stdout


def test_it_works_in_parallel_and_with_junit(folder: Path) -> None:
    arguments = ("--implementation", "my_ops", "-q", "-n", "2", "--junitxml=out.xml")
    done = pytest_run(folder, *arguments, "--golden-cases", "regularization/*/small")
    assert done.returncode == 1, done.stdout
    suite = ET.parse(folder / "out.xml").getroot().find("testsuite")  # noqa: S314 - our own file
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("19", "1", "18")
    failed = [case for case in suite.iter("testcase") if case.find("failure") is not None]
    assert [(case.get("classname"), case.get("name")) for case in failed] == [("regularization.dropout", "small")]


def test_one_line_in_a_test_file_does_the_same(folder: Path) -> None:
    (folder / "test_mine.py").write_text(
        "import my_ops\n"
        "from harness.pytest_plugin import golden_test\n"
        'test_golden = golden_test(my_ops, "regularization/dropout/document")\n'
        'test_numpy = golden_test("numpy", "regularization/dropout/document")\n'
    )
    done = pytest_run(folder, "-v")
    assert f"test_mine.py::test_golden[{DOCUMENT}] FAILED" in done.stdout
    assert f"test_mine.py::test_numpy[{DOCUMENT}] PASSED" in done.stdout
    told = run("replay", "my_ops", DOCUMENT, cwd=folder).stdout.splitlines()[1:-2]
    assert "\n".join(told) in done.stdout


@pytest.mark.parametrize("parallel", [[], ["-n", "2"]])
def test_a_wrong_name_is_a_usage_error(folder: Path, parallel: list[str]) -> None:
    done = pytest_run(folder, "--implementation", "nunpy", *parallel)
    assert done.returncode == 4
    assert "no implementation and no module named 'nunpy'; did you mean 'numpy'?" in done.stderr


def test_a_selection_of_nothing_is_a_usage_error(folder: Path) -> None:
    done = pytest_run(folder, "--implementation", "numpy", "--golden-cases", "regularization/none")
    assert done.returncode == 4
    assert "no case matches 'regularization/none'" in done.stderr


def test_without_the_option_nothing_is_collected(folder: Path) -> None:
    assert pytest_run(folder).returncode == 5
