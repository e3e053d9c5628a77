"""YAML -> Case: the matrix expanded, the schema checked, every error at its line and column."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

from harness import yamltext
from harness.errors import nearest
from harness.matrix import expand, fail, read_text
from harness.model import Case, Draw, Form, Operator, Stage, Tolerance, Transcript, short_digest
from harness.schema import MODEL_BELOW, CaseModel, DrawModel, FileModel
from harness.selection import select_files, selected
from harness.validation import validated
from harness.yamltext import Document

_DOCS = "docs/case-files.md"
_INTEGER_KINDS = ("integers", "permutation")
#: patterns that only a floating dtype can hold
_FLOATING_KINDS = ("negative_zeros", "infs", "nans", "largest", "denormals")
_FLOATING = ("float16", "bfloat16", "float32", "float64")


def read_case_file(path: Path, root: Path) -> list[Case]:
    """Return the expanded cases of `path`, which stands at `<root>/<family>/<operator>.yaml`.

    Raises `CaseFileError` with file, line and column for anything that is not a case file.
    """
    return list(read_operator(path, root).cases)


def read_operator(path: Path, root: Path) -> Operator:
    """Return what a case file says of its operator, and its cases; see `read_case_file`."""
    family = path.parent.relative_to(root).as_posix()
    return parse_operator(read_text(path), family=family, operator=path.stem, file=str(path))


def select_cases(root: Path, patterns: Sequence[str]) -> Iterator[tuple[Path, list[Case]]]:
    """Yield each case file with its selected cases; one file is held at a time."""
    for file in select_files(root, patterns):
        yield file, [case for case in read_case_file(file, root) if selected(case.id, patterns)]


def parse_cases(text: str, *, family: str, operator: str, file: str) -> list[Case]:
    """Return the cases in `text`; see `read_case_file`."""
    return list(parse_operator(text, family=family, operator=operator, file=file).cases)


def parse_operator(text: str, *, family: str, operator: str, file: str) -> Operator:
    """Return the operator that `text` describes; see `read_operator`."""
    document = yamltext.parse(text, file)
    if not isinstance(document.value, dict):
        fail(document, (), f"a case file is a mapping, found a {type(document.value).__name__}")
    whole = validated(FileModel, document.value, document, (), docs=_DOCS, below=MODEL_BELOW)
    cases: dict[str, Case] = {}
    for index, entry in enumerate(document.value["cases"]):
        path = ("cases", index)
        for name, body in expand(entry, document, path):
            model = validated(CaseModel, body, document, path, docs=_DOCS, below=MODEL_BELOW)
            case = _build(model, whole, name=name, family=family, operator=operator, document=document, path=path)
            if name in cases:
                fail(document, (*path, "name"), f"case {name!r} stands at {cases[name].where} already")
            cases[name] = case
    _check_names(whole, cases.values(), document)
    return Operator(
        family=family,
        name=operator,
        summary=whole.summary,
        formula=whole.formula,
        source=whole.source,
        reference=whole.reference,
        stages=tuple(stage for stage in Stage if stage in whole.stages),
        outputs=tuple(whole.outputs),
        noise=tuple(whole.noise),
        cases=tuple(cases.values()),
    )


def _check_names(whole: FileModel, cases: Iterable[Case], document: Document) -> None:
    """Refuse a key of the file that names an input or output that no case has."""
    inputs = {name for case in cases for name in (*case.inputs, *case.form.sequences)}
    outputs = {*whole.outputs, *(name for case in cases for name in case.grad_outputs)}
    known = {"constants": inputs, "updates": inputs, "complex": inputs | outputs}
    for key, names in known.items():
        for index, name in enumerate(getattr(whole, key)):
            if name not in names:
                what = "input or output" if key == "complex" else "input"
                fail(document, (key, index), f"{name!r} is no {what} of any case", nearest(name, names))
    for name in whole.up_to_sign:
        if name not in outputs:
            path = ("up_to_sign", name)
            fail(document, path, f"{name!r} is no output of this operator", nearest(name, outputs), key=True)


# -- the case


def _build(
    model: CaseModel, whole: FileModel, *, name: str, family: str, operator: str, document: Document,
    path: yamltext.Path,
) -> Case:  # fmt: skip
    """Check what no schema can say, fill in what is derived, and return the Case."""
    _check_stages(model, whole, document, path)
    for noise in model.noise:
        if noise not in whole.noise:
            hint = nearest(noise, whole.noise) or "name it in the file's 'noise'"
            fail(document, (*path, "noise", noise), f"{noise!r} is no noise of this operator", hint, key=True)
    if model.laws and not whole.noise:
        fail(document, (*path, "laws"), "laws are for an operator with noise", "name it in the file's 'noise'")
    inputs, sequences = _inputs(model, document, (*path, "inputs"))
    for part in ("grad_outputs", "noise"):
        default = "bool" if part == "noise" else model.dtype
        for key, draw in getattr(model, part).items():
            _check_dtype(_draw(draw, default), document, (*path, part, key))
    identity = f"{family}/{operator}/{name}"
    wanted = model.stages if model.stages is not None else whole.stages
    noise_draws = {key: _draw(model.noise[key], "bool") if key in model.noise else None for key in whole.noise}
    decisive: dict[str, Any] = {
        "reference": whole.reference,
        "dtype": model.dtype,
        "seed": model.seed if model.seed is not None else _derived_seed(identity),
        "noise_seed": model.noise_seed if model.noise_seed is not None else _derived_seed(f"{identity}#noise"),
        "stages": tuple(stage for stage in Stage if stage in wanted),
        "outputs": tuple(whole.outputs),
        "params": model.params,
        "inputs": inputs,
        "grad_outputs": {key: _draw(draw, model.dtype) for key, draw in model.grad_outputs.items()},
        "noise": noise_draws,
    }
    form = Form(
        constants=(*whole.constants, *whole.updates),
        updates=tuple(whole.updates),
        complex=tuple(whole.complex),
        sequences=sequences,
    )
    return Case(
        family=family,
        operator=operator,
        name=name,
        **decisive,
        form=form,
        laws=tuple(model.laws),
        signed_zero=model.signed_zero,
        up_to_sign=whole.up_to_sign,
        normwise=whole.normwise,
        exact=model.exact,
        equivalent=whole.equivalent,
        large=model.large,
        digest=_digest(decisive | _unusual(form, model, whole)),
        where=document.locate((*path, "name")),
        transcript=_transcript(model, document, (*path, "transcript")),
        tolerance=Tolerance(**model.tolerance.model_dump()) if model.tolerance else None,
    )


def _check_stages(model: CaseModel, whole: FileModel, document: Document, path: yamltext.Path) -> None:
    for index, stage in enumerate(model.stages or ()):
        if stage not in whole.stages:
            known = ", ".join(whole.stages)
            fail(document, (*path, "stages", index), f"stage {stage!r} is not one of the file's stages: {known}")
    backward = "backward" in (model.stages if model.stages is not None else whole.stages)
    if backward and not model.grad_outputs:
        hint = "give each differentiated output a draw, or leave 'backward' out of the stages"
        fail(document, path, "stage 'backward' needs grad_outputs", hint)
    if model.grad_outputs and not backward:
        fail(document, (*path, "grad_outputs"), "grad_outputs without the stage 'backward'", key=True)


def _inputs(
    model: CaseModel, document: Document, path: yamltext.Path
) -> tuple[dict[str, Draw], dict[str, tuple[str, ...]]]:
    """Return the draw of every input, and which of them make up one argument; a list's are numbered from 0."""
    inputs: dict[str, Draw] = {}
    sequences: dict[str, tuple[str, ...]] = {}
    for key, given in model.inputs.items():
        draws = given if isinstance(given, list) else [given]
        places = [(*path, key, index) for index in range(len(draws))] if draws is given else [(*path, key)]
        names = [f"{key}_{index}" for index in range(len(draws))] if draws is given else [key]
        for name, draw, place in zip(names, draws, places, strict=True):
            if name in inputs:
                fail(document, place, f"there is an input {name!r} already", "give one of them another name")
            inputs[name] = _draw(draw, model.dtype)
            _check_dtype(inputs[name], document, place)
        if draws is given:
            sequences[key] = tuple(names)
    return inputs, sequences


def _draw(model: DrawModel, dtype: str) -> Draw:
    kind = model.kind
    value = model.value if kind == "value" else None
    return Draw(
        kind=kind,
        shape=model.shape,
        dtype=model.dtype or ("int64" if kind in _INTEGER_KINDS else dtype),
        value=value,
        low=model.low,
        high=model.high,
        scale=model.scale,
        shift=model.shift,
        edges=tuple(model.edges),
    )


def _check_dtype(draw: Draw, document: Document, path: yamltext.Path) -> None:
    """Refuse what an array of that dtype cannot hold."""
    if draw.dtype in _FLOATING:
        return
    if draw.edges or draw.kind in _FLOATING_KINDS:
        what = "edges" if draw.edges else draw.kind
        fail(document, path, f"{what} need a floating dtype, found {draw.dtype!r}")
    bits = int(draw.dtype.removeprefix("u").removeprefix("int")) if draw.dtype != "bool" else 1
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if draw.dtype.startswith("int") else (0, 2**bits)
    for number in _leaves(draw.value):
        if number != number // 1 or not low <= number < high:
            fail(document, path, f"value {number} does not fit {draw.dtype!r}")


def _leaves(value: Any) -> Iterator[float]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None:
        yield value


def _transcript(model: CaseModel, document: Document, path: yamltext.Path) -> Transcript | None:
    if model.transcript is None:
        return None
    key = document.mark_of_key((*path, "expect"))
    mark = document.mark((*path, "expect"))
    return Transcript(
        expect=model.transcript.expect,
        layout=model.transcript.layout,
        options=model.transcript.options.model_dump(),
        span=(mark.start, mark.end),
        indent=key.column + 1,
    )


def _derived_seed(text: str) -> int:
    """Return a seed that depends on the id alone, so that adding a case moves no other."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")


def _digest(decisive: Mapping[str, Any]) -> str:
    ordered = {**decisive, "params": dict(sorted(decisive["params"].items()))}
    text = _ENCODER.encode(ordered)
    return short_digest(text)


def _unusual(form: Form, model: CaseModel, whole: FileModel) -> dict[str, Any]:
    """Return what decides the golden of some cases only: left out elsewhere, so that a new key moves no digest."""
    decisive = {name: part for name in _FORM if (part := getattr(form, name))}
    return decisive | {name: True for name, on in (("exact", model.exact), ("normwise", whole.normwise)) if on}


def _plain(value: Any) -> Any:
    assert isinstance(value, Draw)  # noqa: S101 - everything else that decides is JSON already
    return _FIELDS(value)


_FORM = tuple(Form.__dataclass_fields__)
_FIELDS = attrgetter(*Draw.__dataclass_fields__)
_ENCODER = json.JSONEncoder(default=_plain, separators=(",", ":"))
