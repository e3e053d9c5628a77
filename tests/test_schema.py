from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from harness.model import Stage
from harness.noise import LAWS
from harness.schema import KINDS, MAX_ELEMENTS, CaseModel, DrawModel, FloatName, LawName, StageName, Strict, json_schema


def draw(**keys: Any) -> DrawModel:
    return DrawModel.model_validate(keys)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("value", "permutation")])
def test_every_kind_takes_a_shape(kind: str) -> None:
    found = draw(**{kind: [2, 3]})
    assert (found.kind, found.shape) == (kind, (2, 3))


@pytest.mark.parametrize(
    ("value", "shape"), [(1, ()), (False, ()), ([], (0,)), ([[1.5], [2]], (2, 1)), ([[], []], (2, 0))]
)
def test_the_shape_of_a_value_is_its_nesting(value: object, shape: tuple[int, ...]) -> None:
    assert draw(value=value).shape == shape


@pytest.mark.parametrize("scale", [2.0**-1074, 0.25, 1, 2, 2.0**1023])
def test_powers_of_two_scale(scale: float) -> None:
    assert draw(randn=[3], scale=scale).scale == scale


@pytest.mark.parametrize("scale", [0, -2, 3, 0.1, float("inf"), float("nan")])
def test_nothing_else_scales(scale: float) -> None:
    with pytest.raises(ValidationError, match="power of two"):
        draw(randn=[3], scale=scale)


def test_the_largest_shape_and_one_more() -> None:
    assert draw(zeros=[MAX_ELEMENTS]).shape == (MAX_ELEMENTS,)
    with pytest.raises(ValidationError, match=f"has {MAX_ELEMENTS + 1} elements, the limit is {MAX_ELEMENTS}"):
        draw(zeros=[MAX_ELEMENTS + 1])


@pytest.mark.parametrize("bad", ["1", True, None, [1]])
def test_numbers_are_not_converted(bad: object) -> None:
    with pytest.raises(ValidationError):
        draw(zeros=[3], low=bad)


def test_a_seed_is_what_the_generator_takes() -> None:
    case = {"name": "a", "inputs": {}}
    assert CaseModel.model_validate({**case, "seed": 2**32 - 1}).seed == 2**32 - 1
    with pytest.raises(ValidationError):
        CaseModel.model_validate({**case, "seed": -1})


def test_the_schema_names_the_laws_that_there_are() -> None:
    assert get_args(LawName) == tuple(LAWS)


def test_the_schema_names_the_stages_that_there_are() -> None:
    assert get_args(StageName) == tuple(stage.value for stage in Stage)


def test_every_key_of_a_model_is_known() -> None:
    for model in Strict.__subclasses__():
        assert model.model_config["extra"] == "forbid"


# -- the JSON Schema


def test_the_json_schema_is_json_and_whole() -> None:
    schema = json.loads(json.dumps(json_schema()))
    assert schema["required"] == ["summary", "reference", "stages", "cases"]
    assert schema["properties"]["cases"]["items"] == {"$ref": "#/$defs/CaseModel"}


def test_every_reference_within_the_json_schema_resolves() -> None:
    schema = json_schema()
    names = set(json.dumps(schema).split('"#/$defs/')[1:])
    assert {name.partition('"')[0] for name in names} <= set(schema["$defs"])


def test_in_the_json_schema_a_value_may_be_an_axis() -> None:
    dtype = json_schema()["$defs"]["CaseModel"]["properties"]["dtype"]
    assert dtype["anyOf"][0]["enum"] == list(get_args(FloatName))
    assert dtype["anyOf"][1]["pattern"].startswith(r"^\$")


def test_in_the_json_schema_a_name_is_no_axis() -> None:
    assert "anyOf" not in json_schema()["$defs"]["CaseModel"]["properties"]["name"]
