from __future__ import annotations

import pickle

import pytest

from harness import errors
from harness.errors import CaseFileError, GoldenError, HarnessError, nearest


@pytest.mark.parametrize(
    ("where", "hint", "text"),
    [
        ("", "", "wrong"), ("x.yaml:1:2", "", "x.yaml:1:2: wrong"), ("", "do this", "wrong; do this"),
        ("x.yaml", "do this", "x.yaml: wrong; do this"),
    ],
)  # fmt: skip
def test_an_error_words_itself(where: str, hint: str, text: str) -> None:
    assert str(HarnessError("wrong", where=where, hint=hint)) == text


@pytest.mark.parametrize("kind", [HarnessError, *HarnessError.__subclasses__(), errors.NotOffered])
def test_an_error_crosses_a_process_boundary_whole(kind: type[HarnessError]) -> None:
    error = kind("wrong", where="x.yaml:1:2", hint="do this")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - its own bytes
    assert (type(copy), str(copy)) == (kind, str(error))
    assert (copy.problem, copy.where, copy.hint, copy.exit_code) == ("wrong", "x.yaml:1:2", "do this", kind.exit_code)


def test_exit_codes() -> None:
    assert (CaseFileError.exit_code, errors.UsageError.exit_code) == (2, 2)
    assert (errors.RecordError.exit_code, errors.NothingSelected.exit_code, GoldenError.exit_code) == (1, 3, 4)


def test_nearest_suggests_a_close_name() -> None:
    assert nearest("droput", ["dropout", "renorm"]) == "did you mean 'dropout'?"


def test_nearest_lists_a_few_names_when_none_is_close() -> None:
    assert nearest("zzz", ["b", "a"]) == "expected one of 'a', 'b'"


@pytest.mark.parametrize("names", [[], [f"name{i}" for i in range(13)]])
def test_nearest_says_nothing_of_no_names_and_of_many(names: list[str]) -> None:
    assert nearest("zzz", names) == ""
