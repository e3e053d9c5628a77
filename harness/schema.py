"""The schema of a case file, as pydantic models: what each key may hold once the matrix is expanded.

`harness schema` prints the JSON Schema for editors, in which any value of a case may also be a `$axis` of its matrix.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    field_validator,
    model_validator,
)

#: more elements than any golden should hold; larger draws are refused before they are allocated
MAX_ELEMENTS = 2**22
#: as many dimensions as every NumPy allows
MAX_DIMENSIONS = 32
#: integers that a float holds exactly
_MAX_INTEGER = 2**53
#: where a reference may stand: a case file is data, and names nothing that could do anything but compute
REFERENCE_PLACES = (
    "torch", "torch.fft", "torch.linalg", "torch.nn", "torch.nn.functional", "torch.nn.init", "torch.nn.utils",
    "torch.optim", "torch.optim.lr_scheduler", "torch.signal.windows", "torch.special",
)  # fmt: skip
#: below it, one module and one name in it
OWN_REFERENCES = "harness.reference"

FloatName: TypeAlias = Literal["float16", "bfloat16", "float32", "float64"]
DtypeName: TypeAlias = Literal[
    "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"
]
EdgeName: TypeAlias = Literal[
    "zero", "negative_zero", "denormal", "largest", "negative_largest", "inf", "negative_inf", "nan"
]
LawName: TypeAlias = Literal[
    "p_zero", "p_one", "eval_identity", "calls_differ", "seed_repeats", "keep_rate", "independent"
]
StageName: TypeAlias = Literal["forward", "backward", "eval"]
Kind: TypeAlias = Literal[
    "random", "randn", "uniform", "integers", "permutation", "value",
    "zeros", "negative_zeros", "infs", "nans", "largest", "denormals", "ties",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)
_KINDS = frozenset(KINDS)

Name: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")]
Word: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Seed: TypeAlias = Annotated[int, Field(ge=0, lt=2**32)]
Shape: TypeAlias = list[Annotated[int, Field(ge=0)]]
Finite: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]


class Strict(BaseModel):
    """A mapping whose keys are all known and whose values are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class DrawModel(Strict):
    """How one array is made: exactly one kind, and exact operations on it."""

    random: Shape | None = Field(default=None, description="shape of uniform draws in [0, 1)")
    randn: Shape | None = Field(default=None, description="shape of standard normal draws")
    uniform: Shape | None = Field(default=None, description="shape of uniform draws in [low, high)")
    integers: Shape | None = Field(default=None, description="shape of integer draws in [low, high)")
    permutation: Shape | None = Field(default=None, description="[n]: a permutation of 0 .. n - 1")
    value: Any = Field(default=None, description="a number, or nested lists of numbers or booleans")
    zeros: Shape | None = None
    negative_zeros: Shape | None = None
    infs: Shape | None = None
    nans: Shape | None = None
    largest: Shape | None = None
    denormals: Shape | None = None
    ties: Shape | None = Field(default=None, description="shape of integers from -2 to 2")
    dtype: DtypeName | None = None
    low: Finite = 0.0
    high: Finite = 1.0
    scale: float = Field(default=1.0, description="a power of two, applied before shift")
    shift: Finite = 0.0
    edges: list[EdgeName] = Field(default_factory=list, description="values laid in turn over every second element")

    @cached_property
    def kind(self) -> str:
        """The one kind that is given."""
        return self._kinds()[0]

    def _kinds(self) -> list[str]:
        """Return the kinds that are given, in no order."""
        return [name for name in self.model_fields_set if name in _KINDS and getattr(self, name) is not None]

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array that will be drawn."""
        kind = self.kind
        return _value_shape(self.value) if kind == "value" else tuple(getattr(self, kind))

    @model_validator(mode="after")
    def _check(self) -> DrawModel:
        given = self._kinds()
        if len(given) != 1:
            found = " and ".join(repr(kind) for kind in KINDS if kind in given) or "none"
            raise ValueError(f"a draw has exactly one kind, found {found}; the kinds are {', '.join(KINDS)}")
        shape = self.shape
        if len(shape) > MAX_DIMENSIONS:
            raise ValueError(f"{len(shape)} dimensions, the limit is {MAX_DIMENSIONS}")
        count = math.prod(size or 1 for size in shape)  # NumPy refuses [0, 10**18] too
        if count > MAX_ELEMENTS:
            raise ValueError(f"shape {list(shape)} has {count} elements, the limit is {MAX_ELEMENTS}")
        if given == ["permutation"] and len(shape) != 1:
            raise ValueError(f"permutation takes [n], found {list(shape)}")
        if not (0 < self.scale < math.inf and math.frexp(self.scale)[0] == 0.5):  # noqa: PLR2004 - a power of two
            raise ValueError(f"scale must be a power of two, so that scaling is exact, found {self.scale}")
        if self.low >= self.high:
            raise ValueError(f"low must be below high, found low {self.low} and high {self.high}")
        if given == ["integers"] and not all(b.is_integer() and abs(b) <= _MAX_INTEGER for b in (self.low, self.high)):
            raise ValueError(f"integers lie between integers of at most 2**53, found {self.low} and {self.high}")
        return self


#: tags of the two forms of an input, which pydantic puts into the place of an error
ONE, SEVERAL = "one draw", "a list of draws"
InputModel: TypeAlias = Annotated[
    Annotated[DrawModel, Tag(ONE)] | Annotated[list[DrawModel], Field(min_length=1), Tag(SEVERAL)],
    Discriminator(lambda value: SEVERAL if isinstance(value, list) else ONE),
]


def _value_shape(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list):
        if not isinstance(value, bool | int | float):
            raise ValueError(f"value holds numbers, found {value!r}")  # noqa: TRY004 - pydantic takes ValueError
        return ()
    shapes = {_value_shape(item) for item in value}
    if len(shapes) > 1:
        raise ValueError("value holds lists of different lengths")
    return (len(value), *next(iter(shapes), ()))


class PrintOptions(Strict):
    """numpy's print options."""

    precision: Annotated[int, Field(ge=0, le=17)] = 8
    suppress: bool = False
    linewidth: Annotated[int, Field(ge=20, le=1000)] = 75


class TranscriptModel(Strict):
    """The printed output that a case expects."""

    expect: str = Field(description="the printed text; '' until `harness accept` fills it in")
    layout: str = Field(default="", description="text with {stage/name} placeholders; '' for the standard layout")
    options: PrintOptions = PrintOptions()


class ToleranceModel(Strict):
    """An override of the derived bound, with its reason."""

    rtol: Annotated[float, Field(ge=0)]
    atol: Annotated[float, Field(ge=0)]
    why: Annotated[str, StringConstraints(min_length=10)]


class CaseModel(Strict):
    """One case, or with a matrix a family of them."""

    name: Name
    matrix: dict[Word, list[Any] | dict[Name, Any]] = Field(default_factory=dict)
    dtype: FloatName = "float32"
    seed: Seed | None = None
    noise_seed: Seed | None = None
    params: dict[Word, Any] = Field(default_factory=dict)
    inputs: dict[Word, InputModel] = Field(
        description="a draw for each input; a list of draws for one that takes several arrays"
    )
    grad_outputs: dict[Word, DrawModel] = Field(default_factory=dict)
    noise: dict[Word, DrawModel] = Field(default_factory=dict)
    stages: list[StageName] | None = Field(default=None, min_length=1)
    laws: list[LawName] = Field(default_factory=list)
    signed_zero: bool = False
    exact: bool = Field(
        default=False, description="inputs meant to the bit, such as ties: no rounding of them is allowed for"
    )
    large: bool = Field(default=False, description="the golden may be larger than 1 MB")
    transcript: TranscriptModel | None = None
    tolerance: ToleranceModel | None = None


class FileModel(Strict):
    """The cases of one operator; each entry of `cases` is a `CaseModel` once its matrix is expanded."""

    summary: Annotated[str, StringConstraints(min_length=10)]
    reference: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.]+$")]
    stages: list[StageName] = Field(min_length=1)
    outputs: list[Word] = Field(default=["output"], min_length=1)
    noise: list[Word] = Field(default_factory=list)
    formula: str = Field(default="", description="what the operator computes, for whoever builds it")
    source: str = Field(default="", description="where the formula is defined: torch function, paper, standard")
    constants: list[Word] = Field(default_factory=list, description="floating inputs that get no gradient")
    updates: list[Word] = Field(
        default_factory=list, description="inputs that training updates in place: constants in, outputs of forward"
    )
    complex: list[Word] = Field(
        default_factory=list, description="complex inputs and outputs, held as pairs in a last axis of 2"
    )
    up_to_sign: dict[Word, int] = Field(
        default_factory=dict, description="outputs whose vectors, counted along this axis, may all turn their sign"
    )
    normwise: bool = Field(
        default=False, description="the error of a good algorithm is small beside the largest output, not beside each"
    )
    equivalent: dict[str, Annotated[str, StringConstraints(min_length=10)]] = Field(
        default_factory=dict, description="mutations of `harness audit` that change nothing here, each with its reason"
    )
    cases: list[dict[str, Any]] = Field(min_length=1)

    @field_validator("reference")
    @classmethod
    def _check_root(cls, reference: str) -> str:
        place, _, name = reference.rpartition(".")
        own = place.startswith(f"{OWN_REFERENCES}.") and place.count(".") == OWN_REFERENCES.count(".") + 1
        if not (own or place in REFERENCE_PLACES) or "__" in (name[:2], name[-2:]):
            places = ", ".join(REFERENCE_PLACES)
            raise ValueError(f"found {reference!r}, expected a name in {places} or in a module of {OWN_REFERENCES}")
        return reference


#: the model that holds the keys below a key of a case, for naming the nearest valid key
MODEL_BELOW: dict[str, type[Strict]] = {
    "inputs": DrawModel,
    "grad_outputs": DrawModel,
    "noise": DrawModel,
    "transcript": TranscriptModel,
    "options": PrintOptions,
    "tolerance": ToleranceModel,
}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a case file, before matrix expansion."""
    case = CaseModel.model_json_schema()
    definitions = case.pop("$defs")
    axis = {"type": "string", "pattern": r"^\$[A-Za-z_][A-Za-z0-9_]*$"}
    for model in (case, definitions["DrawModel"]):
        for key, value in model["properties"].items():
            if key not in ("name", "matrix"):
                model["properties"][key] = {"anyOf": [_with_axes(value, axis), axis]}
    whole = FileModel.model_json_schema()
    whole["properties"]["cases"]["items"] = {"$ref": "#/$defs/CaseModel"}
    whole["$defs"] = {**definitions, "CaseModel": case}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Case file", **whole}


def _with_axes(schema: dict[str, Any], axis: dict[str, Any]) -> dict[str, Any]:
    """Let the items of every list and the values of every mapping in `schema` be an axis too."""
    result = dict(schema)
    for key in ("items", "additionalProperties"):
        if isinstance(result.get(key), dict):
            result[key] = {"anyOf": [_with_axes(result[key], axis), axis]}
    for key in ("anyOf", "oneOf"):
        if key in result:
            result[key] = [_with_axes(option, axis) for option in result[key]]
    return result
