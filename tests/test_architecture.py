"""The house keeps its plan: rooms of at most twelve modules, one rank a room, imports that point down.

The plan is the table of rooms in docs/architecture.md; each law here fails when a module breaks it.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from conftest import SLOW

import atlas

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "atlas"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
#: What may stand in ``atlas/`` itself.
HALL = {"__init__.py", "__init__.pyi", "__main__.py", "_version.py", "py.typed"}
MOST_MODULES = 12
#: Packages that one room alone imports.
ONE_HOME = {
    "folium": "maps", "branca": "maps", "starlette": "serve", "uvicorn": "serve", "click": "cli", "distributed": "bulk",
}  # fmt: skip


def room_ranks() -> dict[str, int]:
    """Ranks by room, as the document states them; the hall stands above all."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| `([\w/]+)/` \|", text, flags=re.MULTILINE)
    return {name.replace("/", "."): int(rank) for rank, name in rows} | {"": 1000}


def module_name(path: Path) -> str:
    """`atlas/maps/page.py` is ``maps.page``, `atlas/maps/__init__.py` is ``maps``."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


def room_of(path: Path) -> str:
    """`atlas/maps/pages/site.py` stands in ``maps.pages``, `atlas/__main__.py` in the hall."""
    return ".".join(path.relative_to(PACKAGE).parent.parts)


NAMES = {module_name(path): path for path in MODULES}


def imported(path: Path) -> Iterator[str]:
    """Every module named in an import statement of `path`, wherever it stands, type checking included."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; name the module in full"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                inside = whole.removeprefix("atlas.") in NAMES and whole.startswith("atlas.")
                yield whole if inside else node.module or ""


def neighbours(path: Path) -> set[str]:
    """The modules of the atlas that `path` imports, by their name in the package."""
    return {name.removeprefix("atlas.") for name in imported(path) if name.startswith("atlas.")} - {"_version"}


def label(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_hall_holds_nothing_but_the_doors() -> None:
    assert {path.name for path in PACKAGE.iterdir() if path.is_file()} <= HALL


def test_every_folder_of_code_is_a_room_of_the_plan() -> None:
    assert {room_of(path) for path in MODULES} == set(room_ranks())


@pytest.mark.parametrize("room", sorted(set(room_ranks()) - {""}))
def test_a_room_holds_at_most_twelve_modules(room: str) -> None:
    inside = [path for path in MODULES if room_of(path) == room and path.name != "__init__.py"]
    assert len(inside) <= MOST_MODULES


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_imports_point_down(path: Path) -> None:
    ranks = room_ranks()
    room = room_of(path)
    upward = [
        name for name in neighbours(path) if (other := room_of(NAMES[name])) != room and ranks[other] >= ranks[room]
    ]
    assert upward == []


def test_no_modules_import_one_another_in_a_circle() -> None:
    arrows = {name: neighbours(path) - {name} for name, path in NAMES.items()}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way, name))
        if name not in done:
            for below in sorted(arrows[name]):
                visit(below, (*way, name))
            done.add(name)

    for name in sorted(arrows):
        visit(name, ())


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_folium_and_click_have_one_home_each(path: Path) -> None:
    homes = {ONE_HOME[top] for name in imported(path) if (top := name.split(".")[0]) in ONE_HOME}
    assert homes <= {room_of(path).split(".")[0]}


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_no_module_is_longer_than_500_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 500


def test_public_names_are_what_they_say_whatever_was_imported_before() -> None:
    for name in NAMES:
        if name and not name.rpartition(".")[2].startswith("__"):
            importlib.import_module(f"atlas.{name}")
    for name in atlas.__all__:
        for _ in range(2):
            assert not isinstance(getattr(atlas, name), ModuleType), name


#: What is written in one file alone: how it is said there, and where.
ONE_FILE = {
    "Transformer.from_crs(": "base/geodesy.py",
    "get_close_matches(": "base/doors.py",
    "pip install '": "base/doors.py",
}


@pytest.mark.parametrize("words", ONE_FILE)
def test_what_has_one_home_is_written_there_alone(words: str) -> None:
    homes = {str(path.relative_to(PACKAGE)) for path in MODULES if words in path.read_text("utf-8")}
    assert homes == {ONE_FILE[words]}


def test_kilometres_a_degree_are_a_number_of_the_geodesy_alone() -> None:
    homes = {
        str(path.relative_to(PACKAGE))
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)
        for side in (node.left, node.right)
        if isinstance(side, ast.Constant) and isinstance(side.value, float | int)
        if 110.4 <= side.value <= 111.7 or 110_400 <= side.value <= 111_700
    }
    assert homes == set()


def constants(path: Path) -> Iterator[tuple[str, str]]:
    """Name, without its underscore, and literal of every constant of a module."""
    for node in ast.parse(path.read_text("utf-8")).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(target, ast.Name) or value is None:
            continue
        try:
            ast.literal_eval(value)
        except ValueError:
            continue
        if not target.id.startswith("__"):
            yield target.id.lstrip("_"), ast.dump(value)


def test_no_two_modules_assign_the_same_constant() -> None:
    homes: dict[tuple[str, str], list[str]] = {}
    for path in MODULES:
        for one in constants(path):
            homes.setdefault(one, []).append(label(path))
    assert {name: places for (name, _), places in homes.items() if len(places) > 1} == {}


def test_every_file_that_the_quick_part_leaves_out_is_there() -> None:
    assert {path.name for path in (ROOT / "tests").rglob("test_*.py")} >= SLOW
