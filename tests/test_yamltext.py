from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.errors import CaseFileError
from harness.yamltext import Mark, parse, replace_scalar


def value_of(scalar: str) -> object:
    return parse(f"key: {scalar}", "x.yaml").value["key"]


def complaint(text: str) -> str:
    with pytest.raises(CaseFileError) as caught:
        parse(text, "x.yaml")
    return str(caught.value)


# -- the core schema


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", 1e-5), ("1E+3", 1000.0), (".5", 0.5), ("-.5", -0.5), ("1.", 1.0), ("+1.5", 1.5), ("-0.0", -0.0),
        ("0", 0), ("-7", -7), ("+7", 7), ("007", 7), ("0o17", 15), ("0x1F", 31), ("12e03", 12000.0),
        ("1e400", math.inf), (".inf", math.inf), ("+.Inf", math.inf), ("-.INF", -math.inf),
        ("true", True), ("True", True), ("FALSE", False),
        ("null", None), ("~", None), ("", None), ("Null", None),
    ],
)  # fmt: skip
def test_plain_scalars_of_the_core_schema(text: str, value: object) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_nan(text: str) -> None:
    found = value_of(text)
    assert isinstance(found, float)
    assert math.isnan(found)


@pytest.mark.parametrize(
    "text",
    ["no", "yes", "on", "off", "y", "tRUE", "nULL", "1_000", "0b11", "12:30:45", "2001-01-01", ".", "1e", "e5",
     "0x", "0o8", "-0x1F", ".Nan", "inf", "nan", "1.2.3", "\u0661"],
)  # fmt: skip
def test_words_that_yaml_1_1_or_python_would_convert_stay_words(text: str) -> None:
    assert value_of(text) == text


@pytest.mark.parametrize("text", ['"1e-5"', "'true'", "|-\n  12", ">-\n  null"])
def test_quoted_scalars_and_blocks_are_text(text: str) -> None:
    assert isinstance(value_of(text), str)


@given(st.integers(min_value=-(10**28), max_value=10**28))
def test_integers_round_trip(number: int) -> None:
    assert value_of(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_round_trip(number: float) -> None:
    found = value_of(repr(number))
    assert isinstance(found, float)
    assert (found, math.copysign(1, found)) == (number, math.copysign(1, number))


def test_keys_are_always_text() -> None:
    assert parse("{1: a, null: b, true: c}", "x.yaml").value == {"1": "a", "null": "b", "true": "c"}


# -- positions


def test_marks_count_lines_and_columns_from_one_and_characters_from_zero() -> None:
    document = parse("a:\n  - xyz\n", "x.yaml")
    assert document.mark(("a", 0)) == Mark(line=2, column=5, start=7, end=10)
    assert document.mark_of_key(("a",)) == Mark(line=1, column=1, start=0, end=1)


def test_marks_count_characters_and_not_bytes() -> None:
    text = "é😀: 'x😀'\nb: y\n"
    mark = parse(text, "x.yaml").mark(("b",))
    assert text[mark.start : mark.end] == "y"


def test_locate_falls_back_to_the_nearest_ancestor() -> None:
    assert str(parse("a: {b: 1}", "x.yaml").locate(("a", "c", 0))) == "x.yaml:1:4"


def test_locate_a_key() -> None:
    assert str(parse("a: {b: 1}", "x.yaml").locate(("a", "b"), key=True)) == "x.yaml:1:5"


# -- what is refused


def test_a_duplicate_key_names_both_lines() -> None:
    assert complaint("a: 1\nb: 2\na: 3\n") == "x.yaml:3:1: duplicate key 'a' (a): it stands in line 1 already"


def test_an_alias() -> None:
    assert complaint("a: *b") == "x.yaml:1:4: alias *b is not allowed; write the value out, or use a matrix"


@pytest.mark.parametrize("node", ["&x 1", "&x [1]", "&x {b: 1}", "&x\n  |\n  text"])
def test_an_anchor(node: str) -> None:
    assert complaint(f"a: {node}").startswith("x.yaml:1:4: anchor &x is not allowed")


@pytest.mark.parametrize("node", ["!!int 1", "!!python/name:os.system ''", "!own [1]", "!!map {b: 1}"])
def test_a_tag(node: str) -> None:
    assert "tag 'tag:" in (found := complaint(f"a: {node}")) or "tag '!own'" in found


def test_a_tag_on_a_key() -> None:
    assert complaint("!!str a: 1").startswith("x.yaml:1:1: tag")


@pytest.mark.parametrize("text", ["a:\n\t- 1\n", "\ta: 1\n"])
def test_a_tab_in_the_indentation_says_so(text: str) -> None:
    assert complaint(text).endswith("indent with blanks, not with tabs")


@pytest.mark.parametrize("text", ["", "# only a comment\n", "\n\n"])
def test_an_empty_file(text: str) -> None:
    assert complaint(text) == "x.yaml:1:1: the file is empty; see docs/case-files.md"


def test_a_second_document() -> None:
    assert complaint("a: 1\n---\nb: 1\n").startswith("x.yaml:2:1: a second document in one file")


def test_a_byte_order_mark() -> None:
    assert complaint("\ufeffa: 1").startswith("x.yaml:1:1: the file begins with a byte order mark")


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("- ", "")])
def test_nesting_far_too_deep_is_an_error_and_no_overflow(opening: str, closing: str) -> None:
    assert "nested deeper than 50 levels" in complaint(opening * 900 + "1" + closing * 900)


def test_an_endless_integer_is_refused_before_it_is_converted() -> None:
    assert "an integer of 100000 digits" in complaint(f"a: {'9' * 100_000}")


@pytest.mark.parametrize(
    "text", ["a: [1", "a: {b: 1", "a: 'b", "a: @b", "a: b: c", "a: \x01", "- a\nb: 1", "? [a]\n: 1"]
)
def test_broken_yaml_is_one_line_with_the_file(text: str) -> None:
    found = complaint(text)
    assert found.startswith("x.yaml")
    assert "\n" not in found


@given(st.text(alphabet="ab:[]{}-,&*!|>'\"#%@`\n\t ?0.", max_size=30))
def test_any_text_is_parsed_or_refused_in_words(text: str) -> None:
    try:
        parse(text, "x.yaml")
    except CaseFileError as error:
        assert str(error).startswith("x.yaml")  # noqa: PT017 - most texts raise, some do not


# -- editing in place

STYLES = [
    '""', "''", '"old"  # a comment', "'it''s old'", "old", "old words\n    that go on", "|\n    old\n    text",
    "|  # a comment\n    old", "|2-\n      old", "|+\n    old\n\n", ">\n    old\n    folded\n", "|",
]  # fmt: skip
AROUND = [
    ("transcript:\n  expect: ", "\n"),
    ("transcript:\n  expect: ", ""),
    ("# above é\ntranscript:\n  expect: ", "\n\n# below\n  # deeper\nafter: [1]  # end\n"),
    ("cases:\n- name: a\n  expect: ", "\n  seed: 1\n- name: b\n"),
]
FLOW = [
    ("transcript: {expect: ", "}\n"),
    ("transcript: {expect: ", ", layout: x}  # c\n"),
    ("transcript: {\n  expect: ", "\n}\nafter: 1\n"),
    ("transcript: {\n  expect: ", "  # c\n  , layout: x\n}\n"),
]


def replaced(text: str, new: str) -> tuple[str, int, int]:
    """Replace the one scalar under a key `expect`; return the new text and where the old scalar stood."""
    document = parse(text, "x.yaml")
    path = next(path for path in document.ends if path[-1:] == ("expect",))
    mark = document.mark(path)
    return replace_scalar(text, mark.start, mark.end, new, document.mark_of_key(path).column + 1), mark.start, mark.end


def expect_in(text: str) -> str:
    document = parse(text, "x.yaml")
    path = next(path for path in document.ends if path[-1:] == ("expect",))
    value = document.value
    for part in path:
        value = value[part]
    return str(value)


def others(value: object) -> object:
    """Everything but the scalar under `expect`."""
    if isinstance(value, dict):
        return {key: others(item) for key, item in value.items() if key != "expect"}
    return [others(item) for item in value] if isinstance(value, list) else value


def test_a_comment_that_a_block_would_swallow_stays_a_comment() -> None:
    check_replacement("t:\n  expect: ", '""', "\n      # as deep as a block\n  layout: x\n", "two\nlines")


def check_replacement(before: str, style: str, after: str, new: str) -> None:
    text = before + style + after
    written, start, end = replaced(text, new)
    assert expect_in(written).strip("\n") == new.strip("\n")
    assert others(parse(written, "x.yaml").value) == others(parse(text, "x.yaml").value)
    assert written[:start] == text[:start]
    assert written.endswith(text[end:].lstrip("\n") if style[:1] in "|>" else text[end:].partition("\n")[2])
    for comment in ("# a comment", "# c\n", "# below\n  # deeper\n", "# as deep as a block\n", "# end\n"):
        assert written.count(comment) == text.count(comment)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("before", "after"), AROUND)
@pytest.mark.parametrize(
    "new", ["", "one line", "train :\n [[1. 2.]\n\n  [3. 4.]]", " begins with a blank", "# no comment"]
)
def test_a_scalar_of_any_style_is_replaced_and_nothing_else(before: str, after: str, style: str, new: str) -> None:
    check_replacement(before, style, after, new)


@pytest.mark.parametrize("style", ['""', "'old'", "old"])
@pytest.mark.parametrize(("before", "after"), FLOW)
@pytest.mark.parametrize("new", ["", "one line", "two\n lines", 'a "quoted" \\ one', "}"])
def test_in_a_flow_mapping_the_text_is_quoted(before: str, after: str, style: str, new: str) -> None:
    check_replacement(before, style, after, new)


@given(st.sampled_from(STYLES), st.sampled_from(AROUND), st.text())
@example('""', AROUND[0], "\tfirst a tab")
@example('""', AROUND[0], "\r\n\x85\u2028\x7f\ufeff\x00")
@example('""', AROUND[0], "  \n\n   ")
@example('""', AROUND[0], "--- a\n...\n%b")
def test_any_text_reads_back(style: str, around: tuple[str, str], new: str) -> None:
    check_replacement(around[0], style, around[1], new)


def test_a_block_keeps_its_comment_and_the_blank_lines_behind_it() -> None:
    text = "t:\n  expect: |  # see docs\n    old\n\n\n  layout: x  # y\n"
    assert (
        replaced(text, "new\n lines")[0] == "t:\n  expect: |  # see docs\n    new\n     lines\n\n\n  layout: x  # y\n"
    )


def test_a_quoted_scalar_becomes_a_block() -> None:
    text = 't:\n  expect: ""   # to be filled\n  layout: x\n'
    assert replaced(text, "a\n\nb")[0] == "t:\n  expect: |   # to be filled\n    a\n\n    b\n  layout: x\n"


@pytest.mark.parametrize("style", ['""', "|\n    old\n\n"])
def test_line_ends_stay_what_they_are(style: str) -> None:
    text = f"t:\n  expect: {style}\n  layout: x  # y\n".replace("\n", "\r\n")
    written = replaced(text, "a\n\nb")[0]
    assert written.startswith("t:\r\n  expect: |\r\n    a\r\n\r\n    b\r\n")
    assert written.endswith("\r\n  layout: x  # y\r\n")
    assert written.count("\n") == written.count("\r\n")
    assert expect_in(written) == "a\n\nb\n"


def test_replacing_twice_gives_the_same_bytes() -> None:
    once = replaced("t:\n  expect: old\nu: 1\n", "new\n text")[0]
    assert replaced(once, "new\n text")[0] == once


def test_what_is_not_wanted_is_passed_over_whole() -> None:
    text = "a: {deep: [1, {b: 2}]}\nb: 3\nc: [x, {d: e, b: f}]\n"
    document = parse(text, "x.yaml", wanted=lambda path: path[-1] != "b" and path[0] != "a")
    assert document.value == {"c": ["x", {"d": "e"}]}
    assert document.locate(("c", 1, "d")).line == 3
