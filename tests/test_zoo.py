"""Every wrong implementation of the zoo is caught, and no right one is."""

from __future__ import annotations

import functools
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from zoo import RIGHT, WRONG, Animal
from zoo_catalogue import RIGHT_CATALOGUE, WRONG_CATALOGUE

from harness.casefile import read_case_file
from harness.goldens import open_goldens
from harness.locations import default_cases, default_goldens
from harness.model import Case, Result, Verdict
from harness.namespace import Namespace
from harness.report.text import describe
from harness.session import make_judge

FAMILY = "regularization"
CASES = default_cases()


@functools.cache
def cases_of(operator: str, family: str = FAMILY) -> list[Case]:
    """Read the cases of an operator once for all of its animals."""
    return list(read_case_file(CASES / family / f"{operator}.yaml", CASES))


@functools.cache
def results_of(animal: Animal) -> list[Result]:
    """Replay an animal over all cases of its operator."""
    judge = make_judge(Namespace(SimpleNamespace(**{animal.operator: animal.build}), name=animal.name))
    goldens = open_goldens(default_goldens()).operator(f"{animal.family}/{animal.operator}")
    with np.errstate(all="ignore"):
        return [judge.judge(case, goldens) for case in cases_of(animal.operator, animal.family)]


def by_name(animal: Animal) -> str:
    """Return the id of a test."""
    return animal.name


# -- the wrong ones


@pytest.mark.slow
@pytest.mark.parametrize("animal", [*WRONG, *WRONG_CATALOGUE], ids=by_name)
def test_a_wrong_implementation_is_caught_and_has_no_fault_beside_its_lie(animal: Animal) -> None:
    results = [result for result in results_of(animal) if _may_tell(animal, result)]
    telling = [result for result in results if result.verdict is animal.expects]
    assert telling, f"{animal.lie} But {animal.case!r} says: {sorted({str(result.verdict) for result in results})}"
    assert any(animal.says in describe(result) for result in telling), describe(telling[0])
    verdicts = {result.verdict for result in results_of(animal)}
    allowed = {Verdict.PASS, Verdict.UNSUPPORTED, Verdict.FAIL, animal.expects}
    assert verdicts <= allowed, "it has a fault beside its lie"


def _may_tell(animal: Animal, result: Result) -> bool:
    name = result.id.rpartition("/")[2]
    return any(fnmatchcase(name, pattern) for pattern in animal.case.split("|"))


# -- the right ones


@pytest.mark.slow
@pytest.mark.parametrize("animal", [*RIGHT, *RIGHT_CATALOGUE], ids=by_name)
def test_a_right_implementation_passes(animal: Animal) -> None:
    others = [result for result in results_of(animal) if result.verdict is not Verdict.PASS]
    told = [result for result in others if not _draws_nothing(result)]
    assert not told, "\n".join(describe(result) for result in told[:3])


def _draws_nothing(result: Result) -> bool:
    """Tell whether a case is about the noise of an implementation that draws none."""
    return result.verdict is Verdict.UNSUPPORTED and result.id.endswith("/laws")


# -- the zoo itself


def test_every_operator_has_an_animal_of_each_kind() -> None:
    operators = {path.stem for path in (CASES / FAMILY).glob("*.yaml")}
    assert {animal.operator for animal in WRONG} == operators
    assert {animal.operator for animal in RIGHT} == operators


def test_every_other_family_has_animals_of_each_kind() -> None:
    families = {path.name for path in CASES.iterdir() if path.is_dir()} - {FAMILY}
    assert {animal.family for animal in WRONG_CATALOGUE} == families
    assert {animal.family for animal in RIGHT_CATALOGUE} == families


def test_the_zoo_is_large_and_each_animal_says_how_it_lies() -> None:
    animals = (*WRONG, *WRONG_CATALOGUE, *RIGHT, *RIGHT_CATALOGUE)
    assert len({animal.name for animal in animals}) == len(animals)
    assert len(WRONG) >= 45
    assert len(WRONG_CATALOGUE) >= 80
    assert len(RIGHT_CATALOGUE) >= 15
    assert all(animal.lie.endswith(".") for animal in animals)


# -- through the command line, once for each verdict

CLIPS = "lambda clip_value, **grads: {name: np.clip(grad, -clip_value, clip_value) for name, grad in grads.items()}"
CLIPS_FROM_ABOVE = "lambda clip_value, **grads: {name: np.minimum(grad, clip_value) for name, grad in grads.items()}"
DIVIDES_BY_ZERO = "lambda clip_value, **grads: 1 / 0"
TAKES_NO_PARAM = "lambda grad_weight, grad_bias: grad_weight"


def replay(folder: Path, function: str) -> tuple[int, list[str]]:
    """Replay a module with that `clip_grad_value` as a user does: the exit code, and the lines below the first."""
    module = folder / "my_ops.py"
    module.write_text(f"import numpy as np\n\nclip_grad_value = {function}\n", encoding="utf-8")
    command = [sys.executable, "-m", "harness", "replay", str(module), f"{FAMILY}/clip_grad_value/small"]
    folders = ["--cases-dir", str(CASES), "--golden-dir", str(default_goldens())]
    done = subprocess.run([*command, *folders], capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    first, *lines = done.stdout.splitlines()
    assert first == f"Replaying {module} against the goldens of torch-2.13.0"
    return done.returncode, lines


def title(verdict: Verdict) -> str:
    """Return the line that names the case and its place."""
    where = next(case.where for case in cases_of("clip_grad_value") if case.name == "small")
    return f"{verdict} {FAMILY}/clip_grad_value/small ({where})"


def test_a_pass_exits_with_0(tmp_path: Path) -> None:
    assert replay(tmp_path, CLIPS) == (0, ["1 passed, 0 failed, 0 unsupported"])


def test_a_fail_exits_with_1_and_shows_the_numbers(tmp_path: Path) -> None:
    code, lines = replay(tmp_path, CLIPS_FROM_ABOVE)
    assert code == 1
    assert lines == [
        title(Verdict.FAIL),
        "  transcript: forward/grad_weight: element [1, 1] is -1.0541197061538696, the transcript says -0.5",
        "  forward/grad_weight: 1 of 6 elements differ; judged by: at most 8 times the bound",
        "    at [1, 1]:",
        "      actual -1.0541197061538696, golden -0.5",
        "      |actual - truth| = 0.554, bound 5.96e-08: error ratio 9.3e+06 (limit 8), 8.84e+06 ulp from the golden",
        "  conforms: forward/grad_bias",
        "0 passed, 1 failed, 0 unsupported",
    ]


def test_an_error_exits_with_1_and_shows_the_line_that_raised(tmp_path: Path) -> None:
    code, lines = replay(tmp_path, DIVIDES_BY_ZERO)
    assert code == 1
    assert lines == [
        title(Verdict.ERROR),
        "  ZeroDivisionError: division by zero",
        f"    at {tmp_path / 'my_ops.py'}:3 in <lambda>: clip_grad_value = {DIVIDES_BY_ZERO}",
        "0 passed, 0 failed, 1 raised an error, 0 unsupported",
    ]


def test_nothing_but_unsupported_exits_with_3(tmp_path: Path) -> None:
    code, lines = replay(tmp_path, TAKES_NO_PARAM)
    assert code == 3
    assert len(lines) == 2
    assert "it takes no param 'clip_value' (it takes none)" in lines[0]
    assert f"{FAMILY}/clip_grad_value" in lines[0]
    assert lines[1] == "0 passed, 0 failed, 1 unsupported"
