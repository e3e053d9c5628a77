from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.errors import UsageError
from harness.implementation import GROUP, as_implementation, load_implementation
from harness.model import Call, Outputs
from harness.namespace import Namespace


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Stand in an empty folder, and forget what is imported from it."""
    before = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


class Own:
    name, version = "own", "1"

    def run(self, call: Call) -> Outputs:
        return Outputs(stages={})


def test_the_group_is_that_of_the_distribution() -> None:
    assert GROUP == "golden_harness.implementations"


def test_numpy_is_built_in() -> None:
    assert load_implementation("numpy").name == "numpy"


def test_a_module_beside_the_user(folder: Path) -> None:
    write(folder / "my_ops_a.py", "__version__ = '3'\ndef gelu(input): return input\n")
    found = load_implementation("my_ops_a")
    assert (found.name, found.version) == ("my_ops_a", "3")


def test_a_module_in_a_package(folder: Path) -> None:
    write(folder / "my_pkg_b" / "__init__.py", "")
    write(folder / "my_pkg_b" / "ops.py", "__version__ = '4'\n")
    assert load_implementation("my_pkg_b.ops").version == "4"


@pytest.mark.parametrize("name", ["./deep/my_ops_c.py", "deep/my_ops_c.py"])
def test_a_file_by_its_path(folder: Path, name: str) -> None:
    write(folder / "deep" / "beside_c.py", "VERSION = '5'\n")
    write(folder / "deep" / "my_ops_c.py", "from beside_c import VERSION as __version__\n")
    assert load_implementation(name).version == "5"


def test_an_object_in_a_module(folder: Path) -> None:
    write(folder / "my_ops_d.py", "class ops:\n    class inner:\n        __version__ = '6'\n")
    assert load_implementation("my_ops_d:ops.inner").version == "6"


def test_an_object_is_taken_as_it_is() -> None:
    own = Own()
    assert load_implementation(own) is own


def test_a_class_that_runs_is_made() -> None:
    assert isinstance(as_implementation(Own, "own"), Own)


def test_anything_else_is_a_namespace() -> None:
    found = load_implementation(SimpleNamespace())
    assert isinstance(found, Namespace)
    assert found.name == "SimpleNamespace"


# -- what cannot be loaded, each in one line


def complaint(name: str) -> str:
    with pytest.raises(UsageError) as caught:
        load_implementation(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_unknown_name_suggests_the_nearest() -> None:
    assert complaint("nmupy") == "no implementation and no module named 'nmupy'; did you mean 'numpy'?"


def test_an_unknown_name_suggests_a_module_beside_the_user(folder: Path) -> None:
    write(folder / "my_ops_e.py", "")
    assert complaint("my_opse").endswith("did you mean 'my_ops_e'?")


def test_a_file_that_is_not_there() -> None:
    assert complaint("nowhere/ops.py") == "nowhere/ops.py: no such file; give the path of a Python file"


def test_a_module_that_raises_names_the_line(folder: Path) -> None:
    write(folder / "my_ops_f.py", "x = 1\ny = x / 0\n")
    assert complaint("my_ops_f") == (
        f"importing 'my_ops_f' raised ZeroDivisionError: division by zero ({folder}/my_ops_f.py:2)"
    )


def test_a_file_that_raises_names_the_line(folder: Path) -> None:
    write(folder / "my_ops_g.py", "raise RuntimeError('no device')\n")
    assert complaint("./my_ops_g.py").startswith("importing 'my_ops_g.py' raised RuntimeError: no device (")


def test_a_module_that_is_not_python_names_the_line(folder: Path) -> None:
    write(folder / "my_ops_h.py", "x = 1\ndef broken(:\n")
    found = complaint("my_ops_h")
    assert found.startswith("importing 'my_ops_h' raised SyntaxError: ")
    assert found.endswith("my_ops_h.py:2)")


def test_a_module_that_needs_another_says_which(folder: Path) -> None:
    write(folder / "my_ops_i.py", "import no_such_package_i\n")
    found = complaint("my_ops_i")
    assert "ModuleNotFoundError: No module named 'no_such_package_i'" in found


def test_an_attribute_that_is_not_there_suggests_the_nearest(folder: Path) -> None:
    write(folder / "my_ops_j.py", "class operators: pass\n")
    assert (
        complaint("my_ops_j:operatosr") == "'my_ops_j:operatosr': 'operatosr' is not there; did you mean 'operators'?"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("class Own:\n    name = 'own'\n", "no `version`"),
        ("class Own:\n    version = ''\n", "no `name`"),
        ("class Own:\n    name, version = 'own', 3\n", "its `version` is 3"),
    ],
)
def test_an_implementation_has_a_name_and_a_version(folder: Path, text: str, words: str) -> None:
    write(folder / "my_ops_k.py", f"{text}    def run(self, call): pass\n")
    hint = "name, version ('' for none) and run(call) make an implementation"
    assert complaint("my_ops_k:Own") == f"'my_ops_k:Own' has `run`, but {words}; {hint}"
    del sys.modules["my_ops_k"]


def test_a_module_may_have_an_operator_named_run(folder: Path) -> None:
    write(folder / "my_ops_l.py", "def run(command): pass\n")
    assert isinstance(load_implementation("my_ops_l"), Namespace)


def test_a_class_that_cannot_be_made(folder: Path) -> None:
    write(folder / "my_ops_m.py", "class Own:\n    def __init__(self, device): pass\n    def run(self, call): pass\n")
    assert complaint("my_ops_m:Own").startswith("making 'my_ops_m:Own' raised TypeError: ")


@pytest.mark.parametrize("error", ["KeyError(name)", "GeneratorExit", "RuntimeError('two\\nlines')"])
def test_a_module_that_cannot_be_asked(folder: Path, error: str) -> None:
    write(folder / "my_ops_n.py", f"def __getattr__(name):\n    raise {error}\n")
    found = complaint("my_ops_n")
    assert found.startswith("asking 'my_ops_n' for 'run' raised ")
    assert found.endswith("; what is not there must be an AttributeError")
    assert complaint("my_ops_n:ops").startswith("asking 'my_ops_n:ops' for 'ops' raised ")
    del sys.modules["my_ops_n"]


@pytest.mark.parametrize(
    ("part", "home"),
    [("dropout", "my_ops_o"), ("Dropout", "my_ops_o"), ("made", "my_ops_o"), ("ns.act", "my_ops_o:ns")],
)
def test_an_operator_itself_is_no_implementation(folder: Path, part: str, home: str) -> None:
    write(
        folder / "my_ops_o.py",
        "class Dropout:\n    def forward(self, input): return input\n"
        "def dropout(input): return input\n"
        "made = Dropout()\n"
        "class ns:\n    act = staticmethod(dropout)\n",
    )
    name = f"my_ops_o:{part}"
    assert complaint(name) == f"{name!r} is an operator itself; name the module or object that holds it: {home!r}"
    assert isinstance(load_implementation(home), Namespace)
    del sys.modules["my_ops_o"]


def test_an_operator_given_as_an_object() -> None:
    def gelu(input: object) -> object:
        return input

    with pytest.raises(UsageError, match=r"^'gelu' is an operator itself; name the module or object that holds it$"):
        load_implementation(gelu)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("exec:", "exec:: no command; write exec:./my_program --flag"),
        ("exec:'", "exec:': cannot be read as a command: No closing quotation"),
        ("exec:./nowhere", "'./nowhere' cannot be started: No such file or directory"),
    ],
)
def test_a_program_that_is_none(name: str, words: str) -> None:
    assert complaint(name) == words
