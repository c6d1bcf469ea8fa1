"""The pages' scripts and what they get: typed, fresh, and nothing but their own scripts may run."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import typing
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from pages import opened
from playwright.sync_api import Browser
from small_atlas import draw_atlas

from atlas.base.errors import MapError
from atlas.data.catalog import Catalog, open_catalog
from atlas.data.scenario import load_scenario
from atlas.maps import payload
from atlas.maps.basemaps import basemap_of
from atlas.maps.page import allow_own
from atlas.maps.pages.compare import draw_compare
from atlas.maps.pages.explore import draw_explorer
from atlas.maps.pages.layers import draw_layers
from atlas.maps.pages.matrix import draw_matrix
from atlas.maps.pages.reach import draw_reach
from atlas.maps.sheets.plan import draw_plan
from atlas.network.build import Network, build_network

ROOT = Path(__file__).resolve().parent.parent
TYPES = {
    "atlas": payload.MapPage, "reach": payload.ReachPage, "compare": payload.ComparePage,
    "explore": payload.ExplorePage, "matrix": payload.MatrixPage, "plan": payload.PlanPage,
}  # fmt: skip


@pytest.fixture(scope="module")
def texts(catalog: Catalog, network: Network, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One page of each kind; reach and comparison, which measure land, are of the small atlas."""
    layers, small = catalog.layers(), open_catalog(draw_atlas(tmp_path_factory.mktemp("town"))).layers()
    years, town = [load_scenario("2026"), load_scenario("full")], build_network(small)
    known: dict[str, Any] = {"plan": catalog.plan, "sources": catalog.sources}
    reach = draw_reach(town, "zhongshan", years, small, modes=["drive"], sets=["central"], **known)
    return {
        "atlas": draw_layers(layers, **known).html(),
        "reach": reach.html(),
        "compare": draw_compare(town, *years, small, origins=["zhongshan"], **known).html(),
        "explore": draw_explorer(network, layers, catalog.parameters, **known).html(),
        "matrix": draw_matrix(network, [load_scenario("2026"), load_scenario("2035")], places=("珠海", "阳江", "澳门")),
        "plan": draw_plan(catalog.plan, layers),
    }


def policy_of(text: str) -> str:
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert found is not None
    return html.unescape(found[1])


def wrong(value: Any, kind: Any, at: str) -> list[str]:
    """Where a value is not what its type says; a dictionary type lists every key, no more and no less."""
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.NotRequired:
        return wrong(value, inside[0], at)
    if typing.is_typeddict(kind):
        hints = typing.get_type_hints(kind, include_extras=True)
        needed = {key for key, hint in hints.items() if typing.get_origin(hint) is not typing.NotRequired}
        if not isinstance(value, dict) or not needed <= set(value) <= set(hints):
            return [f"{at}: {sorted(set(value) ^ needed) if isinstance(value, dict) else value!r}"]
        return [fault for key in value for fault in wrong(value[key], hints[key], f"{at}.{key}")]
    if origin is list:
        if not isinstance(value, list):
            return [f"{at}: {value!r} is no list"]
        return [fault for i, one in enumerate(value) for fault in wrong(one, inside[0], f"{at}[{i}]")]
    if origin is dict:
        if not isinstance(value, dict):
            return [f"{at}: {value!r} is no dictionary"]
        return [fault for key, one in value.items() for fault in wrong(one, inside[1], f"{at}.{key}")]
    plain = {float: (int, float), typing.Any: object}.get(kind, inside or kind)
    return [] if isinstance(value, plain) and (kind is not int or value is not True) else [f"{at}: {value!r}"]


@pytest.mark.parametrize("kind", TYPES)
def test_a_page_gets_exactly_what_its_type_says(kind: str, texts: dict[str, str]) -> None:
    found = re.search(r'id="atlas-data">(.*?)</script>', texts[kind], re.DOTALL)
    assert found is not None
    assert wrong(json.loads(found[1]), TYPES[kind], kind) == []


def test_a_member_too_many_or_too_few_or_of_another_type_is_noticed() -> None:
    meta = {"author": "a", "date": "b", "approval": "c", "number": "d"}
    assert wrong(meta, payload.Meta, "meta") == []
    for broken in ({**meta, "more": ""}, {"author": "a", "date": "b"}, {**meta, "date": 3}):
        assert wrong(broken, payload.Meta, "meta")


@pytest.mark.parametrize("kind", TYPES)
def test_the_policy_names_the_hash_of_every_script_and_style_sheet_and_allows_no_other(
    kind: str, texts: dict[str, str]
) -> None:
    policy = policy_of(texts[kind])
    for tag in ("script", "style"):
        written = re.findall(rf"<{tag}>(.*?)</{tag}>", texts[kind], re.DOTALL)
        hashes = {base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in written}
        rule = next(part.split() for part in policy.split("; ") if part.startswith(f"{tag}-src"))
        assert set(rule[1:]) == {f"'sha256-{one}'" for one in hashes}
        assert hashes
    assert "unsafe" not in policy


def test_a_script_or_style_sheet_that_data_brought_in_is_not_allowed() -> None:
    text = (
        "<meta content='atlas-styles atlas-scripts'><style>a{}</style></head>"
        "<main><style>evil{}</style><script>evil()</script></main><script>own()</script>"
    )
    own = {
        name: f"'sha256-{base64.b64encode(hashlib.sha256(one).digest()).decode()}'"
        for name, one in (("atlas-scripts", b"own()"), ("atlas-styles", b"a{}"))
    }
    assert allow_own(text) == re.sub("atlas-[a-z]+", lambda found: own[found[0]], text)


def test_a_foreign_script_or_style_in_a_page_does_nothing(
    browser: Browser, texts: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    foreign = "<script>window.foreign = 1</script><style>h1{opacity:0}</style><h1 style='opacity:0'>"
    path.write_text(texts["matrix"].replace("<h1>", foreign, 1), "utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("body[data-ready]")
    assert page.evaluate("window.foreign") is None
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).opacity") == "1"
    page.close()


@pytest.mark.parametrize(
    "host", ["a.example'; script-src *", 'a.example"><script>x()</script>', "a.example script-src", "user@a.example"]
)
def test_a_tile_template_names_a_host_and_nothing_else(host: str) -> None:
    with pytest.raises(MapError, match="template"):
        basemap_of("xyz", url=f"https://{host}/{{z}}/{{x}}/{{y}}.png")


def test_a_source_called_constructor_is_a_source(browser: Browser, catalog: Catalog, tmp_path: Path) -> None:
    layers = {"places": catalog.layer("places")}
    frame = layers["places"].frame
    names = ["constructor", "__proto__", "toString"]
    frame["source"] = [names[i % 3] for i in range(len(frame))]
    path = draw_layers(layers, sources={}).save(tmp_path / "atlas.html")
    with opened(browser, path) as page:
        page.evaluate("Atlas.openFeature([{layer: Atlas.page.layers[0], row: 0}], 0, true)")
        assert page.inner_text(".card .source").split("：")[-1].startswith("constructor")


def test_no_lock_file_names_a_host() -> None:
    assert "://" not in (ROOT / "package-lock.json").read_text("utf-8")


SCRIPTS = ROOT / "atlas" / "maps" / "assets" / "js"
#: Folder of scripts → folders it may import from, as docs/pages.md has it.
ALLOWED = {
    "core": {"core"}, "map": {"core", "map"}, "parts": {"core", "map", "parts"}, "engine": {"core", "engine"},
    "explore": {"core", "map", "parts", "engine", "explore"},
    "pages": {"core", "map", "parts", "engine", "explore"},
}  # fmt: skip
#: The model in the page: what is asked, opened, searched and spread over land, with no page in it.
MODEL = [*sorted((SCRIPTS / "engine").glob("*.js")), SCRIPTS / "explore" / "state.js"]


def script_name(path: Path) -> str:
    return path.relative_to(SCRIPTS).with_suffix("").as_posix()


def imported_by(path: Path) -> set[str]:
    """The scripts a script imports, as ``core/words``."""
    names = re.findall(r'from "(\.[^"]*)"', path.read_text("utf-8"))
    return {script_name((path.parent / name).resolve()) for name in names}


def test_scripts_import_from_the_folders_they_may_use() -> None:
    arrows = [(script_name(path), other) for path in SCRIPTS.rglob("*.js") for other in imported_by(path)]
    assert [arrow for arrow in arrows if arrow[1].split("/")[0] not in ALLOWED[arrow[0].split("/")[0]]] == []
    assert len(arrows) > 50


def test_no_scripts_import_one_another_in_a_circle() -> None:
    below = {script_name(path): imported_by(path) for path in SCRIPTS.rglob("*.js")}
    assert list(TopologicalSorter(below).static_order())


def test_the_model_in_the_page_stands_alone() -> None:
    own = {script_name(path) for path in MODEL} | {"core/bands"}
    for path in MODEL:
        assert imported_by(path) <= own, "the model is made of pure modules alone"
        assert "document." not in path.read_text("utf-8")
