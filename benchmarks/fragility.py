"""How near to the limit rounding alone takes a correct implementation.

    python benchmarks/fragility.py                    # every family
    python benchmarks/fragility.py 'special/*' -v     # some cases; -v names each array beyond the limit
    python benchmarks/fragility.py --ulps 2           # functions off by two units in the last place

Replays `numpy` as it is, and again as a library that computes the same otherwise:

    up, down   elementary and special functions are one ulp too high, or too low
    mixed      too high or too low, by the bits of the result: one argument always gets one answer
    order      sums, products and matrix products one element after the other from the last, in the dtype computed in;
               matrices are factored with rows and columns turned round
    fused      a * b + c is rounded once, as compilers and graphics processors do it

Results that are whole numbers up to 4096 are left alone: exp(0), sqrt(9), tanh and erf once they are 1.
Beyond the limit, either rounding decides what the case's inputs give, or a good library does more than `numpy` does.
"""

from __future__ import annotations

import ast
import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import click
import numpy as np
import scipy
from scipy import special

from harness.bound import LIMIT
from harness.casefile import select_cases
from harness.cli_options import folder_options, patterns_argument
from harness.goldens import REFERENCE, open_goldens
from harness.implementation import load_implementation
from harness.inputs import Drawer
from harness.model import Array, Difference, Implementation, Result, Verdict
from harness.replay import Judge, replay_file

PACKAGE = "harness.implementations.numpy"
LIBRARIES = ("as it is", "up", "down", "mixed", "order", "fused")
#: the functions of NumPy that are nudged; of SciPy's special ones, all
FUNCTIONS = frozenset({
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logaddexp", "logaddexp2", "power", "float_power", "sqrt",
    "cbrt", "hypot", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "sinh", "cosh", "tanh", "arcsinh",
    "arccosh", "arctanh", "sinc", "i0",
})  # fmt: skip
_WHOLE = 4096


class Library(ModuleType):
    """A module of which some attributes are others."""

    def __init__(self, name: str, real: ModuleType, other: Callable[[str, Any], Any]) -> None:
        """Stand in for `real` under `name`; `other` returns what to give for an attribute and its real value."""
        super().__init__(name)
        self._real, self._other = real, other

    def __getattr__(self, name: str) -> Any:
        """Return the attribute that was asked for, or what stands in for it."""
        found = self._other(name, getattr(self._real, name, None))
        if found is None and not hasattr(self._real, name):  # np.newaxis is None
            raise AttributeError(name)
        return found


# -- functions that are off by an ulp


def nudged(values: Any, way: str, ulps: int) -> Any:
    """Return a function's result moved by `ulps`, but for whole numbers; never past the largest number."""
    array = np.asarray(values)
    if array.dtype.kind == "c":
        parts = array.view(array.real.dtype) if array.ndim else np.array([array.real, array.imag])
        return nudged(parts, way, ulps).view(array.dtype).reshape(array.shape)
    if array.dtype.kind != "f":
        return values
    if way == "mixed":
        bits = array.view(f"u{array.dtype.itemsize}").astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        target = np.where(bits >> np.uint64(63), np.inf, -np.inf).astype(array.dtype)
    else:
        target = np.asarray(np.inf if way == "up" else -np.inf, dtype=array.dtype)
    moved = array
    for _ in range(ulps):
        moved = np.nextafter(moved, target)
    whole = (array == np.rint(array)) & (np.abs(array) <= _WHOLE)
    return np.where(whole | ~np.isfinite(array) | ~np.isfinite(moved), array, moved)[()]


class Nudged:
    """A ufunc, its `reduce` and `accumulate` included, whose results are nudged."""

    def __init__(self, function: Any, nudge: Callable[[Any], Any]) -> None:
        """Wrap `function`."""
        self._function, self._nudge = function, nudge

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the nudged result of a function of one output."""
        return self._nudge(self._function(*args, **kwargs))

    def __getattr__(self, name: str) -> Any:
        """Return a method of the ufunc, nudged."""
        return Nudged(getattr(self._function, name), self._nudge)


# -- sums in another order


def from_the_last(add: np.ufunc, values: Any, axis: Any = None, *, keepdims: bool = False, dtype: Any = None) -> Any:
    """Return a sum or product, one element after the other from the last."""
    array = np.asarray(values, dtype=dtype)
    if array.dtype.kind not in "fc" or not array.size:
        return add.reduce(array, axis=axis, keepdims=keepdims)
    axes = range(array.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = tuple(one % array.ndim for one in axes)
    kept = [one for one in range(array.ndim) if one not in axes]
    rows = array.transpose(*axes, *kept).reshape(-1, *(array.shape[one] for one in kept))
    total = add.accumulate(rows[::-1], axis=0)[-1]
    return np.expand_dims(total, axes) if keepdims else total


def mean(values: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return the mean, its sum from the last."""
    total = from_the_last(np.add, values, axis, keepdims=keepdims)
    return total / np.asarray(np.size(values) // max(np.size(total), 1)).astype(np.asarray(total).dtype)


def matmul(left: Any, right: Any) -> Any:
    """Return the matrix product, each of its sums from the last."""
    a, b = np.asarray(left), np.asarray(right)
    if np.result_type(a, b).kind not in "fc" or not a.shape[-1]:
        return np.matmul(a, b)
    wide_a, wide_b = a[np.newaxis] if a.ndim == 1 else a, b[:, np.newaxis] if b.ndim == 1 else b
    total: Any = 0
    for k in reversed(range(a.shape[-1])):
        total = wide_a[..., :, k, np.newaxis] * wide_b[..., k, np.newaxis, :] + total
    if b.ndim == 1:
        total = total[..., 0]
    return total[..., 0, :] if a.ndim == 1 and b.ndim > 1 else total[..., 0] if a.ndim == 1 else total


def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Return the einsum over operands turned round along every axis that is summed."""
    terms, _, out = subscripts.replace(" ", "").partition("->")
    turned = []
    for term, operand in zip(terms.split(","), operands, strict=True):
        array = np.asarray(operand)
        labels = term.replace("...", "." * (array.ndim - len(term.replace("...", ""))))
        summed = [axis for axis, label in enumerate(labels) if label != "." and label not in out]
        turned.append(np.flip(array, tuple(summed)))
    return np.einsum(subscripts, *turned, **kwargs)


def tensordot(a: Array, b: Array, axes: Any = 2) -> Any:
    """Return the tensordot through `matmul`."""
    if isinstance(axes, int):
        axes = (range(a.ndim - axes, a.ndim), range(axes))
    first, second = ([one] if isinstance(one, int) else list(one) for one in axes)
    left = [one for one in range(a.ndim) if one not in {axis % a.ndim for axis in first}]
    right = [one for one in range(b.ndim) if one not in {axis % b.ndim for axis in second}]
    shape = [a.shape[one] for one in left] + [b.shape[one] for one in right]
    depth = int(np.prod([a.shape[one] for one in first], dtype=int))
    rows = a.transpose(*left, *first).reshape(int(np.prod([a.shape[one] for one in left], dtype=int)), depth)
    columns = b.transpose(*second, *right).reshape(depth, int(np.prod([b.shape[one] for one in right], dtype=int)))
    return matmul(rows, columns).reshape(shape)


def _turn(a: Array) -> Array:
    return np.asarray(a)[..., ::-1, ::-1]


def _solve(a: Array, b: Array) -> Array:
    if np.ndim(b) == 1:
        return _solve(a, np.asarray(b)[:, np.newaxis])[:, 0]
    return np.linalg.solve(_turn(a), np.asarray(b)[..., ::-1, :])[..., ::-1, :]


def _eigh(a: Array, triangle: str = "L") -> tuple[Array, Array]:
    values, vectors = np.linalg.eigh(_turn(a), "U" if triangle == "L" else "L")
    return values, vectors[..., ::-1, :]


def _svd(a: Array, *, full_matrices: bool = True) -> Any:
    u, s, vh = np.linalg.svd(_turn(a), full_matrices=full_matrices)
    return u[..., ::-1, :], s, vh[..., ::-1]


def fused(a: Any, b: Any, c: Any, form: str) -> Any:
    """Return a * b + c, a * b - c, c + a * b or c - a * b, rounded once; `form` holds the signs in their order."""
    first, add = form[0] == "*", "+" in form
    product = a * b
    left, right = (product, c) if first else (c, product)
    plain = left + right if add else left - right
    if not isinstance(plain, np.ndarray | np.generic) or plain.dtype not in (np.float32, np.float64):
        return plain
    product = np.asarray(a, np.longdouble) * np.asarray(b, np.longdouble)
    left, right = (product, c) if first else (c, product)
    return np.asarray(left + right if add else left - right, dtype=plain.dtype)[()]


TURNED: dict[str, Any] = {
    "inv": lambda a: _turn(np.linalg.inv(_turn(a))),
    "det": lambda a: np.linalg.det(_turn(a)),
    "slogdet": lambda a: np.linalg.slogdet(_turn(a)),
    "solve": _solve,
    "eigh": _eigh,
    "svd": _svd,
}
REORDERED: dict[str, Any] = {
    "sum": partial(from_the_last, np.add),
    "prod": partial(from_the_last, np.multiply),
    "mean": mean,
    "matmul": matmul,
    "dot": matmul,
    "einsum": einsum,
    "tensordot": tensordot,
    "linalg": Library("linalg", np.linalg, lambda name, real: TURNED.get(name, real)),  # noqa: PLW0108
}

# -- the built-in implementation, compiled against such a library


class Rewritten(ast.NodeTransformer):
    """Imports of NumPy and SciPy name the library, and so do operators and methods of arrays that it has its own of."""

    MODULES = ("numpy", "scipy", "scipy.special")

    def __init__(self, library: str) -> None:
        """Rewrite for a library of `LIBRARIES`."""
        self.order, self.fused = library == "order", library == "fused"

    def visit_Import(self, node: ast.Import) -> ast.Import:
        """Import the library's module."""
        return ast.Import([ast.alias(_stand_in(one.name), one.asname) if one.asname else one for one in node.names])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        """Import from the library's module."""
        return ast.ImportFrom(_stand_in(node.module or ""), node.names, node.level)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Call the library for `@`, or for a product that something is added to or taken from."""
        self.generic_visit(node)
        if self.order and isinstance(node.op, ast.MatMult):
            return _call("matmul", node.left, node.right)
        if self.fused and isinstance(node.op, ast.Add | ast.Sub):
            sign = "+" if isinstance(node.op, ast.Add) else "-"
            for product, other, form in ((node.left, node.right, f"*{sign}"), (node.right, node.left, f"{sign}*")):
                if isinstance(product, ast.BinOp) and isinstance(product.op, ast.Mult):
                    return _call("fused", product.left, product.right, other, ast.Constant(form))
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Call the library for a method that sums."""
        self.generic_visit(node)
        method = node.func
        if not (self.order and isinstance(method, ast.Attribute) and method.attr in ("sum", "prod", "mean")):
            return node
        if isinstance(method.value, ast.Name) and method.value.id in ("np", "math"):
            return node
        return _call(method.attr, method.value, *node.args, keywords=node.keywords)


def _stand_in(name: str) -> str:
    return f"other_{name.replace('.', '_')}" if name in Rewritten.MODULES else name


def _call(name: str, *args: ast.expr, keywords: Sequence[ast.keyword] = ()) -> ast.Call:
    library = ast.Call(ast.Name("__import__", ast.Load()), [ast.Constant(_stand_in("numpy"))], [])
    return ast.Call(ast.Attribute(library, name, ast.Load()), list(args), list(keywords))


class Loader(SourceFileLoader):
    """Loads a module of the implementation rewritten; compiled code on the disk is passed over."""

    library = ""

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the rewritten module."""
        tree = ast.parse(Path(self.path).read_bytes(), self.path)
        tree = ast.fix_missing_locations(Rewritten(self.library).visit(tree))
        return compile(tree, f"{self.path} ({fullname} rewritten)", "exec")


class Finder(MetaPathFinder):
    """Finds the modules of the implementation for `Loader`."""

    def __init__(self, library: str) -> None:
        """Find modules, to be rewritten for `library`."""
        self.library = library

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002
        """Return where a module of the implementation is; None for any other."""
        if not fullname.startswith(PACKAGE):
            return None
        folder = Path(next(iter(path))) / fullname.rpartition(".")[2]
        inside = [str(folder)] if folder.is_dir() else None
        file = folder / "__init__.py" if inside else folder.with_suffix(".py")
        loader = Loader(fullname, str(file))
        loader.library = self.library
        return spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=inside)


def implementation(library: str, ulps: int) -> Implementation:
    """Return the built-in implementation on a library of `LIBRARIES`."""
    if library == "as it is":
        return load_implementation(PACKAGE)
    nudge = partial(nudged, way=library, ulps=ulps)

    def in_numpy(name: str, real: Any) -> Any:
        if library in ("order", "fused"):
            return fused if name == "fused" else REORDERED.get(name, real) if library == "order" else real
        return Nudged(real, nudge) if name in FUNCTIONS else real

    def in_special(_: str, real: Any) -> Any:
        return Nudged(real, nudge) if callable(real) and library in ("up", "down", "mixed") else real

    functions = Library(_stand_in("scipy.special"), special, in_special)
    made = (
        Library(_stand_in("numpy"), np, in_numpy),
        functions,
        Library(_stand_in("scipy"), scipy, lambda name, real: functions if name == "special" else real),
    )
    sys.modules.update({module.__name__: module for module in made})
    finder = Finder(library)
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    try:
        return load_implementation(PACKAGE)
    finally:
        sys.meta_path.remove(finder)


# -- the table


@dataclass
class Row:
    """What became of the cases of one family on one library."""

    cases: int = 0
    beyond: list[Result] = field(default_factory=list)
    largest: float = 0.0
    of: str = ""

    def add(self, result: Result) -> None:
        """Count one case."""
        self.cases += 1
        if result.differences and (largest := max(one.ratio for one in result.differences)) > self.largest:
            self.largest, self.of = largest, result.id
        if result.verdict in (Verdict.MISSING, Verdict.STALE):
            sys.exit(f"{result.id}: {result.message}")
        if result.verdict is not Verdict.PASS:
            self.beyond.append(result)


def describe(difference: Difference) -> str:
    """Return where an array is beyond the limit, and by how much."""
    values = f"actual {difference.actual:.9g}, truth {difference.truth:.9g}, bound {difference.bound:.3g}"
    place = f"{difference.stage.value}/{difference.name}{list(difference.worst)}"
    return f"{place}: ratio {difference.ratio:.3g}, {difference.mismatched} of {difference.total}; {values}"


@click.command()
@patterns_argument
@folder_options
@click.option("--ulps", default=1, show_default=True, help="Units in the last place that a function is off by.")
@click.option("--verbose", "-v", is_flag=True, help="Name each array beyond the limit.")
def main(patterns: tuple[str, ...], *, cases_dir: Path, golden_dir: Path, ulps: int, verbose: bool) -> int:
    """Print how many cases are beyond the limit on each library, and the largest error ratio."""
    warnings.simplefilter("ignore")
    goldens = open_goldens(golden_dir, REFERENCE)
    files = [(file, list(cases)) for file, cases in select_cases(cases_dir, patterns)]
    law = load_implementation(PACKAGE)
    table: dict[str, dict[str, Row]] = defaultdict(lambda: defaultdict(Row))
    for library in LIBRARIES:
        judge = Judge(implementation=implementation(library, ulps), law=law, drawer=Drawer())
        for file, cases in files:
            for result in replay_file(judge, file, cases, root=cases_dir, goldens=goldens):
                for family in (result.id.partition("/")[0], "all"):
                    table[family][library].add(result)
    print(f"{'family':15}{'cases':>6}  {'library':9}beyond {LIMIT:g}  largest ratio, and its case")
    for family in sorted(table, key=lambda name: (name == "all", name)):
        for library, row in table[family].items():
            print(f"{family:15}{row.cases:6}  {library:9}{len(row.beyond):8}  {row.largest:13.3g}  {row.of}")
            for result in row.beyond if verbose and family != "all" else ():
                print(f"    {result.id}  {result.message}")
                for difference in result.differences:
                    if not difference.ok:
                        print(f"        {describe(difference)}")
    return 0


if __name__ == "__main__":
    main()
