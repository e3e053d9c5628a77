"""Known deviations: what a file may say, and that it is held to it, no more and no less."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from test_cli import run
from test_pytest_plugin import pytest_run
from test_zoo import results_of
from zoo import WRONG

from harness.deviations import Deviations, Usage
from harness.deviationsfile import read_deviations
from harness.errors import CaseFileError, UsageError
from harness.locations import default_cases
from harness.matrix import read_case_names
from harness.model import Deviation, Difference, Location, Result, Stage, Verdict
from harness.report.deviations import SeenDeviations, minor_versions

CASES = default_cases()
WHERE = Location(file="d.yaml", line=3, column=3)
ID = "f/o/a"


def entry(*stages: Stage, pattern: str = "f/o/*", line: int = 3, versions: str = "") -> Deviation:
    where = Location(file="d.yaml", line=line, column=3)
    return Deviation(patterns=(pattern,), stages=stages, reason="why", link="", versions=versions, where=where)


def result(verdict: Verdict, message: str = "", *, ok: str = "", wrong: str = "", case_id: str = ID) -> Result:
    differences = [Difference(stage=Stage(stage), name="x", level="ok") for stage in ok.split()]
    differences += [Difference(stage=Stage(stage), name="x", level="values", ratio=9.0) for stage in wrong.split()]
    return Result(id=case_id, verdict=verdict, where=WHERE, message=message, differences=tuple(differences))


def judged(one: Result, *entries: Deviation, version: str = "1.2") -> Result:
    return Deviations(entries, implementation="mine", version=version).judge(one)


# -- verdicts

PASSES = result(Verdict.PASS, ok="forward backward")
FAILS = result(Verdict.FAIL, ok="forward", wrong="backward")
ALL = result(Verdict.FAIL, wrong="forward backward")
RAISES = result(Verdict.ERROR, "ValueError: no")
LAW = result(Verdict.FAIL, "law keep_rate: no", ok="forward backward")
FORWARD, BACKWARD, EVAL = Stage


@pytest.mark.parametrize(
    ("one", "entries", "verdict"),
    [
        (PASSES, [], "PASS"),
        (PASSES, [entry(pattern="f/other/*")], "PASS"),
        (PASSES, [entry()], "UNEXPECTED_PASS"),
        (PASSES, [entry(BACKWARD)], "UNEXPECTED_PASS"),
        (PASSES, [entry(EVAL)], "PASS"),
        (FAILS, [entry(pattern="f/other/*")], "FAIL"),
        (FAILS, [entry(pattern="f/o")], "EXPECTED_FAIL"),
        (FAILS, [entry()], "EXPECTED_FAIL"),
        (FAILS, [entry(BACKWARD)], "EXPECTED_FAIL"),
        (FAILS, [entry(BACKWARD, EVAL)], "EXPECTED_FAIL"),
        (FAILS, [entry(FORWARD)], "FAIL"),
        (FAILS, [entry(EVAL)], "FAIL"),
        (FAILS, [entry(FORWARD, BACKWARD)], "UNEXPECTED_PASS"),
        (FAILS, [entry(), entry(FORWARD)], "UNEXPECTED_PASS"),
        (FAILS, [entry(BACKWARD, versions="<1.2")], "FAIL"),
        (FAILS, [entry(BACKWARD, versions=">=1.2,<2")], "EXPECTED_FAIL"),
        (ALL, [entry(BACKWARD)], "FAIL"),
        (ALL, [entry(BACKWARD), entry(FORWARD)], "EXPECTED_FAIL"),
        (LAW, [entry(FORWARD)], "EXPECTED_FAIL"),
        (LAW, [entry()], "EXPECTED_FAIL"),
        (LAW, [entry(BACKWARD)], "FAIL"),
        (RAISES, [], "ERROR"),
        (RAISES, [entry()], "EXPECTED_FAIL"),
        (RAISES, [entry(FORWARD)], "ERROR"),
        (RAISES, [entry(FORWARD), entry()], "EXPECTED_FAIL"),
        (result(Verdict.CRASH, "SIGSEGV"), [entry()], "EXPECTED_FAIL"),
        (result(Verdict.TIMEOUT, "60 s"), [entry()], "EXPECTED_FAIL"),
        *((result(verdict), [entry()], verdict) for verdict in (Verdict.UNSUPPORTED, Verdict.MISSING, Verdict.STALE)),
    ],
)  # fmt: skip
def test_a_verdict_follows_from_the_entries(one: Result, entries: list[Deviation], verdict: str) -> None:
    assert judged(one, *entries).verdict == verdict


def test_what_is_unexpected_is_told_with_its_place_and_what_to_do() -> None:
    told = "it passes, and d.yaml:3:3 expects otherwise (why): take the case out of that entry"
    assert judged(PASSES, entry()).message == told
    told = "forward conforms, and d.yaml:3:3 expects otherwise (why): take the stage, or the case, out of that entry"
    assert judged(FAILS, entry(FORWARD, BACKWARD)).message == told
    told = "forward differs too, which d.yaml:3:3 does not expect"
    assert judged(ALL, entry(BACKWARD)).message == told
    told = "ValueError: no\nd.yaml:3:3 expects a stage to differ; an entry without 'stage' expects ERROR too"
    assert judged(RAISES, entry(FORWARD)).message == told


def test_a_version_that_is_none_cannot_be_compared() -> None:
    with pytest.raises(UsageError) as caught:
        judged(PASSES, entry(versions=">=1"), version="")
    assert str(caught.value) == (
        "d.yaml:3:3: this entry is for versions '>=1', and 'mine' has no version; "
        "give it one as PEP 440 has it (1.2.3), or leave 'versions' out"
    )
    with pytest.raises(UsageError, match="'mine' has the version 'nightly'"):
        judged(PASSES, entry(versions=">=1"), version="nightly")
    assert judged(PASSES, entry(), version="").verdict is Verdict.UNEXPECTED_PASS


@pytest.mark.parametrize("version", ["2.0.0rc1", "2.0.0+cpu", "2.0.3.dev7"])
def test_a_version_of_any_kind_lies_in_its_range(version: str) -> None:
    assert judged(FAILS, entry(versions=">=2.0.0rc1,<2.1"), version=version).verdict is Verdict.EXPECTED_FAIL


def test_an_entry_whose_cases_were_not_judged_is_unused() -> None:
    known = Deviations([entry(), entry(EVAL, line=7), entry(pattern="g/*", line=9)], implementation="mine", version="")
    usage = Usage()
    for one in (FAILS, result(Verdict.UNSUPPORTED, case_id="f/o/b")):
        usage.add(known.of(one.id), known.judge(one).deviations)
    assert usage.unused() == ["d.yaml:7:3: unused: no eval was judged of the 2 cases that it matches in this run"]


# -- the file


def read(folder: Path, text: str) -> list[Deviation]:
    path = folder / "d.yaml"
    path.write_text(text, encoding="utf-8")
    return read_deviations(path, CASES)


def test_an_entry_in_full(tmp_path: Path) -> None:
    (one,) = read(
        tmp_path,
        "- id: [activation/relu, activation/*/integers]\n  stage: [backward, forward]\n  reason: why\n"
        '  link: docs/x.md#y\n  versions: ">=0.10,<0.11"\n',
    )
    assert (one.patterns, one.stages) == (("activation/relu", "activation/*/integers"), (FORWARD, BACKWARD))
    assert (one.reason, one.link, one.versions) == ("why", "docs/x.md#y", ">=0.10,<0.11")
    assert str(one.where).endswith("d.yaml:1:3")


def test_nothing_deviates(tmp_path: Path) -> None:
    assert read(tmp_path, "# none\n[]\n") == []


GOOD = "- id: activation/relu\n  reason: why\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ":1:1: the file is empty; write [] when nothing deviates"),
        ("{a", ":2:1: not YAML: "),
        ("a: 1\n", ":1:1: a deviations file is a list of entries, found a dict; see docs/deviations.md"),
        ("- 3\n", ":1:3: an entry is a mapping, found a int; see docs/deviations.md"),
        (GOOD + "  stag: forward\n", ":3:3: unknown key 'stag' (stag); did you mean 'stage'?"),
        (GOOD + "  stage: forwards\n", ":3:10: unknown value 'forwards' for stage; did you mean 'forward'?"),
        (GOOD + "  stage: [eval, wackward]\n", ":3:17: unknown value 'wackward' for stage.1; did you mean 'backward'?"),
        (GOOD + "  stage: []\n", ":3:10: found [] for stage: list should have at least 1 item"),
        (GOOD + "- id: activation/relu\n", ":3:3: key 'reason' is missing (reason); see docs/deviations.md"),
        ("- id: activation/relu\n  reason: ' '\n", ":2:11: a reason says why it differs, found an empty text (reason)"),
        ("- id: 3\n  reason: why\n", ":1:7: found 3 for id: input should be a valid string"),
        ("- id: []\n  reason: why\n", ":1:7: found [] for id: list should have at least 1 item"),
        (
            GOOD + "  versions: '0.10'\n",
            ":3:13: found '0.10', expected a PEP 440 specifier such as '>=0.10,<0.11' or '==2.1.*' (versions)",
        ),
        (GOOD + "  versions: 0.10\n", ":3:13: found 0.1 for versions: input should be a valid string"),
        (GOOD + "- id: activation/rleu\n  reason: why\n", ":3:7: no case matches 'activation/rleu'; did you mean "),
        (
            "- id:\n    - activation/relu\n    - activation/relu/smal\n  reason: why\n",
            ":3:7: no case matches 'activation/relu/smal'; did you mean 'activation/relu/small'?",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(CaseFileError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'd.yaml'}{told}")
    assert caught.value.exit_code == 2


# -- written ones


@pytest.mark.parametrize(
    ("version", "specifier"),
    [
        ("0.10.2", ">=0.10.2,<0.11"), ("2.13.0+cpu", ">=2.13.0,<2.14"), ("2.0.0rc1", ">=2.0.0rc1,<2.1"),
        ("7", ">=7,<8"), ("1!2.3", ">=1!2.3,<1!2.4"), ("", ""), ("nightly", ""),
    ],
)  # fmt: skip
def test_the_versions_written_end_at_the_next_minor_one(version: str, specifier: str) -> None:
    assert minor_versions(version) == specifier


def ids_of(operator: str) -> list[str]:
    return [f"{operator}/{name}" for name in read_case_names(CASES / f"{operator}.yaml")]


def written(*results: Result, version: str = "1.2") -> str:
    seen = SeenDeviations()
    for one in results:
        seen.add(one)
    return seen.text(
        title="mine", golden="torch-2.13.0", version=version, ids_of=lambda path: [f"{path}/a", f"{path}/b"]
    )


def test_an_operator_is_named_as_a_whole_only_where_all_of_it_deviates_alike() -> None:
    b = {"case_id": "f/o/b"}
    a_list = "- id:\n    - f/o/a\n    - f/o/b\n"
    for others, pattern in (
        ([result(Verdict.FAIL, wrong="backward", **b)], "- id: f/o/*\n  stage: backward\n"),
        ([result(Verdict.UNSUPPORTED, **b)], "- id: f/o/*\n"),
        ([result(Verdict.PASS, **b)], "- id: f/o/a\n"),
        ([result(Verdict.MISSING, **b)], "- id: f/o/a\n"),
        ([], "- id: f/o/a\n"),
        ([result(Verdict.FAIL, wrong="forward", **b)], "- id: f/o/a\n"),
        ([result(Verdict.FAIL, wrong="backward", **b), result(Verdict.PASS, case_id="f/o/c")], a_list),
    ):
        assert pattern in written(FAILS, *others)


def test_a_reason_is_what_was_seen() -> None:
    dtype = Difference(stage=FORWARD, name="x", level="dtype", detail="dtype float64; expected float32")
    integers = Difference(stage=FORWARD, name="y", level="values", mismatched=2, total=3)
    text = written(
        FAILS,
        result(Verdict.ERROR, "ValueError: a: 3\n  at x.py", case_id="f/o/b"),
        Result(id="f/o/c", verdict=Verdict.FAIL, where=WHERE, differences=(dtype, integers)),
        result(Verdict.FAIL, "law keep_rate: 0.7", ok="forward", case_id="f/o/d"),
    )
    assert '  reason: "values differ: error ratio up to 9 (limit 8), backward/x"\n' in text
    assert '- id: f/o/b\n  reason: "ERROR: ValueError: a: 3"\n' in text
    assert '  reason: "dtype float64; expected float32; values differ: 2 of 3 elements, forward/y"\n' in text
    assert '- id: f/o/d\n  stage: forward\n  reason: "law keep_rate: 0.7"\n' in text
    assert text.count('  versions: ">=1.2,<1.3"\n') == 4
    assert "versions" not in written(FAILS, version="")


def test_nothing_that_differs_is_an_empty_list() -> None:
    assert written(PASSES).endswith("\n[]\n")


def test_written_entries_expect_all_that_the_zoo_does(tmp_path: Path) -> None:
    animals = {animal.operator: animal for animal in WRONG}  # one of each operator: an id has one verdict
    results = [one for animal in animals.values() for one in results_of(animal)]
    seen = SeenDeviations()
    for one in results:
        seen.add(one)
    text = seen.text(title="zoo", golden="torch-2.13.0", version="1.2", ids_of=ids_of)
    known = Deviations(read(tmp_path, text), implementation="zoo", version="1.2.9")
    after = [known.judge(one) for one in results]
    expected = [one.verdict for one in results if one.verdict in (Verdict.PASS, Verdict.UNSUPPORTED)]
    assert len(expected) < len(results)
    assert {str(one.verdict) for one in after} == {"PASS", "EXPECTED_FAIL", *map(str, expected)}
    assert sum(one.verdict is Verdict.EXPECTED_FAIL for one in after) == len(results) - len(expected)
    assert re.search(r"^- id: regularization/\w+/\*$", text, re.MULTILINE)


# -- a run

OPS = """
from zoo import L2GradientTwice, L1PythonFloat

__version__ = "1.4.2"
l2_penalty = L2GradientTwice
l1_penalty = L1PythonFloat
"""
PATTERNS = ("regularization/l1_penalty", "regularization/l2_penalty", "regularization/sgd/small")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an implementation that deviates, and the file that says how."""
    folder = tmp_path_factory.mktemp("deviates")
    tests = str(Path(__file__).parent)
    (folder / "deviates.py").write_text(f"import sys\nsys.path.insert(0, {tests!r})\n{OPS}", encoding="utf-8")
    done = run("replay", "deviates", *PATTERNS, "--write-deviations", "d.yaml", cwd=folder)
    assert done.returncode == 1, done.stderr
    assert "d.yaml: expects what differs in this run; say why in each reason" in done.stdout.splitlines()
    return folder


def test_the_file_that_a_run_wrote_makes_it_succeed(folder: Path) -> None:
    text = (folder / "d.yaml").read_text(encoding="utf-8")
    assert "- id: regularization/l1_penalty/*\n  reason: " in text
    assert text.count('  versions: ">=1.4.2,<1.5"\n') == text.count("- id:")
    one, two = (
        run("replay", "deviates", *PATTERNS, "--deviations", "d.yaml", *more, cwd=folder)
        for more in (["--json", "r.jsonl", "--junit", "r.xml"], ["--jobs", "2"])
    )
    assert (one.returncode, one.stdout) == (two.returncode, two.stdout)
    assert one.returncode == 0, one.stdout
    *rows, footer = map(json.loads, (folder / "r.jsonl").read_text(encoding="utf-8").splitlines()[1:])
    expected = footer["verdicts"]["EXPECTED_FAIL"]
    assert one.stdout.splitlines()[-1].endswith(f" passed, 0 failed, {expected} failed as expected, 1 unsupported")
    assert "EXPECTED_FAIL " not in one.stdout
    told = [row["deviations"] for row in rows if row["verdict"] == "EXPECTED_FAIL"]
    assert all(re.fullmatch(r"d\.yaml:\d+:3", known["where"]) and known["reason"] for (known,) in told)
    suite = ET.parse(folder / "r.xml").getroot()  # noqa: S314 - our own file
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("0", "0", str(expected + 1))
    skipped = suite.find("testcase/skipped[@type='EXPECTED_FAIL']")
    assert skipped is not None
    assert re.match(r"expected: ERROR: .* \(d\.yaml:\d+:3\)$", skipped.get("message", ""))


def test_verbose_tells_what_was_expected(folder: Path) -> None:
    small = "regularization/l1_penalty/small"
    lines = run("replay", "deviates", small, "--deviations", "d.yaml", "-v", cwd=folder).stdout.splitlines()
    assert lines[1].startswith(f"EXPECTED_FAIL {small} (")
    assert lines[2].startswith("  expected: ERROR: ")


def test_what_passes_unexpectedly_fails_the_run(folder: Path) -> None:
    (folder / "strict.yaml").write_text("- id: regularization/l2_penalty/*\n  stage: forward\n  reason: why\n")
    done = run("replay", "deviates", "regularization/l2_penalty/small", "--deviations", "strict.yaml", cwd=folder)
    assert done.returncode == 1
    assert "  forward conforms, and strict.yaml:1:3 expects otherwise (why): " in done.stdout
    assert "  backward differs too, which strict.yaml:1:3 does not expect\n" in done.stdout
    (folder / "strict.yaml").write_text("- id: regularization/l2_penalty\n  reason: why\n")
    done = run("replay", "numpy", "regularization/l2_penalty/small", "--deviations", "strict.yaml", cwd=folder)
    assert done.returncode == 1
    assert "UNEXPECTED_PASS regularization/l2_penalty/small (" in done.stdout
    assert "  it passes, and strict.yaml:1:3 expects otherwise (why): take the case out of that entry\n" in done.stdout
    assert done.stdout.splitlines()[-1] == "0 passed, 0 failed, 1 passed unexpectedly, 0 unsupported"


def test_an_entry_that_no_judged_case_meets_is_told(folder: Path) -> None:
    (folder / "unused.yaml").write_text("- id: regularization/sgd/small\n  reason: why\n")
    done = run("replay", "deviates", "regularization/sgd/small", "--deviations", "unused.yaml", cwd=folder)
    assert done.returncode == 3
    told = "unused.yaml:1:3: unused: no stage was judged of the one case that it matches in this run"
    assert told in done.stdout.splitlines()
    done = run("replay", "numpy", "regularization/renorm", "--deviations", "unused.yaml", cwd=folder)
    assert (done.returncode, "unused" in done.stdout) == (0, False)


def test_a_file_is_not_overwritten_and_not_written_beside_one_that_is_read(folder: Path) -> None:
    before = (folder / "d.yaml").read_text(encoding="utf-8")
    done = run("replay", "deviates", *PATTERNS, "--write-deviations", "d.yaml", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    told = "harness: d.yaml: there is such a file already, and it is not overwritten; give another name, "
    assert done.stderr.startswith(told)
    assert (folder / "d.yaml").read_text(encoding="utf-8") == before
    done = run("replay", "deviates", "--deviations", "d.yaml", "--write-deviations", "e.yaml", cwd=folder)
    assert done.stderr == ("harness: --deviations and --write-deviations cannot be given together; give one of them\n")


def test_pytest_takes_the_file_by_option_and_by_ini(folder: Path) -> None:
    replayed = run("replay", "deviates", "regularization/l2_penalty", "--deviations", "d.yaml", cwd=folder)
    counts = [int(part.split()[0]) for part in replayed.stdout.splitlines()[-1].split(", ")]
    passed, _, expected, _ = counts
    arguments = ("--implementation", "deviates", "-q", "--golden-cases", "regularization/l2_penalty")
    done = pytest_run(folder, *arguments, "--runxfail", "--deviations", "d.yaml", "-rN")
    assert f"{expected} failed, {passed} passed" in done.stdout
    (folder / "pytest.ini").write_text("[pytest]\ngolden_deviations = d.yaml\n")
    done = pytest_run(folder, *arguments, "-rx")
    (folder / "pytest.ini").unlink()
    assert done.returncode == 0, done.stdout
    assert f"{passed} passed, {expected} xfailed" in done.stdout
    assert re.search(r"^XFAIL regularization/l2_penalty::small - .* \(.*d\.yaml:\d+:3\)$", done.stdout, re.MULTILINE)


def test_pytest_fails_what_passes_unexpectedly_and_tells_what_is_unused(folder: Path) -> None:
    (folder / "two.yaml").write_text(
        "- id: regularization/renorm\n  reason: why\n- id: regularization/l2_penalty/small\n  reason: why\n"
    )
    (folder / "test_mine.py").write_text(
        "from pathlib import Path\nfrom harness.pytest_plugin import golden_test\n"
        "test_one = golden_test('numpy', 'regularization/renorm/small', deviations=Path('two.yaml'))\n"
    )
    cases = ("--golden-cases", "regularization/l2_penalty/small", "--golden-cases", "regularization/renorm/small")
    done = pytest_run(folder, "--implementation", "deviates", "-q", "--deviations", "two.yaml", *cases)
    assert "1 failed, 1 skipped, 1 xfailed" in done.stdout
    assert "it passes, and two.yaml:1:3 expects otherwise (why): take the case out of that entry" in done.stdout
    assert "golden harness: two.yaml:1:3: unused: no stage was judged of the one case" in done.stdout
