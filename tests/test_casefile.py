from __future__ import annotations

from pathlib import Path

import pytest

from harness.casefile import parse_cases, read_case_file
from harness.errors import CaseFileError
from harness.model import Case, Stage

EXAMPLES = Path(__file__).parent / "example-cases"
HEAD = "summary: A small operator.\nreference: torch.nn.functional.gelu\nstages: [forward]\ncases:\n"
PLAIN = "  - name: {name}\n    inputs: {{input: {{randn: [3]}}}}\n"


def parse(cases: str, head: str = HEAD) -> list[Case]:
    return parse_cases(head + cases, family="family", operator="operator", file="x.yaml")


def only(cases: str, head: str = HEAD) -> Case:
    (case,) = parse(cases, head)
    return case


def examples(kind: str) -> list[Path]:
    return sorted((EXAMPLES / kind).glob("*.yaml"))


@pytest.mark.parametrize("file", examples("invalid"), ids=lambda file: file.stem)
def test_an_invalid_file_gives_exactly_this_message(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    with pytest.raises(CaseFileError) as caught:
        parse_cases(text, family="invalid", operator=file.stem, file=f"invalid/{file.name}")
    assert f"{caught.value}\n" == file.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", examples("valid"), ids=lambda file: file.stem)
def test_a_valid_file_is_read(file: Path) -> None:
    assert read_case_file(file, EXAMPLES)


def test_every_invalid_file_has_its_message() -> None:
    assert len(examples("invalid")) == len(list((EXAMPLES / "invalid").glob("*.txt"))) > 50


def test_the_path_names_family_and_operator() -> None:
    case = read_case_file(EXAMPLES / "valid" / "numbers.yaml", EXAMPLES)[0]
    assert (case.family, case.operator, case.path, case.id) == (
        "valid",
        "numbers",
        "valid/numbers",
        "valid/numbers/numbers",
    )


def test_numbers_in_params_are_numbers() -> None:
    case = read_case_file(EXAMPLES / "valid" / "numbers.yaml", EXAMPLES)[0]
    assert case.params == {
        "eps": 1e-5, "big": 1000.0, "hex": 31, "octal": 15, "word": "no", "infinite": float("-inf"), "nothing": None,
        "quoted": "1e-5",
    }  # fmt: skip


def test_a_missing_file_is_an_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(CaseFileError, match=r"operator\.yaml: cannot be read: No such file"):
        read_case_file(tmp_path / "family" / "operator.yaml", tmp_path)


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "family" / "operator.yaml"
    file.parent.mkdir()
    file.write_bytes(b"summary: \xff")
    with pytest.raises(CaseFileError, match="not UTF-8 at byte 9; save it as UTF-8"):
        read_case_file(file, tmp_path)


def test_the_place_of_a_transcript_counts_every_character_of_a_line_end(tmp_path: Path) -> None:
    file = tmp_path / "family" / "operator.yaml"
    file.parent.mkdir()
    text = HEAD + PLAIN.format(name="a") + '    transcript: {expect: "old"}\n'
    file.write_bytes(text.replace("\n", "\r\n").encode())
    (case,) = read_case_file(file, tmp_path)
    assert case.transcript is not None
    start, end = case.transcript.span
    assert file.read_bytes()[start:end] == b'"old"'


# -- the matrix


def test_a_matrix_is_the_product_of_its_axes() -> None:
    cases = read_case_file(EXAMPLES / "valid" / "matrix.yaml", EXAMPLES)
    assert [case.name for case in cases] == [
        "grid-float32-scalar-half", "grid-float32-scalar-tiny", "grid-float32-3x7-half", "grid-float32-3x7-tiny",
        "grid-float16-scalar-half", "grid-float16-scalar-tiny", "grid-float16-3x7-half", "grid-float16-3x7-tiny",
    ]  # fmt: skip
    last = cases[-1]
    assert (last.dtype, last.params, last.inputs["input"].shape) == ("float16", {"p": 1e-5}, (3, 7))
    assert last.inputs["input"].dtype == "float16"


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("0.5", "p0_5"), ("1", "p1"), ("-1", "pm1"), ("1e-5", "p1em05"), ("true", "p_true"), ("null", "p_none"),
        ("word", "word"), ("a b", "a_b"), ("[3, 7]", "p3x7"), ("[]", "pscalar"), ("[-1, 0.5]", "pm1x0_5"),
        (".inf", "pinf"),
    ],
)  # fmt: skip
def test_labels_name_the_value_and_not_its_position(value: str, label: str) -> None:
    text = f"  - name: a\n    matrix: {{p: [{value}]}}\n    params: {{p: $p}}\n    inputs: {{input: {{zeros: [3]}}}}\n"
    assert only(text).name == f"a-{label}"


def test_an_axis_is_replaced_only_where_it_is_the_whole_value() -> None:
    case = only(
        "  - name: a\n    matrix: {p: [0.5]}\n    params: {p: $p, q: 'a $p', r: [$p]}\n"
        "    inputs: {input: {zeros: [3]}}\n"
    )
    assert case.params == {"p": 0.5, "q": "a $p", "r": [0.5]}


# -- what is derived


def test_a_seed_depends_on_the_id_alone() -> None:
    alone = only(PLAIN.format(name="a"))
    beside = parse(PLAIN.format(name="new") + PLAIN.format(name="a"))[1]
    assert (alone.seed, alone.noise_seed, alone.digest) == (beside.seed, beside.noise_seed, beside.digest)
    assert alone.seed == 3454638098


def test_other_ids_have_other_seeds() -> None:
    a, b = parse(PLAIN.format(name="a") + PLAIN.format(name="b"))
    assert len({a.seed, b.seed, a.noise_seed, b.noise_seed}) == 4


@pytest.mark.parametrize(
    "line",
    ["seed: 1", "noise_seed: 1", "dtype: float64", "params: {p: 1}", "params: {p: 1.0}", "params: {p: true}"],
)
def test_what_decides_the_answer_changes_the_digest(line: str) -> None:
    plain = only(PLAIN.format(name="a"))
    assert only(PLAIN.format(name="a") + f"    {line}\n").digest != plain.digest


@pytest.mark.parametrize(
    "line", ["signed_zero: true", "tolerance: {rtol: 1, atol: 0, why: only for a test}", "# words"]
)
def test_what_only_judges_the_answer_leaves_the_digest(line: str) -> None:
    plain = only(PLAIN.format(name="a"))
    assert only(PLAIN.format(name="a") + f"    {line}\n").digest == plain.digest


def test_the_order_of_params_leaves_the_digest() -> None:
    one, two = (PLAIN.format(name="a") + f"    params: {{{params}}}\n" for params in ("p: 1, q: 2", "q: 2, p: 1"))
    assert only(one).digest == only(two).digest


def test_the_order_of_inputs_is_that_of_the_draws_and_changes_the_digest() -> None:
    one, two = (
        f"  - name: a\n    inputs: {{{text}}}\n"
        for text in ("x: {randn: []}, y: {zeros: []}", "y: {zeros: []}, x: {randn: []}")
    )
    assert list(only(two).inputs) == ["y", "x"]
    assert only(one).digest != only(two).digest


def test_stages_come_in_the_order_of_the_model() -> None:
    head = HEAD.replace("[forward]", "[eval, backward, forward]")
    case = only(PLAIN.format(name="a") + "    grad_outputs: {output: {zeros: [3]}}\n", head)
    assert case.stages == (Stage.FORWARD, Stage.BACKWARD, Stage.EVAL)


def test_a_case_narrows_the_stages_of_the_file() -> None:
    head = HEAD.replace("[forward]", "[forward, eval]")
    assert only(PLAIN.format(name="a") + "    stages: [eval]\n", head).stages == (Stage.EVAL,)


def test_noise_that_the_case_does_not_give_is_drawn_by_the_reference() -> None:
    head = HEAD.replace("stages", "noise: [mask, other]\nstages")
    case = only(PLAIN.format(name="a") + "    noise: {other: {value: [1, 0, 1]}}\n", head)
    assert case.noise["mask"] is None
    assert case.noise["other"] is not None
    assert case.noise["other"].dtype == "bool"


def test_a_case_stands_where_its_name_does() -> None:
    assert str(only(PLAIN.format(name="a")).where) == "x.yaml:5:11"


def test_a_transcript_knows_its_place_in_the_text() -> None:
    text = (
        HEAD + PLAIN.format(name="a") + "    transcript:\n      expect: |\n        é\n      options: {precision: 4}\n"
    )
    (case,) = parse_cases(text, family="f", operator="o", file="x.yaml")
    assert case.transcript is not None
    start, end = case.transcript.span
    assert text[start:end] == "|\n        é\n"
    assert (case.transcript.indent, case.transcript.expect) == (8, "é\n")
    assert case.transcript.options == {"precision": 4, "suppress": False, "linewidth": 75}


@pytest.mark.parametrize("root", ["torch.nn.functional.gelu", "harness.reference.regularization.dropout"])
def test_references_below_torch_and_the_harness_are_read(root: str) -> None:
    assert only(PLAIN.format(name="a"), HEAD.replace("torch.nn.functional.gelu", root)).reference == root


@pytest.mark.parametrize("root", ["os.system", "torch", "torchx.f", "harness.cli.main", "builtins.eval", "..torch.f"])
def test_any_other_reference_is_refused(root: str) -> None:
    with pytest.raises(CaseFileError, match=rf"^x\.yaml:2:12: found {root!r}, expected a name in torch, "):
        parse(PLAIN.format(name="a"), HEAD.replace("torch.nn.functional.gelu", root))
