"""The controls of the atlas page do what they say: year, search, cards, corridors, table, print, story."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import DESKTOP, PHONE, address, becomes, opened
from playwright.sync_api import Browser, Page

from atlas.data.catalog import Catalog, open_catalog


def _shown(page: Page, layer_key: str) -> int:
    return int(
        page.evaluate(
            """key => {
                const layer = Atlas.page.layers.find(one => one.key === key);
                let count = 0;
                for (let row = 0; row < layer.size; row++) count += layer.visible(row);
                return count;
            }""",
            layer_key,
        )
    )


def test_the_year_shows_what_is_open_by_then(browser: Browser, atlas_page: Path, catalog: Catalog) -> None:
    opens = catalog.layer("highways").frame["opens_year"]
    with opened(browser, atlas_page) as page:
        assert _shown(page, "highways") == len(opens)
        page.uncheck("#additions")
        page.fill("#year-typed", "2024")
        page.press("#year-typed", "Enter")
        assert _shown(page, "highways") == int((opens <= 2024).sum())
        assert "2024" in page.inner_text("#opens")
        page.click(".step >> nth=1")
        assert page.input_value("#year-typed") == "2025"
        page.focus("#year")
        page.keyboard.press("ArrowLeft")
        assert page.input_value("#year-typed") == "2024"
        assert "y=2024" in address(page)


@pytest.mark.parametrize("text", ["珠海", "Zhuhai", "zhuhai", "zh"])
def test_search_finds_a_place_by_chinese_english_or_pinyin(browser: Browser, atlas_page: Path, text: str) -> None:
    with opened(browser, atlas_page) as page:
        page.fill("#search", text)
        page.wait_for_selector("#hits li")
        if text == "zh":
            assert page.locator("#hits li").count() > 3
            return
        page.press("#search", "Enter")
        assert page.inner_text(".card h2") == "珠海市"


def test_a_card_says_status_opening_plan_clause_and_source(browser: Browser, atlas_page: Path) -> None:
    with opened(browser, atlas_page, fragment="#f=highways/hmh&g=zh") as page:
        card = page.inner_text(".card")
        for words in ("运营", "截至", "开通", "规划原文", "来源", "公里" if "公里" in card else "km"):
            assert words in card
        page.click("#language")
        assert "Operating" in page.inner_text(".card")
        assert page.evaluate("document.documentElement.lang") == "en"
        page.keyboard.press("Escape")
        assert page.locator(".card").is_hidden()


def test_a_link_restores_view_year_layers_and_language(browser: Browser, atlas_page: Path) -> None:
    with opened(browser, atlas_page, fragment="#g=en&l=railways,places&v=11.00/22.2700/113.5600&y=2030") as page:
        assert page.input_value("#year-typed") == "2030"
        on = page.evaluate("Atlas.page.layers.filter(layer => layer.on).map(layer => layer.key)")
        assert sorted(on) == ["places", "railways"]
        assert page.evaluate("[Atlas.page.map.getZoom(), Atlas.page.map.getCenter().lat]") == pytest.approx(
            [11, 22.27], abs=1e-3
        )
        assert page.inner_text("h1").startswith("Atlas of")


def test_a_chosen_corridor_stands_out_without_a_gap_and_comes_into_view(browser: Browser, atlas_page: Path) -> None:
    with opened(browser, atlas_page) as page:
        everything, zoom = _shown(page, "highways"), page.evaluate("Atlas.page.map.getZoom()")
        page.select_option("#corridor", index=1)
        assert _shown(page, "highways") == everything
        standing = page.evaluate(
            """() => {
                const layer = Atlas.page.layers.find(one => one.key === "highways");
                const rows = Array.from({length: layer.size}, (_, row) => row).filter(row => !layer.faint(row));
                return rows.map(row => layer.get("id", row));
            }"""
        )
        assert {"g94_hzmb", "g94_zhlink", "hmh"} <= set(standing)
        assert len(standing) < 20
        assert page.evaluate("Atlas.page.map.getZoom()") > zoom


def test_the_table_lists_what_is_shown_and_sorts(browser: Browser, atlas_page: Path) -> None:
    with opened(browser, atlas_page, fragment="#l=airports") as page:
        page.click("#open-table")
        rows = page.locator("#table tbody tr")
        assert rows.count() == page.evaluate("Atlas.page.layers.find(layer => layer.key === 'airports').size")
        page.click("#table thead button >> nth=0")
        assert page.get_attribute("#table thead th >> nth=0", "aria-sort") == "ascending"


def test_the_print_sheet_has_map_legend_scale_and_sources(browser: Browser, atlas_page: Path) -> None:
    with opened(browser, atlas_page) as page:
        page.evaluate("Atlas.page.prepareSheet()")
        assert page.evaluate("document.querySelector('.print-sheet img').src.length") > 20_000
        text = page.evaluate("document.querySelector('.print-sheet').textContent")
        for words in ("审图号", "OpenStreetMap", "校验码", "在建"):
            assert words in text
        svg = page.evaluate("Atlas.toSvg(800, 500)")
    assert svg.startswith("<svg")
    assert "珠海" in svg
    assert svg.count("<path") > 50


@pytest.mark.parametrize("paper", ["A4", "A3"])
def test_the_print_is_one_sheet_with_its_scale(browser: Browser, atlas_page: Path, paper: str) -> None:
    with opened(browser, atlas_page) as page:
        page.click("[aria-controls=export-menu]")
        page.select_option("#paper", paper)
        page.evaluate("Atlas.page.prepareSheet()")
        text = page.evaluate("document.querySelector('.print-sheet').textContent")
        sheets = page.pdf(prefer_css_page_size=True)
        metres = page.evaluate("Atlas.metresPerPixel(Atlas.page.map)")
        bare = page.evaluate(
            """async () => {
                const image = document.querySelector(".print-sheet img");
                const w = image.naturalWidth, h = image.naturalHeight;
                const ctx = document.createElement("canvas").getContext("2d");
                await image.decode();
                Object.assign(ctx.canvas, {width: w, height: h});
                ctx.drawImage(image, 0, 0);
                const blank = Atlas.page.tokens.ground.blank.match(/[0-9a-f]{2}/gi).map(part => parseInt(part, 16));
                const data = ctx.getImageData(0, 0, w, h).data;
                let bare = 0;
                for (let i = 0; i < data.length; i += 4 * 31)
                    bare += Number(blank.every((part, k) => data[i + k] === part));
                return bare / (w * h / 31);
            }"""
        )
    assert len(re.findall(rb"/Type /Page\b(?!s)", sheets)) == 1
    scale = int(re.search(r"1:([\d\u202f]+)（" + paper, text)[1].replace("\u202f", ""))  # type: ignore[index]
    # the sheet shows at least what panels leave free of the screen, and no more than thrice that, at a round scale
    free = metres * (1366 - 332 - 24)
    assert free / {"A4": 0.204, "A3": 0.325}[paper] * 0.95 < scale < 3 * free / {"A4": 0.204, "A3": 0.325}[paper]
    assert scale % 10_000 == 0
    assert bare < 0.002
    for words in ("图名", "图号", "编制单位", "审图号", "比例尺", "图幅位置"):
        assert words in text


def test_a_status_switched_off_is_not_drawn_and_not_in_the_legend(browser: Browser, atlas_page: Path) -> None:
    with opened(browser, atlas_page) as page:
        assert page.locator("[data-status]").count() == 8
        before = page.inner_text(".legend")
        assert "在建" in before
        page.uncheck("[data-status=under_construction]")
        assert becomes(page, lambda: "在建" in page.inner_text(".legend"), False)
        assert "st=" in address(page)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_what_was_clicked_is_not_under_its_card(browser: Browser, atlas_page: Path, size: tuple[int, int]) -> None:
    with opened(browser, atlas_page, size=size, fragment="#l=places&v=9.50/22.3000/113.1000") as page:
        spots = page.evaluate(
            """() => {
                const layer = Atlas.page.layers.find(one => one.key === "places"), map = Atlas.page.map;
                const shown = [];
                for (let row = 0; row < layer.size; row++) {
                    if (layer.symbol(row).minZoom > map.getZoom()) continue;
                    const at = 2 * layer.shapes.start[layer.shapes.first[row]], xy = layer.shapes.xy;
                    const lat = Atlas.latOf(xy[at + 1]), lon = Atlas.lonOf(xy[at]);
                    const point = map.latLngToContainerPoint([lat, lon]);
                    const box = map.getContainer().getBoundingClientRect();
                    const x = box.left + point.x, y = box.top + point.y;
                    if (document.elementFromPoint(x, y)?.closest(".folium-map")) shown.push([x, y, lat, lon]);
                }
                return shown.sort((a, b) => b[0] - a[0] || b[1] - a[1]);
            }"""
        )
        x, y, lat, lon = max(spots) if size == DESKTOP else max(spots, key=lambda spot: spot[1])
        page.mouse.click(x, y)
        page.wait_for_selector(".card:not([hidden])")
        under = page.evaluate(
            """([lat, lon]) => {
                const point = Atlas.page.map.latLngToContainerPoint([lat, lon]);
                const box = Atlas.page.map.getContainer().getBoundingClientRect();
                return Boolean(document.elementFromPoint(box.left + point.x, box.top + point.y)?.closest(".card"));
            }""",
            [lat, lon],
        )
        assert not under


def test_the_export_menu_closes_by_escape_and_by_a_click_elsewhere(browser: Browser, atlas_page: Path) -> None:
    with opened(browser, atlas_page) as page:
        page.click("[aria-controls=export-menu]")
        page.keyboard.press("Escape")
        assert page.locator("#export-menu").is_hidden()
        page.click("[aria-controls=export-menu]")
        page.mouse.click(700, 300)
        assert page.locator("#export-menu").is_hidden()


def test_a_picture_is_called_after_what_it_shows(browser: Browser, atlas_page: Path) -> None:
    with opened(browser, atlas_page, fragment="#y=2030") as page:
        page.click("[aria-controls=export-menu]")
        with page.expect_download() as waiting:
            page.click("#export-menu button >> nth=1")
    assert waiting.value.suggested_filename == "珠江口西岸都市圈交通图集-到-2030-年底已通.svg"


def test_the_table_holds_every_row(browser: Browser, atlas_page: Path) -> None:
    with opened(browser, atlas_page) as page:
        page.click("#open-table")
        page.click("#more-rows")
        shown = page.evaluate(
            "Atlas.page.layers.filter(one => one.on).reduce((sum, one) => sum + Array.from({length: one.size},"
            " (_, row) => one.visible(row)).filter(Boolean).length, 0)"
        )
        assert page.locator("#table tbody tr").count() == shown > 400


def test_every_opening_of_a_year_is_listed(browser: Browser, atlas_page: Path, catalog: Catalog) -> None:
    keys = ["railways", "highways", "airports", "ports", "stations"]
    frames = [catalog.layer(key).frame for key in keys]
    dated = sum(int(((one["opens_year"] == 2028) & (one["opens_basis"] != "unknown")).sum()) for one in frames)
    with opened(browser, atlas_page, fragment="#y=2028") as page:
        assert page.locator("#opens .chip").count() == dated > 8


def test_the_story_walks_through_six_corridors_and_four_axes(browser: Browser, atlas_page: Path) -> None:
    catalog = open_catalog()
    names = [item.name_zh for item in catalog.plan if item.kind == "corridor"]
    names += [axis.name_zh for axis in catalog.plan.axes]
    assert len(names) == 10
    with opened(browser, atlas_page, fragment="#s=1") as page:
        shown = []
        west, south, east, north = page.evaluate("Atlas.page.backdrop.box")
        for _ in names:
            shown.append(page.inner_text(".card h2"))
            # no bare margin, and the panel gives its room to the map
            view = page.evaluate(
                "(b => [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()])(Atlas.page.map.getBounds())"
            )
            assert west - 0.005 <= view[0] < view[2] <= east + 0.005
            assert south - 0.005 <= view[1] < view[3] <= north + 0.005
            assert page.locator("#panel").is_hidden()
            assert page.locator(".card .placelist li").count() >= 1
            page.click("#story-next")
        assert shown == names
        assert page.inner_text(".card h2") == names[0]
        page.click(".card .close")
        assert "s=" not in address(page)
        assert page.locator("#panel").is_visible()
        assert page.evaluate("Atlas.hooks.corridor()") is None


def test_works_at_one_place_are_one_disc_that_opens_them_all(browser: Browser, atlas_page: Path) -> None:
    with opened(browser, atlas_page, fragment="#l=platforms,energy,water_works,digital") as page:
        piles, nearest = page.evaluate(
            """() => {
                const view = Atlas.screenView(Atlas.page.map), piles = Atlas.pilesOf(view), signs = piles.all.slice();
                Atlas.page.layers.filter(layer => layer.on && layer.geometry === "Point").forEach(layer => {
                    for (let row = 0; row < layer.size; row++) {
                        if (!layer.visible(row) || piles.of(layer, row)) continue;
                        const at = 2 * layer.shapes.start[layer.shapes.first[row]], xy = layer.shapes.xy;
                        signs.push({x: xy[at] * view.scale - view.ox, y: xy[at + 1] * view.scale - view.oy});
                    }
                });
                const free = piles.all.filter(one => one.x > 340 && one.x < 1300 && one.y < 500 && one.y > 40);
                const between = signs.flatMap((a, i) => signs.slice(i + 1)
                    .map(b => Math.max(Math.abs(a.x - b.x), Math.abs(a.y - b.y))));
                return [free.map(one => [one.x, one.y, one.hits.length]), Math.min(...between)];
            }"""
        )
        assert nearest >= 11
        x, y, count = max(piles, key=lambda pile: pile[2])
        assert count > 5
        assert "同在一处" in page.inner_text(".legend")
        page.mouse.click(x, y + 56)
        assert f"1 / {count}" in page.inner_text(".card .steps")
