"""A module imports from lower floors only; within a floor, from a step further down; torch stays where it belongs."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: a floor is a list of steps; modules of one step do not know each other
FLOORS = [
    [["model", "errors"]],
    [["inputs", "schema", "worker"], ["bound"], ["compare", "transcript", "mutations", "flaws", "weakness"]],
    [
        ["yamltext", "namespace", "answer", "locations", "goldenfile"],
        ["pipe"],
        ["wire"],
        ["matrix", "implementation", "goldens"],
        ["selection", "folders", "serve", "smoke", "validation"],
        ["casefile", "pending", "deviations", "deviationsfile"],
    ],
    [["noise", "drift"], ["replay"], ["recording", "show", "session"], ["record"], ["accept", "audit"]],
    [
        ["report.tally", "report.audit_tally", "report.operators", "report.deviations", "report.table"],
        ["report.text", "report.audit_text", "report.audit_jsonl"],
        ["report.jsonl", "report.junit", "report.terminal"],
    ],
    [
        ["cli_options", "cli_output", "cli_deviations"],
        ["cli_audit", "cli_goldens", "cli_replay", "cli_report", "cli_wire", "pytest_plugin"],
        ["cli"],
        ["__main__"],
    ],
]
STEPS = {
    module: step for step, modules in enumerate([step for floor in FLOORS for step in floor]) for module in modules
}
#: beside the floors: each knows the nouns and the seam only
BESIDE = ("implementations", "reference")
SOURCES = {
    path.relative_to(ROOT / "harness").with_suffix("").as_posix().replace("/", "."): path
    for path in sorted((ROOT / "harness").rglob("*.py"))
    if path.name != "__init__.py"
}


def imported(path: Path) -> Iterator[str]:
    """Yield every module that a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own(path: Path) -> Iterator[str]:
    """Yield the modules of the harness that a file imports, below `harness.`."""
    for name in imported(path):
        if name.startswith("harness."):
            below = name.removeprefix("harness.")
            yield below if below in SOURCES else below.rpartition(".")[0]


@pytest.mark.parametrize("module", [name for name in SOURCES if not name.startswith(BESIDE)])
def test_a_module_imports_from_lower_floors_only(module: str) -> None:
    assert module in STEPS, "give the module a floor"
    above = [name for name in own(SOURCES[module]) if name.startswith(BESIDE) or STEPS[name] >= STEPS[module]]
    assert not above


@pytest.mark.parametrize("module", [name for name in SOURCES if name.startswith(BESIDE)])
def test_what_stands_beside_the_floors_knows_the_nouns_only(module: str) -> None:
    allowed = ("model", "errors", "inputs", "worker", *BESIDE)
    assert not [name for name in own(SOURCES[module]) if not name.startswith(allowed)]


def test_every_floor_names_modules_that_there_are() -> None:
    assert set(STEPS) <= set(SOURCES)


def test_only_the_references_and_keras_on_torch_import_torch() -> None:
    users = {name for name, path in SOURCES.items() if any(i.partition(".")[0] == "torch" for i in imported(path))}
    assert {name for name in users if not name.startswith("reference.")} == {"implementations.keras.on_torch"}


@pytest.mark.parametrize("package", ["", "report", "reference"])
def test_packages_hold_no_code(package: str) -> None:
    body = ast.parse((ROOT / "harness" / package / "__init__.py").read_text(encoding="utf-8")).body
    assert all(isinstance(node, ast.Expr) for node in body)


def test_a_replay_of_numpy_leaves_torch_alone() -> None:
    code = (
        "import sys, harness.cli, harness.pytest_plugin\n"
        "assert 'torch' not in sys.modules\n"
        "try:\n"
        "    harness.cli.harness.main(['replay', 'numpy', 'regularization/l1_penalty'], standalone_mode=False)\n"
        "finally:\n"
        "    print('torch' in sys.modules, 'harness.bound' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["False True"], done.stdout + done.stderr
