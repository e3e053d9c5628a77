"""The nouns: frozen, keyword-only values with no I/O and no rendering in them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:  # `harness list` needs the nouns and no arrays: without NumPy it starts in half the time
    import numpy as np
    import numpy.typing as npt

Array: TypeAlias = "npt.NDArray[Any]"
Arrays: TypeAlias = Mapping[str, Array]


class Stage(str, Enum):
    """What is asked of an operator. `forward` is in training mode."""

    FORWARD = "forward"
    BACKWARD = "backward"
    EVAL = "eval"

    __str__ = str.__str__


class Verdict(str, Enum):
    """What replay says of one case."""

    PASS = "PASS"
    FAIL = "FAIL"
    ERROR = "ERROR"
    CRASH = "CRASH"
    TIMEOUT = "TIMEOUT"
    UNSUPPORTED = "UNSUPPORTED"
    MISSING = "MISSING"
    STALE = "STALE"
    EXPECTED_FAIL = "EXPECTED_FAIL"
    UNEXPECTED_PASS = "UNEXPECTED_PASS"

    __str__ = str.__str__


class NoiseMode(str, Enum):
    """How an implementation came by the noise of a random operator."""

    NONE = "none"  #: the operator has no noise
    INJECT = "inject"  #: it took the golden's noise by name
    READ_BACK = "read-back"  #: it drew its own and exposed it
    DERIVED = "derived"  #: it drew its own and hid it: the harness derives it from the output

    __str__ = str.__str__


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """A place in a case file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """Return file:line:column, as editors and compilers write it."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Draw:
    """How one array is made: a raw draw or a pattern, then exact operations only."""

    kind: str
    shape: tuple[int, ...]
    dtype: str
    value: Any = None  #: nested lists of numbers, for kind `value`
    low: float = 0.0
    high: float = 1.0
    scale: float = 1.0  #: a power of two
    shift: float = 0.0
    edges: tuple[str, ...] = ()  #: values laid over every second element, in turn


@dataclass(frozen=True, kw_only=True, slots=True)
class Transcript:
    """The printed output that a case expects."""

    expect: str  #: '' when nothing has been accepted yet
    layout: str  #: text with {stage/name} placeholders; '' for the standard layout
    options: Mapping[str, Any]  #: numpy print options
    span: tuple[int, int]  #: characters of the case file that hold `expect`
    indent: int  #: columns by which the accepted text is indented


@dataclass(frozen=True, kw_only=True, slots=True)
class Tolerance:
    """An override of the verdict rule: |actual - golden| <= atol + rtol * |golden|, with its reason."""

    rtol: float
    atol: float
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """What an operator does with its arrays, beyond taking each by its name."""

    constants: tuple[str, ...] = ()  #: floating inputs that get no gradient, `updates` among them
    updates: tuple[str, ...] = ()  #: inputs whose new values are outputs of `forward`
    complex: tuple[str, ...] = ()  #: inputs and outputs that are complex; here they are pairs in a last axis of 2
    sequences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  #: argument -> the inputs in its tuple


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One seeded question to an operator."""

    family: str
    operator: str
    name: str
    reference: str
    dtype: str
    seed: int
    noise_seed: int
    stages: tuple[Stage, ...]
    outputs: tuple[str, ...]
    params: Mapping[str, Any]
    inputs: Mapping[str, Draw]
    grad_outputs: Mapping[str, Draw]
    noise: Mapping[str, Draw | None]  #: None: drawn by the reference and kept in the golden
    form: Form
    laws: tuple[str, ...]
    signed_zero: bool
    up_to_sign: Mapping[str, int]  #: output -> axis that counts the vectors that may turn their sign together
    normwise: bool  #: a good algorithm's error is small beside the largest number of an output, not beside each
    exact: bool  #: inputs are meant to the bit: the bound allows for no rounding of them
    equivalent: Mapping[str, str]  #: mutation of the audit that changes nothing -> why
    large: bool  #: its golden may be larger than others
    digest: str  #: of everything above that decides the answer
    where: Location
    transcript: Transcript | None
    tolerance: Tolerance | None

    @property
    def path(self) -> str:
        """`<family>/<operator>`: where the case file and the golden live."""
        return f"{self.family}/{self.operator}"

    @property
    def id(self) -> str:
        """`<family>/<operator>/<case>`."""
        return f"{self.family}/{self.operator}/{self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Operator:
    """What a case file says of its operator, with the cases in it."""

    family: str
    name: str
    summary: str
    formula: str  #: '' when the file gives none
    source: str
    reference: str
    stages: tuple[Stage, ...]
    outputs: tuple[str, ...]
    noise: tuple[str, ...]
    cases: tuple[Case, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """The one argument an implementation gets. Its arrays are read-only."""

    operator: str
    reference: str  #: dotted name of the torch function
    dtype: str
    params: Mapping[str, Any]
    inputs: Arrays
    noise: Arrays  #: empty: the implementation draws for itself
    noise_names: tuple[str, ...]  #: what noise the operator takes, () when it is not random
    noise_seed: int
    grad_outputs: Arrays
    stages: tuple[Stage, ...]
    outputs: tuple[str, ...]  #: names for the elements of a returned tuple
    form: Form = field(default_factory=Form)
    widest: bool = False  #: asks for float64 where the inputs, all integers, leave the dtype open

    @property
    def differentiable(self) -> tuple[str, ...]:
        """Names of the floating inputs that get a gradient, in order: `backward` gives `grad_<name>` for each."""
        constants = self.form.constants
        return tuple(n for n, array in self.inputs.items() if n not in constants and is_floating(array.dtype))

    def returned(self, stage: Stage) -> tuple[str, ...]:
        """Names for the elements of a tuple that a stage returns: the outputs, in training also what it updates."""
        return (*self.outputs, *self.form.updates) if stage is Stage.FORWARD else self.outputs


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """What an implementation answered."""

    stages: Mapping[Stage, Arrays]
    unsupported: Mapping[Stage, str] = field(default_factory=dict)  #: stages not offered, with the reason
    noise_mode: NoiseMode = NoiseMode.NONE
    noise: Arrays = field(default_factory=dict)  #: the noise that it drew, when it exposes it


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Whether a Python implementation answers in a process of its own, and what such a process may take."""

    isolate: bool = False
    seconds: float | None = None  #: a case; None: as long as the wire allows by default
    memory: int | None = None  #: bytes of address space

    @property
    def apart(self) -> bool:
        """True when the implementation must not run in this process."""
        return self.isolate or self.seconds is not None or self.memory is not None


class Implementation(Protocol):
    """Anything that answers a Call. Raises `Unsupported` for what it does not offer."""

    @property
    def name(self) -> str:
        """What the user called it."""

    @property
    def version(self) -> str:
        """Its version, or '' when it has none."""

    def run(self, call: Call) -> Outputs:
        """Answer every stage of the call."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """One golden array and what is needed to judge another one by it (see bound.py)."""

    golden: Array
    truth: Array  #: float64, same shape; the golden itself where it is not floating
    bound: Array  #: float64, same shape, >= 0; zeros where it is not floating


@dataclass(frozen=True, kw_only=True, slots=True)
class Golden:
    """What torch said of one case."""

    noise: Arrays
    expected: Mapping[Stage, Mapping[str, Expected]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """How one output array compares with its golden: the first level that differs, or a pass with its ratio."""

    stage: Stage
    name: str
    level: str  #: 'ok', 'names', 'shape', 'dtype', 'nonfinite' or 'values'
    detail: str = ""  #: for names, shape and dtype: what was found and expected
    mismatched: int = 0
    total: int = 0
    ratio: float = 0.0  #: max |actual - truth| / bound
    first: tuple[int, ...] = ()  #: index of the first mismatch
    worst: tuple[int, ...] = ()  #: index of the largest ratio
    actual: float = 0.0  #: the four values at `worst`
    golden: float = 0.0
    truth: float = 0.0
    bound: float = 0.0
    ulps: float = 0.0  #: distance from the golden there, in units in the last place
    judged: str = ""  #: the tolerance in force there, in words

    @property
    def ok(self) -> bool:
        """True when the array conforms."""
        return self.level == "ok"


@dataclass(frozen=True, kw_only=True, slots=True)
class Deviation:
    """An entry of an implementer's deviations file: what is known to differ, and why."""

    patterns: tuple[str, ...]  #: globs over case ids
    stages: tuple[Stage, ...]  #: () means any, and that it may raise, crash or hang
    reason: str
    link: str  #: '' when the entry has none
    versions: str  #: PEP 440 specifier of the implementation's versions, '' for all
    where: Location


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """The verdict on one case, with all that a report needs and no arrays."""

    id: str
    verdict: Verdict
    where: Location
    message: str = ""
    differences: tuple[Difference, ...] = ()
    unsupported: Mapping[Stage, str] = field(default_factory=dict)
    noise_mode: NoiseMode = NoiseMode.NONE
    note: str = ""  #: worth saying of a pass: a transcript whose text alone differs, a law not checked
    seconds: float = 0.0  #: the implementation's own time
    deviations: tuple[Deviation, ...] = ()  #: known ones that the case was held against


def short_digest(text: str) -> str:
    """Return 64 bits of the sha256 of a text: enough to notice a change, in a quarter of the room."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_floating(dtype: np.dtype[Any]) -> bool:
    """Tell whether `dtype` is a real floating type, bfloat16 included."""
    return dtype.kind == "f" or dtype.name == "bfloat16"


def read_only(array: Array) -> Array:
    """Return `array` with writing forbidden (the same memory)."""
    array.flags.writeable = False
    return array
