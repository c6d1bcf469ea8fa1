"""The rank table of docs/architecture.md holds: imports point down, folium and click have one home."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import atlas

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "atlas"
MODULES = sorted(PACKAGE.rglob("*.py"))
TOP = {"__init__": 1000, "__main__": 1000}
ONE_HOME = {"folium": "maps", "branca": "maps", "click": "cli"}


def rank_table() -> dict[str, int]:
    """Ranks by room (module or sub-package), as the document states them."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    ranks: dict[str, int] = {}
    for rank, names in re.findall(r"^\| (\d+) \| ([^|]+) \|", text, flags=re.MULTILINE):
        ranks |= {name.rstrip("/"): int(rank) for name in re.findall(r"`([\w/]+)`", names)}
    return ranks


def room_of(path: Path) -> str:
    """`atlas/maps/page.py` lives in `maps`, `atlas/files.py` in `files`."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Every module named in an import statement of `path`, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; name the module in full"
            module = node.module or ""
            yield from (f"atlas.{a.name}" for a in node.names) if module == "atlas" else (module,)


def label(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_rank_table_is_read() -> None:
    ranks = rank_table()
    assert ranks["errors"] == 0
    assert ranks["maps"] < ranks["cli"]


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_every_module_has_a_rank(path: Path) -> None:
    assert room_of(path) in rank_table() | TOP


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_imports_point_down_the_rank_table(path: Path) -> None:
    ranks = rank_table() | TOP
    room = room_of(path)
    upward = [
        name
        for name in imported(path)
        if name.startswith("atlas.") and name.split(".")[1] != room
        if name.split(".")[1] in ranks and ranks[name.split(".")[1]] >= ranks[room]
    ]
    assert upward == []


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_folium_and_click_have_one_home_each(path: Path) -> None:
    homes = {ONE_HOME[top] for name in imported(path) if (top := name.split(".")[0]) in ONE_HOME}
    assert homes <= {room_of(path)}


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_no_module_is_longer_than_500_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 500


def test_public_names_are_what_they_say_whatever_was_imported_before() -> None:
    for module in MODULES:
        if module.parent == PACKAGE and not module.stem.startswith("__"):
            importlib.import_module(f"atlas.{module.stem}")
    for name in atlas.__all__:
        for _ in range(2):
            assert not isinstance(getattr(atlas, name), ModuleType), name
