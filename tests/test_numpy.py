"""The NumPy implementation as a whole: which operators it offers, and that each is offered once."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter

import harness.implementations.numpy as package
from harness.locations import default_cases
from harness.selection import case_files
from harness.worker import camel_case

#: modules of what operators share
SHARED = {"elementwise", "losses_shared", "pointwise", "precision", "windows"}
MODULES = {
    info.name: importlib.import_module(f"{package.__name__}.{info.name}")
    for info in pkgutil.iter_modules(package.__path__)
    if info.name not in SHARED
}
OPERATORS = {file.stem for file in case_files(default_cases())}


def test_no_two_modules_offer_one_name() -> None:
    counts = Counter(name for module in MODULES.values() for name in module.__all__)
    assert [name for name, count in counts.items() if count > 1] == []


def test_the_package_offers_what_its_modules_do() -> None:
    for module in MODULES.values():
        for name in module.__all__:
            assert getattr(package, name) is getattr(module, name), f"{module.__name__} is not imported by the package"


def test_every_name_is_an_operator_of_the_case_files() -> None:
    spelled = OPERATORS | {camel_case(operator) for operator in OPERATORS}
    assert {name for module in MODULES.values() for name in module.__all__} - spelled == set()


def test_every_operator_is_offered() -> None:
    lacking = [name for name in OPERATORS if not (hasattr(package, name) or hasattr(package, camel_case(name)))]
    assert lacking == []
