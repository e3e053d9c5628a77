"""Where the cases and goldens lie: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def default_cases() -> Path:
    """Return the folder of the case files that came with the harness."""
    return _find("cases")


def default_goldens() -> Path:
    """Return the folder of the goldens that came with the harness."""
    return _find("golden")


def _find(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
