"""The recordings of other torch versions: whole, current, and NumPy conforms wherever they stay with the reference."""

from __future__ import annotations

import pytest

import harness.implementations.numpy as numpy_operators
from harness.casefile import read_case_file
from harness.drift import drift_between, loud
from harness.goldens import REFERENCE, open_goldens, recorded_versions
from harness.locations import default_cases, default_goldens
from harness.model import Verdict
from harness.namespace import Namespace
from harness.replay import replay_file
from harness.selection import case_files, operator_path
from harness.session import make_judge

pytestmark = pytest.mark.versions
VERSIONS = [version for version in recorded_versions(default_goldens()) if version != REFERENCE]


def test_the_versions_that_the_readme_names_are_recorded() -> None:
    assert VERSIONS == ["torch-1.13.1", "torch-2.15.0"]


@pytest.mark.parametrize("version", VERSIONS)
def test_numpy_conforms_where_a_version_stays_with_the_reference(version: str) -> None:
    root, judge = default_cases(), make_judge(Namespace(numpy_operators, name="numpy"))
    reference, goldens = open_goldens(default_goldens()), open_goldens(default_goldens(), version)
    passed = 0
    wrong = []
    for file in case_files(root):
        path = operator_path(file, root)
        drifts = drift_between(reference.operator(path), goldens.operator(path), path)
        moved = {drift.case_id for drift in loud(drifts)}
        for result in replay_file(judge, file, read_case_file(file, root), root=root, goldens=goldens):
            passed += result.verdict is Verdict.PASS
            if result.verdict not in (Verdict.PASS, Verdict.UNSUPPORTED) and result.id not in moved:
                wrong.append(f"{result.verdict} {result.id}")
    assert wrong == []
    assert passed > 1000
