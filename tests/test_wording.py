"""Names, docstrings and the shape of the code keep to `docs/glossary.md` and to the limits set in `pyproject.toml`."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = {path.relative_to(ROOT).as_posix(): path for path in sorted((ROOT / "aggregator").rglob("*.py"))}
MODULES = {name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): name for name in FILES}

QUESTION = re.compile(r"(?:What|Whether|Where|Who|Whose|Which|When|How|Why)\b")
VAGUE = frozenset(
    re.findall(r"\w+", "one found told kept same whole taken these those said rest known mine other others")
)
MAX_VAGUE = 0.01  # as a share of all variables
MAX_LINES = 400  # of a module


@cache  # not at the import: whoever runs tests in parallel imports each module in each process
def trees() -> dict[str, ast.Module]:
    """The syntax tree of each file."""
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}


def _tree(path: Path) -> ast.Module:
    """The syntax tree of any file."""
    return trees().get(path.relative_to(ROOT).as_posix()) or ast.parse(path.read_text(encoding="utf-8"))


def _docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and (
            text := ast.get_docstring(node)
        ):
            yield getattr(node, "lineno", 1), text


def _variables(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
            yield node.lineno, node.name


def _imports(tree: ast.Module) -> Iterator[str]:
    """Modules of the package that a module imports, inside functions too, but not for type checkers alone."""
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            inner_modules = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            yield from (name if name in MODULES else node.module for name in inner_modules.values())


def test_no_docstring_opens_with_a_question_word() -> None:
    bad = [
        f"{name}:{line}: {text.splitlines()[0]}"
        for name, tree in trees().items()
        for line, text in _docstrings(tree)
        if QUESTION.match(text)
    ]
    assert bad == []


def test_no_public_type_is_defined_twice() -> None:
    places = defaultdict(list)
    for name, tree in trees().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(name)
            elif isinstance(node, ast.Assign) and _is_type_alias(node):
                places[node.targets[0].id].append(name)  # type: ignore[attr-defined]  # a Name: _is_type_alias
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def _is_type_alias(node: ast.Assign) -> bool:
    target = node.targets[0]
    is_type_name = isinstance(target, ast.Name) and bool(re.fullmatch(r"[A-Z]+[a-z]\w*", target.id))
    return is_type_name and isinstance(node.value, ast.BinOp | ast.Subscript)


@pytest.mark.parametrize("folder", ["aggregator", "benchmarks", "tests"])
def test_variables_have_telling_names(folder: str) -> None:
    places = [
        (variable, f"{path.relative_to(ROOT)}:{line}: {variable}")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, variable in _variables(_tree(path))
    ]
    vague = [place for variable, place in places if variable in VAGUE]
    assert len(vague) <= MAX_VAGUE * len(places), vague


def test_what_is_silenced_has_its_reason_beside_it() -> None:
    """A rule of ruff or mypy, and an exception that is suppressed."""
    silenced = re.compile(r"# (?:noqa|type: ignore)|\bwith .*\bsuppress\(")
    reason = re.compile(r"(?:# noqa: \w+(?:, \w+)*|# type: ignore\[[\w-]+\]|suppress\(.*:)  ?(?:#|-) ?\w")
    bad = [
        f"{name}:{number}: {line.strip()}"
        for name, path in FILES.items()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if silenced.search(line) and not reason.search(line)
    ]
    assert bad == []


def test_modules_are_short() -> None:
    lengths = {name: len(FILES[name].read_text(encoding="utf-8").splitlines()) for name in FILES}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_no_import_goes_in_a_circle() -> None:
    graph = {module: {name for name in _imports(trees()[path]) if name != module} for module, path in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))
