"""A name -> Implementation: an entry point, or a Python module, file or object with operators as attributes."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.errors import UsageError, message_of, nearest
from harness.model import Implementation, Limits
from harness.namespace import Namespace
from harness.wire import isolated, program

IN_PROCESS = Limits()
GROUP = "golden_harness.implementations"


def load_implementation(name: str | object, limits: Limits = IN_PROCESS) -> Implementation:
    """Return the implementation that `name` means: see docs/plugging-in.md.

    An object that is no string is taken as it is, and runs in this process. Raises `UsageError` for what cannot be
    imported, in one line, or does not start.
    """
    if not isinstance(name, str):
        kind = type(name).__name__
        return as_implementation(name, _look_up(name, "__name__", kind) or kind)
    if name.startswith("exec:"):
        return program(name, limits)
    if limits.apart:
        return isolated(name, limits)
    entries = {entry.name: entry for entry in importlib.metadata.entry_points(group=GROUP)}
    if name in entries:
        return as_implementation(_load_entry(entries[name]), name)
    module_name, _, attribute = name.partition(":")
    module = _import(module_name, known=list(entries))
    return as_implementation(_attribute(module, attribute, name) if attribute else module, name)


def as_implementation(found: Any, name: str) -> Implementation:
    """Return `found` itself when it has `run`, an instance of a class that has it, else its attributes by name.

    Raises `UsageError` for what cannot be asked for its name and version, and for an operator itself.
    """
    if isinstance(found, type) and callable(_look_up(found, "run", name)):
        with _told(f"making {name!r}"):
            found = found()
    if callable(_look_up(found, "run", name)) and not _is_module_of_operators(found, name):
        for field in ("name", "version"):
            if not isinstance(value := _look_up(found, field, name), str):
                problem = f"no `{field}`" if value is None else f"its `{field}` is {value!r}"
                hint = "name, version ('' for none) and run(call) make an implementation"
                raise UsageError(f"{name!r} has `run`, but {problem}", hint=hint)
        implementation: Implementation = found
        return implementation
    if _is_operator(found, name):
        home = name.rpartition("." if "." in name.partition(":")[2] else ":")[0]
        hint = "name the module or object that holds it" + (f": {home!r}" if home else "")
        raise UsageError(f"{name!r} is an operator itself", hint=hint)
    _look_up(found, "__version__", name)
    return Namespace(found, name=name)


def _is_module_of_operators(found: Any, name: str) -> bool:
    """Tell whether `run` is one function among others: a module is an implementation only if it has a `name` too."""
    return isinstance(found, ModuleType) and _look_up(found, "name", name) is None


def _is_operator(found: Any, name: str) -> bool:
    """Tell whether `found` is what an attribute of an implementation would be: a function, a class with `forward`."""
    if isinstance(found, ModuleType):
        return False
    return callable(_look_up(found, "forward", name)) or (callable(found) and not isinstance(found, type))


def _look_up(found: Any, attribute: str, name: str) -> Any:
    """Return an attribute, None where there is none. Raises `UsageError` where asking for it raises."""
    with _told(f"asking {name!r} for {attribute!r}", hint="what is not there must be an AttributeError"):
        return getattr(found, attribute, None)


@contextmanager
def _told(what: str, *, hint: str = "") -> Iterator[None]:
    """Make whatever a plug-in raises a `UsageError` in one line."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise UsageError(f"{what} raised {_in_words(error)}", hint=hint) from error


def _load_entry(entry: importlib.metadata.EntryPoint) -> Any:
    try:
        return entry.load()
    except ImportError as error:
        extra = entry.dist is not None and entry.name in (entry.dist.metadata.get_all("Provides-Extra") or ())
        wanted = f"'{entry.dist.name}[{entry.name}]'" if extra and entry.dist else error.name
        hint = f"pip install {wanted}"
        raise UsageError(f"implementation {entry.name!r} needs a package: {error}", hint=hint) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _broken(entry.name, error) from error


def _import(name: str, *, known: list[str]) -> ModuleType:
    if name.endswith(".py") or "/" in name:
        return _import_file(Path(name))
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)  # as `python -m` does: a user's my_ops.py lies where they stand
    try:
        return importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
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
    except KeyboardInterrupt:
        raise
    except BaseException as error:
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
    return UsageError(f"importing {name!r} raised {_in_words(error)}{place}")


def _in_words(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(message_of(error).split())}"


def _attribute(module: ModuleType, attribute: str, name: str) -> Any:
    found: Any = module
    for part in attribute.split("."):
        holder, found = found, _look_up(found, part, name)
        if found is None:
            raise UsageError(f"{name!r}: {part!r} is not there", hint=nearest(part, dir(holder)))
    return found
