"""Journeys through the pages: by keyboard alone, with hostile text everywhere, in a notebook."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from pages import DESKTOP, PHONE, address, opened, serious
from playwright.sync_api import Browser, Page
from small_atlas import draw_atlas, promise

from atlas.data.catalog import Catalog, open_catalog
from atlas.data.scenario import load_scenario
from atlas.maps.pages.layers import draw_layers
from atlas.maps.pages.reach import draw_reach
from atlas.maps.pages.site import build_site
from atlas.network.build import Network, build_network

HOSTILE = "<img src=x onerror=\"document.title='run'\">'`${1}</script>\u202eabc\u2069"


@pytest.fixture(scope="module")
def atlas(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = draw_layers(catalog.layers(), plan=catalog.plan, sources=catalog.sources)
    return page.save(tmp_path_factory.mktemp("page") / "atlas.html")


def tab_to(page: Page, test: str, *, most: int = 120) -> int:
    """Press Tab until the focused element passes the JavaScript test; the number of presses."""
    for count in range(1, most + 1):
        page.keyboard.press("Tab")
        if page.evaluate(f"(() => {{ const e = document.activeElement; return Boolean({test}); }})()"):
            return count
    raise AssertionError(f"Tab never comes to {test}")


def test_every_control_is_reached_by_tab_and_shows_its_focus(browser: Browser, atlas: Path) -> None:
    with opened(browser, atlas) as page:
        wanted = page.evaluate(
            """() => {
                const all = [...document.querySelectorAll('a[href],button,input,select,summary,[tabindex="0"]')];
                const shown = all.filter(e => e.offsetParent !== null && !e.disabled);
                shown.forEach((e, i) => { e.dataset.tabbed = String(i); });
                return shown.length;
            }"""
        )
        seen, invisible = set(), []
        for _ in range(wanted + 5):
            page.keyboard.press("Tab")
            mark, outline, name = page.evaluate(
                """() => {
                    const e = document.activeElement, s = getComputedStyle(e);
                    const seen = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2;
                    return [e.dataset.tabbed, seen, e.outerHTML.slice(0, 80)];
                }"""
            )
            if mark is not None:
                seen.add(mark)
                if not outline:
                    invisible.append(name)
    assert len(seen) == wanted > 25
    assert invisible == []


def test_the_atlas_is_driven_by_keyboard_alone(browser: Browser, atlas: Path) -> None:
    with opened(browser, atlas) as page:
        assert tab_to(page, "e.classList.contains('skip')") == 1
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.classList.contains('folium-map')")
        before = page.evaluate("[Atlas.page.map.getCenter().lng, Atlas.page.map.getZoom()]")
        page.keyboard.press("ArrowRight")
        page.wait_for_function("west => Atlas.page.map.getCenter().lng > west", arg=before[0])
        page.keyboard.press("+")
        page.wait_for_function("far => Atlas.page.map.getZoom() > far", arg=before[1])
        page.reload()
        page.wait_for_selector("body[data-ready]")
        tab_to(page, "e.id === 'search'")
        page.keyboard.type("yangjiang")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert page.inner_text(".card h2") == "阳江市"
        assert page.evaluate("document.querySelector('.card').contains(document.activeElement)")
        page.keyboard.press("Escape")
        assert page.locator(".card").is_hidden()
        assert page.evaluate("document.activeElement.id") == "search"
        tab_to(page, "e.id === 'open-table'")
        page.keyboard.press("Enter")
        assert page.locator("#table tbody tr").count() > 50
        page.keyboard.press("Escape")
        assert page.locator("#table").is_hidden()
        tab_to(page, "e.id === 'language'")
        page.keyboard.press("Enter")
        assert page.evaluate("document.documentElement.lang") == "en"
        tab_to(page, "e.dataset.layer === 'ports'")
        page.keyboard.press("Space")
        assert page.evaluate("Atlas.page.layers.find(layer => layer.key === 'ports').on") is False
        tab_to(page, "e.id === 'year'")
        page.keyboard.press("ArrowLeft")
        assert page.input_value("#year-typed") == "2025"
        assert "y=2025" in address(page)


def test_the_reach_is_switched_by_keyboard(
    browser: Browser, catalog: Catalog, network: Network, tmp_path: Path
) -> None:
    scenarios = [load_scenario(year) for year in ("2026", "2035")]
    path = draw_reach(network, "中山", scenarios, catalog.layers()).save(tmp_path / "reach.html")
    with opened(browser, path) as page:
        for value in ("2035", "rail", "adverse"):
            tab_to(page, f"e.dataset.value === '{value}'")
            page.keyboard.press("Enter")
        assert "s=2035" in address(page)
        assert "m=rail" in address(page)
        assert "p=adverse" in address(page)
        tab_to(page, "e.closest('.placelist')")
        page.keyboard.press("Enter")
        assert page.locator(".card .legs li").count() >= 1


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_serious_with_card_table_and_menu_open(
    browser: Browser, atlas: Path, size: tuple[int, int]
) -> None:
    with opened(browser, atlas, size=size, fragment="#f=highways/hmh") as page:
        page.click("[aria-controls=export-menu]")
        first = serious(page)
        page.keyboard.press("Escape")
        page.evaluate("document.getElementById('open-table').click()")
        second = serious(page)
    assert [*first, *second] == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_opening_view_leaves_no_bare_margin(browser: Browser, atlas: Path, size: tuple[int, int]) -> None:
    with opened(browser, atlas, size=size) as page:
        west, south, east, north = page.evaluate("Atlas.page.backdrop.box")
        view = page.evaluate(
            "(b => [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()])(Atlas.page.map.getBounds())"
        )
    pixel = 0.005
    assert west - pixel <= view[0] < view[2] <= east + pixel
    assert south - pixel <= view[1] < view[3] <= north + pixel


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_link_to_a_feature_opens_beside_its_card(browser: Browser, atlas: Path, size: tuple[int, int]) -> None:
    with opened(browser, atlas, size=size, fragment="#f=highways/hmh") as page:
        x, y = page.evaluate(
            """() => {
                const {layer, row} = Atlas.page.marked, b = layer.shapes.boxes, i = 4 * row;
                const at = [Atlas.latOf((b[i + 1] + b[i + 3]) / 2), Atlas.lonOf((b[i] + b[i + 2]) / 2)];
                const point = Atlas.page.map.latLngToContainerPoint(at);
                const box = Atlas.page.map.getContainer().getBoundingClientRect();
                return [point.x + box.left, point.y + box.top];
            }"""
        )
        on_top = page.evaluate(
            "([x, y]) => document.elementFromPoint(x, y).closest('.card, .panel, .bar, .dock')", [x, y]
        )
    assert on_top is None
    assert 0 < x < size[0]


def test_a_finding_says_what_the_page_shows(browser: Browser, atlas: Path, catalog: Catalog) -> None:
    keys = ("railways", "highways", "cross_border_links", "stations", "ports", "airports")
    frames = [catalog.layer(key).frame for key in keys]
    operating = sum(int((frame["status"] == "operating").sum()) for frame in frames)
    by_2024 = sum(int((frame["opens_year"] <= 2024).sum()) for frame in frames)
    with opened(browser, atlas, fragment="#y=full") as page:
        assert f"{operating} 个运营" in page.inner_text("#finding")
        page.fill("#year-typed", "2024")
        page.press("#year-typed", "Enter")
        assert f"开通 {by_2024} 个" in page.inner_text("#finding")
        page.click("#language")
        assert f"{by_2024} of {sum(map(len, frames))}" in page.inner_text("#finding")


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of an atlas whose every name, note and wording is hostile."""
    root = draw_atlas(tmp_path_factory.mktemp("hostile") / "town")
    promise(root)
    for path in (root / "data" / "geojson").glob("*.geojson"):
        content = json.loads(path.read_text("utf-8"))
        for feature in content["features"]:
            told = feature["properties"]
            if told["id"] == "gangkou-town":
                # a second seat, for the matrix has pairs of them
                told["level"] = "county"
            # the validation page finds stations by their Chinese names
            for column in ("name_zh", "name_en", "source_note", "port", "hours")[path.stem == "stations" :]:
                if isinstance(told.get(column), str):
                    told[column] = told[column] + HOSTILE
        path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    register = root / "data" / "plan" / "register.csv"
    with register.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with register.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, fieldnames=list(rows[0]))
        out.writeheader()
        for row in rows:
            out.writerow(
                row | {column: row[column] + HOSTILE for column in ("name_zh", "name_en", "wording", "reading")}
            )
    catalog = open_catalog(root)
    return build_site(catalog, build_network(catalog.layers()), root / "site").parent


def test_hostile_names_and_wordings_are_text_on_every_page(browser: Browser, hostile_site: Path) -> None:
    pages = sorted(hostile_site.glob("*.html"))
    assert {path.stem for path in pages} == {
        "index", "atlas", "explore", "matrix", "plan", "claims", "report", "validation",
    }  # fmt: skip
    for path in pages:
        with opened(browser, path) as page:
            title = page.title()
            if page.locator("#open-table").count():
                page.click("#open-table")
                assert page.locator("#table tbody tr").count() > 0
                page.evaluate("document.getElementById('table').close()")
                page.evaluate("Atlas.page.prepareSheet()")
                assert "<img" not in page.evaluate("Atlas.toSvg(800, 500)"), path.name
            if path.name == "matrix.html":
                page.click("[data-pair='0-1']")
            before = page.evaluate("document.documentElement.lang")
            page.click("#language")
            assert page.evaluate("document.documentElement.lang") != before
            page.wait_for_timeout(100)  # a script in a name would run by then
            assert page.locator("img[src=x]").count() == 0, path.name
            assert "run" not in (title, page.title()), path.name
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path.name


def test_a_page_shows_itself_in_a_notebook(browser: Browser, catalog: Catalog, tmp_path: Path) -> None:
    page = draw_layers(catalog.layers("ports", "land"))
    path = tmp_path / "cell.html"
    path.write_text(
        f"<!DOCTYPE html><html lang='en'><title>cell</title><body data-ready>{page._repr_html_()}</body></html>",
        "utf-8",
    )
    with opened(browser, path) as shown:
        frame = shown.frame_locator("iframe")
        frame.locator("body[data-ready]").wait_for()
        assert frame.locator("h1").inner_text() == "珠江口西岸都市圈交通图集"
        assert shown.get_attribute("iframe", "title") == "珠江口西岸都市圈交通图集"
