from __future__ import annotations

from pathlib import Path

import pytest

from harness.casefile import read_case_file, select_cases
from harness.errors import CaseFileError, NothingSelected, UsageError
from harness.locations import default_cases
from harness.matrix import read_case_names
from harness.selection import case_files, operator_path, select_files, selected

TEXT = """summary: A small operator.
reference: torch.nn.functional.gelu
stages: [forward]
cases:
  - name: one
    inputs: {input: {zeros: [3]}}
  - name: two
    inputs: {input: {zeros: [3]}}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path in ("b/gelu", "a/relu", "a/elu"):
        file = tmp_path / f"{path}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(TEXT, encoding="utf-8")
    return tmp_path


def ids(root: Path, *patterns: str) -> list[str]:
    return [case.id for _, cases in select_cases(root, patterns) for case in cases]


def test_case_files_are_sorted(root: Path) -> None:
    assert [operator_path(file, root) for file in case_files(root)] == ["a/elu", "a/relu", "b/gelu"]


def test_no_pattern_selects_everything(root: Path) -> None:
    assert len(ids(root)) == 6


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a/relu/two", ["a/relu/two"]),
        ("a/relu", ["a/relu/one", "a/relu/two"]),
        ("a/relu/", ["a/relu/one", "a/relu/two"]),
        ("b", ["b/gelu/one", "b/gelu/two"]),
        ("*/two", ["a/elu/two", "a/relu/two", "b/gelu/two"]),
        ("a/?elu/o*", ["a/relu/one"]),
        ("[b]*", ["b/gelu/one", "b/gelu/two"]),
    ],
)
def test_patterns(root: Path, pattern: str, expected: list[str]) -> None:
    assert ids(root, pattern) == expected


def test_several_patterns_are_a_union_in_the_order_of_the_files(root: Path) -> None:
    assert ids(root, "b/gelu/two", "a/elu/one") == ["a/elu/one", "b/gelu/two"]


def test_part_of_a_word_selects_nothing() -> None:
    assert not selected("a/relu/one", ["a/rel"])
    assert not selected("a/relu/one", ["A/relu/one"])


def test_a_pattern_that_matches_nothing_names_the_nearest(root: Path) -> None:
    with pytest.raises(NothingSelected) as caught:
        select_files(root, ["a/relu", "a/rleu"])
    assert str(caught.value) == "no case matches 'a/rleu'; did you mean 'a/relu'?"
    assert caught.value.exit_code == 3


def test_a_pattern_that_is_near_to_nothing(root: Path) -> None:
    with pytest.raises(NothingSelected, match="no case matches 'zzz'; `harness list` prints the cases there are"):
        select_files(root, ["zzz"])


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder of case files; name one with --cases-dir"):
        case_files(tmp_path / "nowhere")


def test_an_empty_folder_is_nothing_selected(tmp_path: Path) -> None:
    with pytest.raises(NothingSelected, match="no case files"):
        case_files(tmp_path)


def test_the_names_alone_are_those_of_the_cases() -> None:
    root = default_cases()
    for file in case_files(root):
        assert read_case_names(file) == [case.name for case in read_case_file(file, root)], file


@pytest.mark.parametrize("entry", ["- 3", "- name: [a]", "- {name: a, matrix: 3}", "- {name: a, matrix: {p: []}}"])
def test_what_is_no_case_has_no_name(tmp_path: Path, entry: str) -> None:
    (tmp_path / "x.yaml").write_text(f"cases:\n  {entry}\n  - name: b\n", encoding="utf-8")
    assert read_case_names(tmp_path / "x.yaml") == ["b"]


def test_a_file_that_cannot_match_is_not_read(root: Path) -> None:
    (root / "b" / "broken.yaml").write_text("{", encoding="utf-8")
    assert ids(root, "a/*u/one", "b/gelu/tw?") == ["a/elu/one", "a/relu/one", "b/gelu/two"]
    with pytest.raises(CaseFileError, match=r"broken.yaml:.*: not YAML"):
        ids(root, "*/one")


@pytest.mark.parametrize(
    "text",
    [
        "cases: [{name: a, inputs: {}}, {name: b}]\n",
        "summary: x\ncases:\n  - {name: a}\n  - {name: b}\n",
        "summary: x\ncases:\n  - inputs: {}\n    name: a\n  - name: b\n",
        "summary: x\ncases:\n- name: a\n- name: b\n",
        "summary: x\ncases:\n    - name: a\n    - name: b\n",
        "summary: x\ncases:\n  - name: a\n  # - name: c\n    inputs:\n      name: {zeros: [1]}\n  - name: b\nx: 1\n",
        "summary: x\ncases:\n  - name: |-\n      a\n    summary: |\n      - name: c\n  - name: b\n",
        "summary: x\r\ncases:\r\n  - name: a\r\n  - name: b\r\n",
    ],
)
def test_names_are_found_however_a_file_is_laid_out(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.yaml").write_bytes(text.encode())
    assert read_case_names(tmp_path / "x.yaml") == ["a", "b"]
