"""Which limit on the error ratio tells right from wrong, and how other rules do on the same outputs.

    python benchmarks/limit.py right numpy jax --rows rows/     # what implementations answer
    python benchmarks/limit.py nudged --rows rows/              # `numpy` on other libraries, see fragility.py
    python benchmarks/limit.py zoo --rows rows/                 # the implementations of tests/zoo*.py, right and wrong
    python benchmarks/limit.py mutated --rows rows/             # goldens with something in them changed, see `audit`
    python benchmarks/limit.py draw --rows rows/ docs/limit.svg # tables on stdout, and the picture

A row is one output array. It tells whether the array differs in form (name, shape, dtype, integers, the pattern of nan
and inf), which every rule sees, and for each rule by how much it is off, as a multiple of what the rule allows.
Right are the arrays of an implementation that its `deviations/<name>.yaml` does not name; that file is read by `draw`.
Wrong are those in which a wrong
implementation differs in any bit from the right one that it is made of.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import numpy as np

from harness.answer import NoAnswer, ask
from harness.bound import LIMIT
from harness.casefile import select_cases
from harness.cli_options import folder_options
from harness.compare import turned
from harness.errors import Unsupported
from harness.goldens import REFERENCE, Goldens, OperatorGoldens, open_goldens
from harness.implementation import load_implementation
from harness.inputs import Drawer
from harness.model import Array, Call, Case, Expected, Implementation, NoiseMode, Outputs, Stage, is_floating
from harness.mutations import wrong_answers
from harness.namespace import Namespace
from harness.replay import make_call
from harness.selection import operator_path, selected
from harness.yamltext import parse

ROOT = Path(__file__).parents[1]
PACKAGE = "harness.implementations.numpy"
#: rtol and atol of torch.testing.assert_close by dtype, as its documentation lists them
ASSERT_CLOSE = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
}
FIXED = {"1e-3/1e-7": (1e-3, 1e-7), "1e-4/1e-4": (1e-4, 1e-4), "1e-2/1e-2": (1e-2, 1e-2)}
LIMITS = (1, 2, 4, 8, 16, 32, 64)
#: what is measured of an array: our error ratio, then by how much each other rule finds it off
RULES = ("ours", "assert_close", *FIXED, "2x torch's error")
#: of a row: implementation, case, `<stage>/<name>`, dtype, whether it differs in form, by how much it is off
COLUMNS = ("who", "case", "array", "dtype", "form", "off")
LIBRARIES = ("up", "down", "mixed", "order", "fused")


# -- one array


def off(actual: Array, expected: Expected) -> list[float] | None:
    """Return by how much each of `RULES` finds an array off; None where it differs in form."""
    golden = expected.golden
    if actual.shape != golden.shape or actual.dtype != golden.dtype:
        return None
    if not is_floating(golden.dtype):
        return [0.0] * len(RULES) if np.array_equal(actual, golden) else None
    wide, reference = actual.astype(np.float64), golden.astype(np.float64)
    regular = np.isfinite(reference)
    if not np.array_equal(wide[~regular], reference[~regular], equal_nan=True) or not np.isfinite(wide[regular]).all():
        return None
    wide, reference = wide[regular], reference[regular]
    truth, bound = expected.truth[regular], expected.bound[regular]
    allowed = [bound]
    for rtol, atol in (ASSERT_CLOSE[golden.dtype.name], *FIXED.values()):
        allowed.append(atol + rtol * np.abs(reference))
    allowed.append(np.full(truth.shape, 2 * np.max(np.abs(reference - truth), initial=0.0)))
    to_truth, to_golden = np.abs(wide - truth), np.abs(wide - reference)
    errors = [to_truth, *(to_golden for _ in range(1 + len(FIXED))), to_truth]
    return [_largest(error, room) for error, room in zip(errors, allowed, strict=True)]


def _largest(error: Array, allowed: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.max(np.where(error == 0, 0.0, error / allowed), initial=0.0))


# -- rows


@dataclass
class Rows:
    """What was measured of one implementation, array by array."""

    columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in COLUMNS})

    def add(self, who: str, case: Case, arrays: Mapping[tuple[Stage, str], tuple[Array | None, Expected]]) -> None:
        """Measure arrays of one case; None stands for one that was not returned."""
        for (stage, name), (actual, expected) in arrays.items():
            found = None if actual is None else off(actual, expected)
            row = (
                who,
                case.id,
                f"{stage}/{name}",
                expected.golden.dtype.name,
                found is None,
                found or [np.inf] * len(RULES),
            )
            for column, value in zip(COLUMNS, row, strict=True):
                self.columns[column].append(value)

    def save(self, folder: Path, name: str) -> None:
        """Write the rows to `<folder>/<name>.npz`."""
        folder.mkdir(parents=True, exist_ok=True)
        columns: dict[str, Any] = {key: np.array(rows) for key, rows in self.columns.items()}
        np.savez_compressed(folder / f"{name}.npz", **columns)
        print(f"{name}: {len(self.columns['who'])} arrays")


@dataclass(frozen=True)
class Question:
    """A case, its call and its golden."""

    case: Case
    call: Call
    expected: Mapping[Stage, Mapping[str, Expected]]

    def answer(self, implementation: Implementation) -> Outputs | None:
        """Return what an implementation answers under the golden's noise; None where it does not, or takes none."""
        try:
            outputs = ask(implementation, self.call)
        except (Unsupported, NoAnswer):
            return None
        return None if outputs.noise_mode in (NoiseMode.READ_BACK, NoiseMode.DERIVED) else outputs

    def paired(self, outputs: Outputs) -> dict[tuple[Stage, str], Any]:
        """Return each array of the stages that were answered, beside what is expected of it."""
        return {
            (stage, name): (arrays.get(name), expected)
            for stage in self.case.stages
            if stage not in outputs.unsupported
            for arrays in (turned(outputs.stages.get(stage, {}), self.expected[stage], self.case.up_to_sign),)
            for name, expected in self.expected[stage].items()
        }


def questions(cases: Path, goldens: Goldens, patterns: Sequence[str]) -> Iterator[Question]:
    """Yield the selected cases; those that judge by a tolerance of their own are left out."""
    drawer = Drawer()
    for file, chosen in select_cases(cases, patterns):
        operator = goldens.operator(operator_path(file, cases))
        yield from (question for case in chosen if (question := _question(case, operator, drawer)))


def _question(case: Case, operator: OperatorGoldens, drawer: Drawer) -> Question | None:
    if case.tolerance is not None or operator.status(case.name, case.digest) != "ok":
        return None
    inputs, upstream = drawer.draw(case)
    golden = operator.golden(case.name)
    return Question(case, make_call(case, inputs, upstream, noise=golden.noise), golden.expected)


# -- the commands that measure


@click.group()
def main() -> None:
    """Measure outputs, then draw what was measured."""
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(ROOT / "tests"))


def rows_option(command: Any) -> Any:
    """Add the options of every command that measures."""
    given = click.option("--rows", type=click.Path(path_type=Path), required=True, help="Folder of what is measured.")
    return folder_options(given(command))


@main.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--select", "-k", multiple=True, help="Patterns of cases.")
@rows_option
def right(names: Sequence[str], select: Sequence[str], rows: Path, cases_dir: Path, golden_dir: Path) -> None:
    """Measure implementations."""
    goldens = open_goldens(golden_dir, REFERENCE)
    for name in names:
        implementation, found = load_implementation(name), Rows()
        for question in questions(cases_dir, goldens, select):
            outputs = question.answer(implementation)
            if outputs is not None:
                found.add(name, question.case, question.paired(outputs))
        found.save(rows, name)


@main.command()
@click.option("--ulps", multiple=True, type=int, default=(1, 4), show_default=True, help="How far functions are off.")
@click.option("--select", "-k", multiple=True, help="Patterns of cases.")
@rows_option
def nudged(ulps: Sequence[int], select: Sequence[str], rows: Path, cases_dir: Path, golden_dir: Path) -> None:
    """Measure the built-in implementation on libraries that compute otherwise."""
    implementation = importlib.import_module("fragility").implementation  # it stands beside this file
    goldens = open_goldens(golden_dir, REFERENCE)
    for distance in ulps:
        found = Rows()
        for library in LIBRARIES[: 3 if distance > 1 else None]:
            other = implementation(library, distance)
            for question in questions(cases_dir, goldens, select):
                outputs = question.answer(other)
                if outputs is not None:
                    found.add(f"{library} {distance}", question.case, question.paired(outputs))
        found.save(rows, f"nudged-{distance}")


@main.command()
@rows_option
def zoo(rows: Path, cases_dir: Path, golden_dir: Path) -> None:
    """Measure the zoo: right implementations, and of the wrong ones what their fault changes."""
    from zoo import RIGHT, WRONG  # noqa: PLC0415 - it stands among the tests
    from zoo_catalogue import RIGHT_CATALOGUE, WRONG_CATALOGUE  # noqa: PLC0415

    goldens = open_goldens(golden_dir, REFERENCE)
    built_in = load_implementation(PACKAGE)
    for kind, animals in (("right", (*RIGHT, *RIGHT_CATALOGUE)), ("wrong", (*WRONG, *WRONG_CATALOGUE))):
        found = Rows()
        for animal in animals:
            implementation = Namespace(SimpleNamespace(**{animal.operator: animal.build}), name=animal.name)
            for question in questions(cases_dir, goldens, [f"{animal.family}/{animal.operator}"]):
                with np.errstate(all="ignore"):
                    outputs = question.answer(implementation)
                if outputs is None:
                    continue
                arrays = question.paired(outputs)
                if kind == "wrong":
                    arrays = _changed(arrays, question, built_in)
                found.add(animal.name, question.case, arrays)
        found.save(rows, f"zoo-{kind}")


def _changed(arrays: dict[Any, Any], question: Question, built_in: Implementation) -> dict[Any, Any]:
    """Return the arrays that differ in any bit from those of the right implementation."""
    given = question.answer(built_in)
    same = question.paired(given) if given is not None else {}
    return {key: pair for key, pair in arrays.items() if key not in same or not _identical(pair[0], same[key][0])}


def _identical(one: Array | None, other: Array | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())


@main.command()
@click.option("--select", "-k", multiple=True, help="Patterns of cases.")
@rows_option
def mutated(select: Sequence[str], rows: Path, cases_dir: Path, golden_dir: Path) -> None:
    """Measure goldens that were changed: the audit's wrong answers, and two slight ones."""
    goldens = open_goldens(golden_dir, REFERENCE)
    found = Rows()
    for question in questions(cases_dir, goldens, select):
        for who, key, array in _mutations(question):
            expected = question.expected[key[0]][key[1]]
            if is_floating(expected.golden.dtype):
                found.add(who, question.case, {key: (array, expected)})
    found.save(rows, "mutated")


def _mutations(question: Question) -> Iterator[tuple[str, tuple[Stage, str], Array]]:
    from harness.model import Golden  # noqa: PLC0415

    golden = Golden(noise=question.call.noise, expected=question.expected)
    for answer in wrong_answers(question.call, golden):
        kind, _, place = answer.name.partition(":")
        name = place.partition("/")[2].partition("=")[0]
        if kind != "stage" and name in answer.arrays and name not in question.case.up_to_sign:
            changed = answer.arrays[name]
            if not np.array_equal(changed, question.expected[answer.stage][name].golden, equal_nan=True):
                yield f"audit: {kind}", (answer.stage, name), changed
    for stage, arrays in question.expected.items():
        for name, expected in arrays.items():
            for who, array in _slight(expected.golden) if is_floating(expected.golden.dtype) else ():
                if not np.array_equal(array, expected.golden, equal_nan=True):
                    yield who, (stage, name), array


def _slight(golden: Array) -> Iterator[tuple[str, Array]]:
    """Yield a golden that is off by a factor throughout, and one whose last element alone is."""
    with np.errstate(all="ignore"):
        for share in (1e-1, 1e-2, 1e-3, 1e-4):
            off_by = (golden.astype(np.float64) * (1 + share)).astype(golden.dtype)
            yield f"all off by {share:g}", off_by
            last = golden.copy()
            last.reshape(-1)[-1:] = off_by.reshape(-1)[-1:]
            yield f"last off by {share:g}", last


# -- what was measured


def unlisted(rows: Mapping[str, Array], name: str, folder: Path) -> Array:
    """Tell which rows of an implementation its deviations do not name."""
    file = folder / f"{name}.yaml"
    named = np.zeros(len(rows["case"]), dtype=bool)
    if file.exists():
        stage = np.array([array.partition("/")[0] for array in rows["array"]])
        ids, index = np.unique(rows["case"], return_inverse=True)
        for entry in parse(file.read_text(encoding="utf-8"), str(file)).value:
            patterns, stages = _as_list(entry["id"]), _as_list(entry.get("stage"))
            cases = np.array([selected(case, patterns) for case in ids])[index]
            named |= cases & (np.isin(stage, stages) if stages else True)
    return ~named


def _as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


@dataclass(frozen=True)
class Table:
    """Rows of many files, as columns."""

    who: Array
    operator: Array
    dtype: Array
    form: Array
    off: Array

    @classmethod
    def read(cls, file: Path, deviations: Path | None = None) -> Table:
        """Read a file of rows, without those that the file of that name in `deviations` names."""
        rows = dict(np.load(file))
        operator = np.array([case.rpartition("/")[0] for case in rows["case"]])
        table = cls(rows["who"], operator, rows["dtype"], rows["form"], rows["off"])
        return table if deviations is None else table.where(unlisted(rows, file.stem, deviations))

    def where(self, rows: Array) -> Table:
        """Return some of the rows."""
        return Table(self.who[rows], self.operator[rows], self.dtype[rows], self.form[rows], self.off[rows])

    def beyond(self, rule: int, limit: float = 1.0) -> Array:
        """Tell which arrays a rule refuses."""
        return self.form | ~(self.off[:, rule] <= limit)


RULE_NAMES = (*(f"ours, limit {limit}" for limit in LIMITS), "torch.testing.assert_close", *FIXED, RULES[-1])


def verdicts(table: Table) -> dict[str, Array]:
    """Return by rule which arrays it refuses."""
    ours = {f"ours, limit {limit}": table.beyond(0, limit) for limit in LIMITS}
    others = {name: table.beyond(rule) for rule, name in enumerate(RULES) if rule}
    return dict(zip(RULE_NAMES, (*ours.values(), *others.values()), strict=True))


def share(mask: Array) -> str:
    """Return a percentage with its count."""
    return f"{100 * mask.mean():.2f} % ({int(mask.sum())})" if mask.size else "-"


def grouped(mask: Array, *keys: Array) -> Array:
    """Tell of each group of rows whether the mask holds in any."""
    names = np.array(["\t".join(key) for key in zip(*keys, strict=True)])
    found, index = np.unique(names, return_inverse=True)
    result = np.zeros(len(found), dtype=bool)
    np.logical_or.at(result, index, mask)
    return result


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table in Markdown."""
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


DTYPES = tuple(ASSERT_CLOSE)


def print_rates(good: Table, bad: Table, slight: Table) -> None:
    """Print what each rule refuses: of right arrays, of right operators, of wrong implementations, of wrong arrays."""
    alarm, caught = verdicts(good), verdicts(bad)
    quiet = ~grouped(bad.form, bad.who)  # faults that show in values alone
    rows = []
    for rule in RULE_NAMES:
        found = grouped(caught[rule], bad.who)
        rows.append([
            rule, share(alarm[rule]), share(grouped(alarm[rule], good.who, good.operator)), share(found),
            share(found[quiet]), share(caught[rule]),
        ])  # fmt: skip
    arrays, operators = len(good.who), len(np.unique(np.char.add(np.char.add(good.who, " "), good.operator)))
    title = (
        f"{arrays} right arrays of {operators} operators of {len(np.unique(good.who))} implementations; "
        f"{len(bad.who)} wrong arrays of {len(quiet)} implementations, {int(quiet.sum())} wrong in values alone"
    )
    head = ("rule", "alarms: arrays", "alarms: operators", "caught", "caught, values alone", "caught: arrays")
    print_table(title, head, rows)
    tables = (
        ("False alarms by dtype, right arrays", good, alarm),
        ("Caught by dtype, wrong arrays", bad, caught),
        ("Caught by dtype, changed goldens", slight, verdicts(slight)),
    )
    for name, table, marks in tables:
        lines = [[rule, *(share(marks[rule][table.dtype == d]) for d in DTYPES)] for rule in RULE_NAMES]
        print_table(name, ("rule", *DTYPES), lines)
    kinds = np.unique(slight.who)
    marks = verdicts(slight)
    lines = [[rule, *(share(marks[rule][slight.who == kind]) for kind in kinds)] for rule in RULE_NAMES]
    print_table("Caught by kind of change", ("rule", *kinds), lines)


def print_distribution(good: Mapping[str, Table], bad: Table) -> None:
    """Print the error ratios of each file's arrays that are right in form, and of the wrong ones."""
    quantiles = (50, 90, 99, 99.9, 100)
    rows = []
    for name, table in (*good.items(), ("wrong ones of the zoo", bad)):
        floating = table.off[~table.form & np.isin(table.dtype, DTYPES), 0]
        if floating.size:
            values = np.percentile(floating, quantiles, method="higher")
            rows.append([name, str(floating.size), *(f"{value:.3g}" for value in values)])
    print_table(
        "Error ratios", ("implementation", "arrays", "median", *(f"{q} %" for q in quantiles[1:-1]), "largest"), rows
    )


def draw_picture(good: Mapping[str, Table], bad: Table, file: Path) -> None:
    """Draw the error ratios as shares beyond each ratio, and what every rule catches against its false alarms."""
    import matplotlib as mpl  # noqa: PLC0415 - needed by this command alone
    import matplotlib.pyplot as plt  # noqa: PLC0415

    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "limit", "font.size": 9})
    figure, (left, right_) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    grid = np.logspace(-2, 8, 201)
    for name, table in good.items():
        left.plot(grid, _beyond(table, grid), lw=1, label=f"{name} ({len(table.who)})")
    left.plot(grid, _beyond(bad, grid), lw=2, color="black", label=f"wrong ones of the zoo ({len(bad.who)})")
    left.axvline(LIMIT, color="grey", ls="--", lw=1)
    left.set(xscale="log", yscale="log", ylim=(1e-5, 1.3), xlabel="error ratio", ylabel="share of arrays beyond it")
    left.legend(fontsize=7)
    together = joined(list(good.values()))
    alarm, caught = verdicts(together), verdicts(bad)
    points = {rule: (max(alarm[rule].mean(), 1e-6), caught[rule].mean()) for rule in RULE_NAMES}
    ours = [points[f"ours, limit {limit}"] for limit in LIMITS]
    right_.plot(*zip(*ours, strict=True), "o-", ms=4, color="black", label="ours, by limit")
    for limit, (x, y) in zip(LIMITS, ours, strict=True):
        right_.annotate(str(limit), (x, y), textcoords="offset points", xytext=(4, -10), fontsize=7)
    for rule in RULE_NAMES[len(LIMITS) :]:
        right_.plot(*points[rule], "s", ms=5, label=rule)
    right_.set(xscale="log", xlabel="false alarms: share of right arrays", ylabel="caught: share of wrong arrays")
    right_.legend(fontsize=7)
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None, dpi=110)


def joined(tables: Sequence[Table]) -> Table:
    """Return the rows of several tables."""
    return Table(*(np.concatenate([getattr(one, name) for one in tables]) for name in Table.__dataclass_fields__))


def _beyond(table: Table, grid: Array) -> Array:
    ratios = np.sort(np.where(table.form, np.inf, table.off[:, 0]))
    return 1 - np.searchsorted(ratios, grid, side="right") / max(len(ratios), 1)


@main.command()
@click.option(
    "--rows", type=click.Path(path_type=Path, exists=True), required=True, help="Folder of what was measured."
)
@click.option("--deviations", type=click.Path(path_type=Path), default=ROOT / "deviations", help="Folder of them.")
@click.argument("picture", type=click.Path(path_type=Path), required=False)
def draw(rows: Path, deviations: Path, picture: Path | None) -> None:
    """Print the tables of what was measured, and draw it."""
    files = {file.stem: file for file in sorted(rows.glob("*.npz"))}
    bad, slight = Table.read(files.pop("zoo-wrong")), Table.read(files.pop("mutated"))
    good = {name: Table.read(file, deviations) for name, file in files.items()}
    print_distribution(good, bad)
    print_rates(joined(list(good.values())), bad, slight)
    if picture is not None:
        draw_picture(good, bad, picture)


if __name__ == "__main__":
    main()
