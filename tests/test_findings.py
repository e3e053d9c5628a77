"""The known deviations of frameworks: each entry is about cases there are, and is explained in the findings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.deviationsfile import read_deviations
from harness.locations import default_cases

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "deviations").glob("*.yaml"))


def anchor(heading: str) -> str:
    """Return the name by which GitHub links to a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def anchors(page: Path) -> set[str]:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return {anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)}


def test_there_is_a_file_for_each_framework() -> None:
    assert {"autograd", "jax", "keras", "mlx", "onnxruntime", "sklearn", "tfjs", "tinygrad"} <= {f.stem for f in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_deviation_is_of_a_version_and_explained(file: Path) -> None:
    entries = read_deviations(file, default_cases())
    assert entries
    for entry in entries:
        page, _, section = entry.link.partition("#")
        assert page.startswith("docs/findings/"), f"{entry.where}: its link is {entry.link!r}"
        assert section in anchors(ROOT / page), f"{entry.where}: {page} has no section {section!r}"
        assert entry.versions, f"{entry.where}: which versions?"


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "findings").glob("*.md")), ids=lambda page: page.stem)
def test_findings_are_finished(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"TODO|COUNTS|XXX|<<<<", text)
