"""The examples in the documentation of the modules run and give what they say."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest

import atlas

PACKAGE = Path(__file__).resolve().parent.parent / "atlas"
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in PACKAGE.rglob("*.py")
    if ">>>" in path.read_text("utf-8")
)


@pytest.fixture(scope="module")
def given() -> dict[str, object]:
    """What the examples of the public names take as given: see the docstring of `atlas`."""
    catalog = atlas.open_catalog()
    network = atlas.build_network(catalog.layers())
    return {"atlas": atlas, "catalog": catalog, "network": network, "now": atlas.load_scenario("2026")}


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str, given: dict[str, object]) -> None:
    found = doctest.testmod(importlib.import_module(name), extraglobs=given)
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("name", [name for name in atlas.__all__ if callable(getattr(atlas, name))])
def test_a_public_name_tells_its_errors_and_shows_itself(name: str) -> None:
    told = inspect.getdoc(getattr(atlas, name)) or ""
    if name != "AtlasError":
        assert ">>> " in told
        assert re.search(r"^Raises\n---|errors: see", told, flags=re.MULTILINE)
