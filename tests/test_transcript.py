from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from harness.bound import ulp
from harness.errors import UsageError
from harness.model import Array
from harness.transcript import compare_text, render, standard_layout, trimmed

OUT = "forward/output"
LAYOUT = f"out :\n {{{OUT}}}\nend"
OPTIONS = {"precision": 4, "suppress": True, "linewidth": 40}
shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


def printed(array: Any, **options: Any) -> str:
    return render(LAYOUT, {OUT: np.asarray(array)}, options).removeprefix("out :\n ").removesuffix("\nend")


def compared(expect: str, array: Any, **options: Any) -> tuple[str, str]:
    return compare_text(f"out :\n {expect}\nend", LAYOUT, {OUT: np.asarray(array)}, {"precision": 4, **options})


# -- rendering


def test_an_array_is_printed_as_numpy_prints_it() -> None:
    array = np.array([[1.5, -0.25], [1e-9, 3.0]])
    with np.printoptions(precision=4, suppress=True):
        assert printed(array, precision=4, suppress=True) == str(array)


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.array([True, False]), "[1 0]"),
        (np.array(True), "1"),
        (np.array([3, -4]), "[ 3 -4]"),
        (np.array([0.0, -0.0]), "[0. 0.]"),
        (np.array(2.5), "2.5"),
        (np.array([np.nan, -np.inf]), "[ nan -inf]"),
        (np.zeros((0, 3)), "[]"),
        (np.array([1.0, 0.333], dtype=np.float16), "[1.    0.333]"),
        (np.array([1.0, 0.5], dtype=ml_dtypes.bfloat16), "[1.  0.5]"),
    ],
)
def test_what_is_printed(array: Array, text: str) -> None:
    assert printed(array, precision=4) == text


def test_a_large_array_is_printed_whole() -> None:
    assert "..." not in printed(np.arange(3000.0))


def test_linewidth_breaks_lines() -> None:
    assert max(map(len, printed(np.arange(100.0), linewidth=40).splitlines())) <= 40


def test_nonzero_prints_ones_and_zeros() -> None:
    text = render("{forward/output|nonzero}", {OUT: np.array([0.0, 2.5, np.nan])}, {})
    assert text == "[0 1 1]"


def test_words_and_braces_around_the_arrays_stay() -> None:
    assert render("a {b} {forward/output} {}", {OUT: np.array([1])}, {}) == "a {b} [1] {}"


def test_a_placeholder_that_names_no_array_suggests_the_nearest() -> None:
    with pytest.raises(
        UsageError, match=r"names no array of this case: '{forward/ouput}'; did you mean 'forward/output'"
    ):
        render("{forward/ouput}", {OUT: np.zeros(1)}, {})


def test_trailing_blanks_are_no_part_of_a_transcript() -> None:
    assert trimmed("\n\n a  \n\nb\t\n\n") == " a\n\nb"


def test_the_standard_layout_shows_the_parts_in_the_order_of_a_run() -> None:
    names = ["eval/y", "noise/mask", "forward/y", "golden/forward/y", "inputs/x", "backward/grad_x", "grad_outputs/y"]
    layout = standard_layout({name: np.zeros(1) for name in names})
    shown = ["inputs/x", "grad_outputs/y", "noise/mask", "forward/y", "backward/grad_x", "eval/y"]
    assert layout == "\n".join(f"{name} :\n {{{name}}}" for name in shown)


# -- comparing


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@given(data=st.data())
def test_a_printed_array_is_equal_to_itself(dtype: type[np.floating], data: st.DataObject) -> None:
    array = data.draw(hnp.arrays(dtype, shapes, elements=st.floats(width=16)))
    precision = data.draw(st.integers(0, 10))
    text = printed(array, precision=precision)
    assert compared(text, array, precision=precision) == ("", "")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@given(data=st.data())
def test_an_array_printed_with_other_line_breaks_has_the_same_values(
    dtype: type[np.floating], data: st.DataObject
) -> None:
    array = data.draw(hnp.arrays(dtype, shapes, elements=st.floats(width=16)))
    precision = data.draw(st.integers(0, 10))
    spread = "\n   ".join(printed(array, precision=precision).split()) + "\n  \n"
    problem, note = compared(spread, array, precision=precision)
    assert problem == ""
    assert note == "" or note.startswith(
        "the transcript's text differs; its values agree to one unit of the last printed digit\n"
    )


@given(hnp.arrays(np.float64, shapes.filter(lambda shape: 0 not in shape), elements=st.floats(-1e4, 1e4)), st.data())
def test_one_value_beyond_a_unit_of_the_last_printed_digit_is_found(array: Array, data: st.DataObject) -> None:
    index = tuple(data.draw(st.integers(0, size - 1)) for size in array.shape)
    text = printed(array, precision=4, suppress=True)
    moved = array.copy()
    moved[index] += data.draw(st.sampled_from([-1, 1])) * 2.01e-4
    problem, _ = compared(text, moved, suppress=True)
    assert problem.startswith(f"{OUT}: element {list(index)} is ")


@given(hnp.arrays(np.float64, shapes, elements=st.floats(-1e4, 1e4)), st.floats(-0.49e-4, 0.49e-4))
def test_values_within_a_unit_of_the_last_printed_digit_agree(array: Array, step: float) -> None:
    assert compared(printed(array, precision=4, suppress=True), array + step, suppress=True)[0] == ""


@pytest.mark.parametrize(
    ("text", "value", "agrees"),
    [
        ("[0.5]", 0.5, True), ("[0.5]", 0.50009, True), ("[0.5]", 0.5002, False), ("[0.]", 0.9, False),
        ("[1.]", 1.0, True), ("[1.]", 1.5, False), ("[0.12]", 0.125, False), ("[1.5e-07]", 1.5e-7, True),
        ("[1.5e-07]", 1.6e-7, False), ("[nan]", np.nan, True), ("[nan]", 0.0, False), ("[0.]", np.nan, False),
        ("[inf]", np.inf, True), ("[inf]", -np.inf, False), ("[-inf]", -np.inf, True), ("[word]", 1.0, False),
        ("[-0.]", 0.0, True),
    ],
)  # fmt: skip
def test_trailing_zeros_count_as_printed(text: str, value: float, agrees: bool) -> None:
    assert (compared(f"  {text}", [value])[0] == "") is agrees


def test_a_float32_printed_with_all_its_digits_agrees_with_itself() -> None:
    array = np.array([12345.678, 0.1, 1e-7], dtype=np.float32)
    assert compared("  " + printed(array, precision=12), array, precision=12)[0] == ""
    neighbours = array + ulp(array.astype(np.float64), array.dtype).astype(np.float32)
    assert compared("  " + printed(array, precision=12), neighbours, precision=12)[0] == ""


@pytest.mark.parametrize("dtype", [np.bool_, np.int64])
def test_masks_and_integers_are_exact(dtype: type[np.generic]) -> None:
    array = np.array([1, 0, 1], dtype=dtype)
    assert compared("  [1 0 1]", array)[0] == ""
    assert compared("  [1 1 1]", array)[0] == "forward/output: element [1] is 0, the transcript says 1"


def test_true_and_false_may_stand_for_ones_and_zeros() -> None:
    assert compared("[ True False]", np.array([True, False]))[0] == ""
    assert "element [0]" in compared("[False False]", np.array([True, False]))[0]


def test_other_words_around_the_arrays_are_a_problem() -> None:
    problem, _ = compare_text("in :\n [1.]\nend", LAYOUT, {OUT: np.array([1.0])}, {})
    assert problem == "the words around the arrays differ\n  line 1 expected: in :\n  line 1 printed:  out :"


def test_a_missing_number_is_a_problem() -> None:
    assert compared("[1. 2.]", [1.0, 2.0, 3.0])[0] == "forward/output: 2 numbers are printed, the array has 3"


def test_the_note_shows_the_first_other_line() -> None:
    _, note = compared("[1.\n  2.]", [1.0, 2.0])
    assert note.splitlines()[1:] == ["  line 2 expected:  [1.", "  line 2 printed:   [1. 2.]"]


def test_each_array_is_held_to_its_own_text() -> None:
    layout, arrays = "a {forward/a}\nb {eval/b}", {"forward/a": np.array([1.0]), "eval/b": np.array([2.0])}
    assert compare_text("a [1.]\nb  [2.]", layout, arrays, {})[0] == ""
    assert compare_text("a [1.]\nb  [3.]", layout, arrays, {})[0].startswith("eval/b: element [0] is 2,")


def test_words_that_are_regular_expressions_are_taken_as_they_are() -> None:
    layout = "a.* (x) [y] {forward/output} \\d+"
    assert compare_text("a.* (x)  [y] [1.] \\d+", layout, {OUT: np.array([1.0])}, {})[0] == ""
    assert compare_text("abc (x) [y] [1.] \\d+", layout, {OUT: np.array([1.0])}, {})[0].startswith("the words")


def test_trailing_blanks_alone_are_no_difference() -> None:
    assert compared("[1.]   ", [1.0]) == ("", "")
