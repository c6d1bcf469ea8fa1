"""The house keeps its plan: rooms of at most twelve modules, one rank a room, imports that point down.

The plan is the table of rooms in docs/architecture.md; each law here fails when a module breaks it.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import FrameType, ModuleType

import pytest
from conftest import _ONE_BY_ONE, _WITH, LONG, SLOW
from worlds import rail_world

import atlas
from atlas.cli.session import _NETWORK_ROOMS, _TRAVEL_ROOMS

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "atlas"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
#: What may stand in ``atlas/`` itself.
HALL = {"__init__.py", "__init__.pyi", "__main__.py", "_version.py", "py.typed"}
MOST_MODULES = 12
MOST_LINES = 500
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
#: Code outside the house that may take what a module offers.
READERS = [
    path
    for folder in ("tests", "scripts", "benchmarks", "atlas_qgis")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imported(path: Path) -> Iterator[str]:
    """Every module named in an import statement of `path`, wherever it stands, type checking included."""
    for node in ast.walk(tree(path)):
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


def rooms_behind(*names: str) -> set[str]:
    """Rooms of some modules and of all that they import."""
    made_by: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in made_by:
            made_by.add(name)
            left += neighbours(NAMES[name])
    return {name.partition(".")[0] for name in made_by}


def test_the_key_of_what_is_kept_holds_all_the_code_that_makes_it() -> None:
    assert rooms_behind("network.build", "network.value", "data.catalog") == set(_NETWORK_ROOMS)
    assert rooms_behind("network.build", "data.catalog", "travel.trip") == {*_NETWORK_ROOMS, *_TRAVEL_ROOMS}


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_folium_and_click_have_one_home_each(path: Path) -> None:
    homes = {ONE_HOME[top] for name in imported(path) if (top := name.split(".")[0]) in ONE_HOME}
    assert homes <= {room_of(path).split(".")[0]}


#: All that is written by hand: modules, tests, scripts, benchmarks, and the scripts and style sheets of pages.
WRITTEN = [
    *MODULES,
    *READERS,
    *(path for folder in ("atlas/maps/assets/js", "atlas/maps/assets/css", "tests/js")
      for path in sorted((ROOT / folder).rglob("*.*")) if path.suffix in (".js", ".css") or path.name == "types.d.ts"),
    *(path for path in sorted((ROOT / "scripts").iterdir()) if path.is_file() and not path.suffix),
]  # fmt: skip


@pytest.mark.parametrize("path", WRITTEN, ids=label)
def test_no_file_is_longer_than_500_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES


def test_only_a_command_of_click_takes_more_than_eight_parameters() -> None:
    """Ruff holds the rest (PLR0913); here the rooms that it leaves to click."""
    for path in (PACKAGE / "cli").rglob("*.py"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and not any("command" in ast.unparse(d) for d in node.decorator_list):
                own = node.args
                assert len(own.posonlyargs) + len(own.args) + len(own.kwonlyargs) <= 8, f"{path}: {node.name}"


def test_public_names_are_what_they_say_whatever_was_imported_before() -> None:
    for name in NAMES:
        if name and not name.rpartition(".")[2].startswith("__"):
            importlib.import_module(f"atlas.{name}")
    for name in atlas.__all__:
        for _ in range(2):
            assert not isinstance(getattr(atlas, name), ModuleType), name


#: What is written in one file alone: how it is said there, and where.
ONE_FILE = {
    "Transformer.": "base/geodesy.py",
    "get_close_matches(": "base/doors.py",
    "pip install '": "base/doors.py",
    "csv.reader(": "base/tables.py",
    "REFERENCES = {": "data/checks.py",
    "TOLERANCE_MIN = ": "ways/heap.py",
    '("local_detour")': "travel/minutes.py",
    "fromisoformat(": "base/tables.py",
}
#: Who writes a semicolon: lists in a cell, and what is no list of ours: styles of CSS and QGIS, a media type of HTTP,
#: types of TypeScript.
SEMICOLONS = {"base/tables.py", "base/style.py", "exports/families/styles.py", "serve/app.py", "payload_types.py"}
#: How what has a home could be said past it.
NOWHERE = (
    "DictReader(",
    "read_csv(",
    "cutoff + 1e",
    "_min + 1e",
    "cut + 1e",
    "cutoffs + 1e",
    "chosen.key ==",
    "chosen.key in",
    "chosen.key not in",
    "is_integer() else round(",
)


@pytest.mark.parametrize("words", ONE_FILE)
def test_what_has_one_home_is_written_there_alone(words: str) -> None:
    homes = {str(path.relative_to(PACKAGE)) for path in MODULES if words in path.read_text("utf-8")}
    assert homes == {ONE_FILE[words]}


@pytest.mark.parametrize("words", NOWHERE)
def test_what_has_a_home_is_not_said_past_it(words: str) -> None:
    assert [label(path) for path in MODULES if words in path.read_text("utf-8")] == []


def test_kilometres_a_degree_are_a_number_of_the_geodesy_alone() -> None:
    homes = {
        str(path.relative_to(PACKAGE))
        for path in MODULES
        for node in ast.walk(tree(path))
        # a whole number that is not reckoned with may be a meridian
        for side in ((node.left, node.right) if isinstance(node, ast.BinOp) else (node,))
        if isinstance(side, ast.Constant) and isinstance(side.value, float if side is node else float | int)
        if 110.4 <= side.value <= 111.7 or 110_400 <= side.value <= 111_700
    }
    assert homes == {"base/geodesy.py"}


def test_lists_in_a_cell_are_split_and_joined_in_one_place() -> None:
    homes = {
        str(path.relative_to(home))
        for home in (PACKAGE, ROOT / "scripts")
        for path in home.rglob("*.py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and node.value == ";"
    }
    assert homes == SEMICOLONS


def test_the_kinds_of_arrays_are_named_and_spelled_by_the_geodesy_alone() -> None:
    """The notebook's cards import nothing of the atlas."""
    kinds = re.compile(r"NDArray\[np\.(float64|int64|bool_|object_)\]")
    homes = {str(path.relative_to(PACKAGE)) for path in MODULES if kinds.search(path.read_text("utf-8"))}
    assert homes == {"base/geodesy.py", "notebook/card.py"}


def constants(path: Path) -> Iterator[tuple[str, object]]:
    """Name, without its underscore, and literal of every constant of a module."""
    for node in tree(path).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(target, ast.Name) or value is None:
            continue
        with suppress(ValueError):
            literal = ast.literal_eval(value)
            if not target.id.startswith("__"):
                yield target.id.lstrip("_"), literal


def test_no_two_modules_assign_the_same_constant() -> None:
    """Numbers may be equal by chance under another name; texts and collections may not be equal at all."""
    homes: dict[str, list[str]] = {}
    for path in MODULES:
        for name, literal in constants(path):
            told = isinstance(literal, str | tuple | list | dict | set) and len(literal) > 1
            homes.setdefault(repr(literal) if told else f"{name} = {literal!r}", []).append(f"{label(path)}: {name}")
    assert {what: places for what, places in homes.items() if len(places) > 1} == {}


def taken(path: Path) -> Iterator[tuple[str, str]]:
    """Module and name of all that `path` takes from modules of the atlas: by import, or as ``module.name``."""
    called: dict[str, str] = {}
    spelled: list[tuple[str, str]] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            called |= {alias.asname: alias.name.removeprefix("atlas.") for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("atlas."):
            module = (node.module or "").removeprefix("atlas").removeprefix(".")
            for alias in node.names:
                inner = f"{module}.{alias.name}".removeprefix(".")
                if inner in NAMES:
                    called[alias.asname or alias.name] = inner
                else:
                    yield module, alias.name
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            spelled.append((node.value.id, node.attr))
    yield from ((called[module], name) for module, name in spelled if called.get(module) in NAMES)


def offered(path: Path) -> list[str]:
    """``__all__`` of a module; a room's door and ``_version`` need none."""
    for node in tree(path).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    return []


def wanted() -> dict[str, set[str]]:
    """What others take of each module, by the law's rules.

    Others are the modules of the atlas, its public face and the readers outside. ``command`` of a module of the
    terminal's rooms and ``main`` are asked for by name as the program starts. A name with an underscore is its
    module's own: tests may look at it, no module may.
    """
    names: dict[str, set[str]] = {name: set() for name in NAMES}
    for path in (*MODULES, *READERS):
        for module, name in taken(path):
            own = NAMES.get(module) == path or (path in READERS and name.startswith("_"))
            if module and not own and name not in sys.stdlib_module_names:
                names[module].add(name)
    for name, home in atlas._HOME.items():
        names[home.removeprefix("atlas.")].add(name)
    for module, path in NAMES.items():
        if module.startswith("cli.") and any(getattr(node, "name", "") == "command" for node in tree(path).body):
            names[module].add("command")
    names["__main__"].add("main")
    return names


def test_a_module_offers_what_others_take_and_nothing_else() -> None:
    for module, names in wanted().items():
        if module not in ("", "_version"):
            assert set(offered(NAMES[module])) == names, f"atlas.{module}: __all__ is not what others import"


def test_the_public_face_says_the_same_three_times() -> None:
    block = next(node for node in tree(PACKAGE / "__init__.py").body if isinstance(node, ast.If))
    typed = {
        alias.asname: f"{node.module}"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == atlas._HOME
    assert set(atlas.__all__) == {"__version__", *typed}


def rooms_on_the_way(walk: Callable[[], object]) -> tuple[set[str], set[str]]:
    """Rooms whose functions run in a walk, and each call from a room up into one of a higher rank."""
    ranks, rooms, climbs = room_ranks(), set(), set()
    home = {str(path): room_of(path) for path in MODULES if room_of(path)}

    def called(frame: FrameType, event: str, _: object) -> None:
        room = home.get(frame.f_code.co_filename)
        if event == "call" and room is not None:
            rooms.add(room)
            above = frame.f_back
            while above is not None and above.f_code.co_filename not in home:
                above = above.f_back
            if above is not None and ranks[home[above.f_code.co_filename]] < ranks[room]:
                climbs.add(f"{above.f_code.co_qualname} calls {room}: {frame.f_code.co_qualname}")

    walk()  # once unseen: what is imported on the way is no way
    sys.setprofile(called)
    try:
        walk()
    finally:
        sys.setprofile(None)
    return rooms, climbs


def test_the_ways_to_a_network_and_to_a_reach_pass_three_and_six_rooms_and_never_climb() -> None:
    """Callbacks and methods of what is handed over could call upwards where no import does."""
    world = rail_world()
    network = atlas.build_network(world)

    def walk() -> None:
        reach = atlas.trip(network, atlas.load_scenario("2026")).reach("place/pa", within=(60, 120))
        assert len(reach.nodes)
        assert len(reach.edges)

    making = rooms_on_the_way(lambda: atlas.build_network(world))
    assert making == ({"base", "data", "network"}, set())
    assert rooms_on_the_way(walk) == ({"base", "data", "network", "ways", "travel", "face"}, set())


def test_no_test_asks_the_driver_for_an_address_that_only_the_page_knows_at_once() -> None:
    late = "page" + ".url"
    assert [path.name for path in (ROOT / "tests").glob("test_*.py") if late in path.read_text("utf-8")] == []


def test_every_file_that_the_order_of_the_suite_names_is_there() -> None:
    there = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    assert there >= SLOW | set(LONG) | set(_WITH) | set(_WITH.values()) | _ONE_BY_ONE
