"""The examples in the documentation of the modules run and give what they say."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest

import atlas
from atlas.data.catalog import Catalog
from atlas.land.ground import Ground
from atlas.network.build import Network

BOOK = Path(__file__).resolve().parent.parent / "docs" / "notebook.ipynb"
PACKAGE = Path(__file__).resolve().parent.parent / "atlas"
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in PACKAGE.rglob("*.py")
    if ">>>" in path.read_text("utf-8")
)


@pytest.fixture(scope="module")
def given(catalog: Catalog, network: Network, land: Ground) -> dict[str, object]:
    """What the examples of the public names take as given: see the docstring of `atlas`."""
    return {"atlas": atlas, "catalog": catalog, "network": network, "now": atlas.load_scenario("2026")}


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str, given: dict[str, object]) -> None:
    found = doctest.testmod(importlib.import_module(name), extraglobs=given)
    assert found.attempted > 0
    assert found.failed == 0


_HEAD = re.compile(r"^(\w+)\n-{3,}$", re.MULTILINE)


@pytest.mark.parametrize("name", [name for name in atlas.__all__ if inspect.isfunction(getattr(atlas, name))])
def test_a_public_name_tells_its_parameters_its_answer_and_its_errors_and_shows_itself(name: str) -> None:
    """The sections that numpydoc asks for, in its order, and each parameter once."""
    function = getattr(atlas, name)
    lead, *rest = _HEAD.split(inspect.getdoc(function) or "")
    parts = dict(zip(rest[::2], rest[1::2], strict=True))
    assert [head for head in parts if head != "Notes"] == ["Parameters", "Returns", "Raises", "Examples"]
    assert re.fullmatch(r"[A-Z].*\.", lead.partition("\n\n")[0].strip(), flags=re.DOTALL)
    told = [
        one.strip()
        for line in re.findall(r"^(\S.*)$", parts["Parameters"], flags=re.MULTILINE)
        for one in line.partition(" : ")[0].split(",")
    ]
    stars = {inspect.Parameter.VAR_KEYWORD: "**", inspect.Parameter.VAR_POSITIONAL: "*"}
    own = inspect.signature(function).parameters.values()
    assert sorted(told) == sorted(f"{stars.get(one.kind, '')}{one.name}" for one in own)
    assert ">>> " in parts["Examples"]
    assert re.search(r"^\w+(, \w+)*$", parts["Raises"], flags=re.MULTILINE)


def test_the_worked_notebook_runs_and_shows_every_kind_of_value(
    given: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    # the network is that of the examples, with the ground already made for it
    monkeypatch.setattr(atlas, "build_network", lambda layers: given["network"], raising=False)
    space: dict[str, Any] = {}
    shown: list[Any] = []
    for cell in json.loads(BOOK.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            tree = ast.parse("".join(cell["source"]))
            last = tree.body.pop()
            assert isinstance(last, ast.Expr), "a cell ends with what it shows"
            exec(compile(tree, str(BOOK), "exec"), space)
            shown.append(eval(compile(ast.Expression(last.value), str(BOOK), "eval"), space))
    assert {"Layer", "Network", "Journey", "Reach", "Surface", "Matrix"} <= {type(one).__name__ for one in shown}
    assert all(len(one._repr_html_()) > 200 for one in shown)
    assert space["saved_min"] > 0
    assert space["slowest"]["travel_time_min"] == space["matrix"]["travel_time_min"].max()
