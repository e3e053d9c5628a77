"""A name -> Implementation: an entry point, or a Python module, file or object with operators as attributes."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.errors import UsageError, nearest
from harness.model import Implementation
from harness.namespace import Namespace

GROUP = "golden_harness.implementations"


def load_implementation(name: str | object) -> Implementation:
    """Return the implementation that `name` means: see docs/plugging-in.md.

    An object that is no string is taken as it is. Raises `UsageError`, in one line, for what cannot be imported.
    """
    if not isinstance(name, str):
        return as_implementation(name, getattr(name, "__name__", type(name).__name__))
    if name.startswith("exec:"):
        raise UsageError("programs that speak over a pipe (exec:) are not offered yet", where=name)
    entries = {entry.name: entry for entry in importlib.metadata.entry_points(group=GROUP)}
    if name in entries:
        try:
            found = entries[name].load()
        except ImportError as error:
            hint = f"pip install 'golden-harness[{name}]'" if error.name == name else f"pip install {error.name}"
            raise UsageError(f"implementation {name!r} needs a package: {error}", hint=hint) from error
        return as_implementation(found, name)
    module_name, _, attribute = name.partition(":")
    module = _import(module_name, known=list(entries))
    return as_implementation(_attribute(module, attribute, name) if attribute else module, name)


def as_implementation(found: Any, name: str) -> Implementation:
    """Return `found` itself when it has `run`, an instance of a class that has it, else its attributes by name."""
    if isinstance(found, type) and callable(getattr(found, "run", None)):
        found = found()
    if callable(getattr(found, "run", None)) and hasattr(found, "name"):
        implementation: Implementation = found
        return implementation
    return Namespace(found, name=name)


def _import(name: str, *, known: list[str]) -> ModuleType:
    if name.endswith(".py") or "/" in name:
        return _import_file(Path(name))
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)  # as `python -m` does: a user's my_ops.py lies where they stand
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == name
        if missing:
            hint = nearest(name, [*known, *(path.stem for path in Path.cwd().glob("*.py"))])
            raise UsageError(f"no implementation and no module named {name!r}", hint=hint) from error
        raise _broken(name, error) from error


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError("no such file", where=str(path), hint="give the path of a Python file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UsageError("not a Python file", where=str(path), hint="its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise _broken(str(path), error) from error
    return module


def _broken(name: str, error: BaseException) -> UsageError:
    place = ""
    trace = error.__traceback__
    while trace is not None:
        place = f" ({trace.tb_frame.f_code.co_filename}:{trace.tb_lineno})"
        trace = trace.tb_next
    if isinstance(error, SyntaxError):
        place = f" ({error.filename}:{error.lineno})"
    return UsageError(f"importing {name!r} raised {type(error).__name__}: {error}{place}")


def _attribute(module: ModuleType, attribute: str, name: str) -> Any:
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise UsageError(f"{name!r}: {part!r} is not there", hint=nearest(part, vars(module)))
        found = getattr(found, part)
    return found
