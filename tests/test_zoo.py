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

from harness.casefile import read_case_file
from harness.goldens import open_goldens
from harness.locations import default_cases, default_goldens
from harness.model import Case, Result, Verdict
from harness.namespace import Namespace
from harness.report.text import describe
from harness.session import make_judge
from zoo import RIGHT, WRONG, Animal

FAMILY = "regularization"
CASES = default_cases()
GOLDENS = open_goldens(default_goldens())


@functools.cache
def cases_of(operator: str) -> list[Case]:
    """Read the cases of an operator once for all of its animals."""
    return list(read_case_file(CASES / FAMILY / f"{operator}.yaml", CASES))


@functools.cache
def results_of(animal: Animal) -> list[Result]:
    """Replay an animal over all cases of its operator."""
    judge = make_judge(Namespace(SimpleNamespace(**{animal.operator: animal.build}), name=animal.name))
    goldens = GOLDENS.operator(f"{FAMILY}/{animal.operator}")
    with np.errstate(all="ignore"):
        return [judge.judge(case, goldens) for case in cases_of(animal.operator)]


def by_name(animal: Animal) -> str:
    """Return the id of a test."""
    return animal.name


@pytest.mark.parametrize("animal", WRONG, ids=by_name)
def test_a_wrong_implementation_is_caught(animal: Animal) -> None:
    results = results_of(animal)
    told = [result for result in results if result.verdict is animal.expects]
    telling = [result for result in told if _may_tell(animal, result)]
    assert telling, f"{animal.lie} But of {animal.case!r} it is {verdicts(results)}."
    assert any(animal.says in describe(result) for result in telling), describe(telling[0])


def _may_tell(animal: Animal, result: Result) -> bool:
    name = result.id.rpartition("/")[2]
    return any(fnmatchcase(name, pattern) for pattern in animal.case.split("|"))


def verdicts(results: list[Result]) -> str:
    """Return which verdicts there are."""
    return ", ".join(sorted({str(result.verdict) for result in results}))


@pytest.mark.parametrize("animal", WRONG, ids=by_name)
def test_a_wrong_implementation_comes_to_no_other_verdict(animal: Animal) -> None:
    """An animal is tiny: whatever it gets wrong beyond its lie would be caught in the lie's place."""
    others = {result.verdict for result in results_of(animal)} - {animal.expects}
    assert others <= {Verdict.PASS, Verdict.UNSUPPORTED}


@pytest.mark.parametrize("animal", RIGHT, ids=by_name)
def test_a_right_implementation_passes(animal: Animal) -> None:
    wrong = [result for result in results_of(animal) if result.verdict is not Verdict.PASS]
    told = [result for result in wrong if not _draws_nothing(result)]
    assert not told, "\n".join(describe(result) for result in told[:3])


def _draws_nothing(result: Result) -> bool:
    """Tell whether a case is about the noise of an implementation that draws none."""
    return result.verdict is Verdict.UNSUPPORTED and result.id.endswith("/laws")


def test_every_operator_has_an_animal_of_each_kind() -> None:
    operators = {path.stem for path in (CASES / FAMILY).glob("*.yaml")}
    assert {animal.operator for animal in WRONG} == operators
    assert {animal.operator for animal in RIGHT} == operators


def test_the_zoo_is_large_and_each_animal_says_how_it_lies() -> None:
    animals = (*WRONG, *RIGHT)
    assert len({animal.name for animal in animals}) == len(animals)
    assert len(WRONG) >= 45
    assert all(animal.lie.endswith(".") for animal in animals)
