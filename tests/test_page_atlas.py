"""The atlas page: offline, nothing from data runs as markup, controls do what they say, numbers are the library's."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pages import DESKTOP, PHONE, address, becomes, colours_on, opened
from playwright.sync_api import Browser, Page

from atlas.base.errors import MapError
from atlas.data.catalog import Catalog, open_catalog
from atlas.data.layer import Layer
from atlas.data.scenario import FIRST_YEAR
from atlas.maps.page import embed_json
from atlas.maps.pages.layers import draw_layers

HOSTILE = "<img src=x onerror=\"document.title='run'\">\"'`${1}</script>\u202ertl"


@pytest.fixture(scope="module")
def path(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = draw_layers(catalog.layers(), plan=catalog.plan, sources=catalog.sources)
    return page.save(tmp_path_factory.mktemp("page") / "atlas.html")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_page_opens_offline_and_is_not_blank(browser: Browser, path: Path, size: tuple[int, int]) -> None:
    with opened(browser, path, size=size) as page:
        assert colours_on(page, "ground") >= 3
        assert colours_on(page, "content") >= 10
        assert colours_on(page, "names") >= 3
        assert page.evaluate("document.documentElement.lang") == "zh-CN"
        assert page.title() == "珠江口西岸都市圈交通图集"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_labels_do_not_collide_at_the_opening_view(browser: Browser, path: Path) -> None:
    with opened(browser, path) as page:
        boxes = np.array(page.evaluate("Atlas.page.placed.map(label => label.box)"))
    assert len(boxes) > 15
    for i, a in enumerate(boxes):
        others = boxes[i + 1 :]
        apart = (a[0] >= others[:, 2]) | (others[:, 0] >= a[2]) | (a[1] >= others[:, 3]) | (others[:, 1] >= a[3])
        assert apart.all()


def test_two_draws_give_the_same_bytes_and_stay_in_the_budget(catalog: Catalog, path: Path, tmp_path: Path) -> None:
    again = draw_layers(catalog.layers(), plan=catalog.plan, sources=catalog.sources).save(tmp_path / "again.html")
    assert again.read_bytes() == path.read_bytes()
    assert path.stat().st_size <= 3_000_000


def test_the_document_stays_small(browser: Browser, path: Path) -> None:
    with opened(browser, path) as page:
        assert page.evaluate("document.getElementsByTagName('*').length") <= 1500


def test_values_in_the_page_are_those_of_the_layers(browser: Browser, path: Path, catalog: Catalog) -> None:
    rng = np.random.default_rng(3)
    columns = ["name_zh", "status", "status_as_of", "opens_year", "opens_basis", "plan_ids", "source"]
    with opened(browser, path) as page:
        for key in ("railways", "highways", "stations", "ports", "airports", "places", "cross_border_links"):
            frame = catalog.layer(key).frame
            rows = sorted(rng.choice(len(frame), min(30, len(frame)), replace=False).tolist())
            shown = page.evaluate(
                """([key, rows, columns]) => {
                    const layer = Atlas.page.layers.find(one => one.key === key);
                    return rows.map(row => {
                        const at = 2 * layer.shapes.start[layer.shapes.first[row]];
                        return columns.map(name => layer.get(name, row)).concat(
                            [Atlas.lonOf(layer.shapes.xy[at]), Atlas.latOf(layer.shapes.xy[at + 1])]);
                    });
                }""",
                [key, rows, columns],
            )
            for row, values in zip(rows, shown, strict=True):
                record = frame.iloc[row]
                expected = [None if pd.isna(value) or value == "" else value for value in record[columns].tolist()]
                assert [None if v == "" else v for v in values[:-2]] == expected
                assert values[-2:] == pytest.approx(record.geometry.coords[0][:2], abs=1e-5)


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


def test_the_year_shows_what_is_open_by_then(browser: Browser, path: Path, catalog: Catalog) -> None:
    opens = catalog.layer("highways").frame["opens_year"]
    with opened(browser, path) as page:
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
def test_search_finds_a_place_by_chinese_english_or_pinyin(browser: Browser, path: Path, text: str) -> None:
    with opened(browser, path) as page:
        page.fill("#search", text)
        page.wait_for_selector("#hits li")
        if text == "zh":
            assert page.locator("#hits li").count() > 3
            return
        page.press("#search", "Enter")
        assert page.inner_text(".card h2") == "珠海市"


def test_a_card_says_status_opening_plan_clause_and_source(browser: Browser, path: Path) -> None:
    with opened(browser, path, fragment="#f=highways/hmh&g=zh") as page:
        card = page.inner_text(".card")
        for words in ("运营", "截至", "开通", "规划原文", "来源", "公里" if "公里" in card else "km"):
            assert words in card
        page.click("#language")
        assert "Operating" in page.inner_text(".card")
        assert page.evaluate("document.documentElement.lang") == "en"
        page.keyboard.press("Escape")
        assert page.locator(".card").is_hidden()


def test_a_link_restores_view_year_layers_and_language(browser: Browser, path: Path) -> None:
    with opened(browser, path, fragment="#g=en&l=railways,places&v=11.00/22.2700/113.5600&y=2030") as page:
        assert page.input_value("#year-typed") == "2030"
        on = page.evaluate("Atlas.page.layers.filter(layer => layer.on).map(layer => layer.key)")
        assert sorted(on) == ["places", "railways"]
        assert page.evaluate("[Atlas.page.map.getZoom(), Atlas.page.map.getCenter().lat]") == pytest.approx(
            [11, 22.27], abs=1e-3
        )
        assert page.inner_text("h1").startswith("Atlas of")


def test_a_chosen_corridor_stands_out_without_a_gap_and_comes_into_view(browser: Browser, path: Path) -> None:
    with opened(browser, path) as page:
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


def test_the_table_lists_what_is_shown_and_sorts(browser: Browser, path: Path) -> None:
    with opened(browser, path, fragment="#l=airports") as page:
        page.click("#open-table")
        rows = page.locator("#table tbody tr")
        assert rows.count() == page.evaluate("Atlas.page.layers.find(layer => layer.key === 'airports').size")
        page.click("#table thead button >> nth=0")
        assert page.get_attribute("#table thead th >> nth=0", "aria-sort") == "ascending"


def test_the_print_sheet_has_map_legend_scale_and_sources(browser: Browser, path: Path) -> None:
    with opened(browser, path) as page:
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
def test_the_print_is_one_sheet_with_its_scale(browser: Browser, path: Path, paper: str) -> None:
    with opened(browser, path) as page:
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


def test_hostile_names_show_as_text(browser: Browser, tmp_path: Path) -> None:

    catalog = open_catalog()
    ports = catalog.layer("ports")
    frame = ports.frame.iloc[:3].copy()
    frame["name_zh"] = HOSTILE
    frame["name_en"] = HOSTILE * 20
    frame["source_note"] = HOSTILE
    page_path = draw_layers({"ports": Layer(ports.spec, frame)}, title=HOSTILE).save(tmp_path / "hostile.html")
    with opened(browser, page_path) as page:
        name = str(frame["id"].iloc[0])
        page.evaluate("id => Atlas.openFeature([{layer: Atlas.page.layers[0], row: 0}], 0, true)", name)
        assert page.inner_text(".card h2").startswith("<img src=x")
        assert page.locator("img[src=x]").count() == 0
        page.click("#open-table")
        assert page.locator("#table img").count() == 0
        page.evaluate("document.getElementById('table').close()")
        page.evaluate("Atlas.page.prepareSheet()")
        assert page.title().startswith("<img")


def test_an_empty_layer_is_drawn_as_nothing(browser: Browser, tmp_path: Path) -> None:

    ports = open_catalog().layer("ports")
    page_path = draw_layers({"ports": Layer(ports.spec, ports.frame.iloc[:0])}).save(tmp_path / "empty.html")
    with opened(browser, page_path) as page:
        assert page.evaluate("Atlas.page.layers[0].size") == 0


def test_json_in_a_script_cannot_end_it() -> None:
    text = embed_json({"a": "</script><!--", "b": "\u2028\ud800"})
    assert not re.search("[<>&\u2028]", text)
    text.encode("utf-8")


def test_an_unknown_language_or_a_box_turned_round_is_refused() -> None:
    ports = {"ports": open_catalog().layer("ports")}
    with pytest.raises(MapError, match="language"):
        draw_layers(ports, lang="fr")
    with pytest.raises(MapError, match="box"):
        draw_layers(ports, bounds=(114, 21, 113, 22))


def test_county_lines_are_drawn_when_given_and_said_not_to_be_passed_on(browser: Browser, tmp_path: Path) -> None:
    import geopandas as gpd
    import shapely

    box = shapely.box(112.8, 22.2, 113.3, 22.6)
    lines = gpd.GeoDataFrame({"adcode": ["440700"]}, geometry=[box], crs=4326)
    layers = open_catalog().layers("places", "land", "water")
    with_lines = draw_layers(layers, boundaries=lines).save(tmp_path / "with.html")
    without = draw_layers(layers).save(tmp_path / "without.html")
    with opened(browser, with_lines) as page:
        assert page.evaluate("Atlas.page.backdrop.bounds.size") == 1
        assert "不得转发" in page.inner_text(".foot")
    with opened(browser, without) as page:
        assert "不得转发" not in page.inner_text(".foot")


def test_fifty_thousand_features_are_drawn(browser: Browser, tmp_path: Path) -> None:
    import geopandas as gpd

    rng = np.random.default_rng(8)
    ports = open_catalog().layer("ports")
    count = 50_000
    frame = ports.frame.iloc[rng.integers(0, len(ports.frame), count)].reset_index(drop=True)
    frame["id"] = [f"p{i}" for i in range(count)]
    points = gpd.points_from_xy(rng.uniform(111, 114, count), rng.uniform(21.6, 23.2, count), crs=4326)
    path = draw_layers({"ports": Layer(ports.spec, frame.set_geometry(points))}).save(tmp_path / "many.html")
    with opened(browser, path) as page:
        assert page.evaluate("Atlas.page.layers[0].size") == count
        assert colours_on(page, "content") >= 3
        assert page.evaluate("document.getElementsByTagName('*').length") <= 1500


def test_the_page_opens_on_today_with_what_the_plan_adds_set_off(browser: Browser, path: Path) -> None:
    with opened(browser, path) as page:
        today = page.evaluate("Atlas.page.data.today")
        assert page.input_value("#year-typed") == str(today)
        later = page.evaluate(
            """today => {
                const layer = Atlas.page.layers.find(one => one.key === "railways");
                const rows = Array.from({length: layer.size}, (_, row) => row);
                return rows.every(row => {
                    const year = layer.get("opens_year", row);
                    return layer.faint(row) === (year === null || year > today);
                });
            }""",
            today,
        )
        assert later


def test_where_nothing_is_still_to_come_no_switch_offers_it(browser: Browser, catalog: Catalog, tmp_path: Path) -> None:
    ports = catalog.layer("ports")
    standing = replace(ports, frame=ports.frame[ports.frame["opens_year"] <= FIRST_YEAR])
    for name, layer, switches in (("all", ports, 1), ("standing", standing, 0)):
        file = draw_layers({"ports": layer}, bounds=(112.0, 21.5, 114.0, 23.0)).save(tmp_path / f"{name}.html")
        with opened(browser, file) as page:
            assert page.locator("#additions").count() == switches
            assert page.locator("[data-status=operating]").count() == 1


def test_a_status_switched_off_is_not_drawn_and_not_in_the_legend(browser: Browser, path: Path) -> None:
    with opened(browser, path) as page:
        assert page.locator("[data-status]").count() == 8
        before = page.inner_text(".legend")
        assert "在建" in before
        page.uncheck("[data-status=under_construction]")
        assert becomes(page, lambda: "在建" in page.inner_text(".legend"), False)
        assert "st=" in address(page)


def test_the_legend_names_no_kind_that_is_not_shown(browser: Browser, path: Path) -> None:
    with opened(browser, path, fragment="#l=railways&v=9.00/22.3000/113.0000") as page:
        text = page.inner_text(".legend")
    assert "高速铁路" in text
    assert "高速公路" not in text
    assert "港口" not in text


def test_roads_bear_numbers_bridges_and_waters_names(browser: Browser, path: Path) -> None:
    with opened(browser, path, fragment="#v=9.75/22.2500/113.5000") as page:
        named = page.evaluate("Atlas.page.placed.map(one => one.rows[0].text)")
    assert {"G94", "港珠澳大桥", "伶仃洋"} <= set(named)


@pytest.mark.parametrize("view", ["99/999/999", "11/22.27/-113.56", "9/0/0"])
def test_a_view_out_of_the_map_opens_the_usual_one(browser: Browser, path: Path, view: str) -> None:
    with opened(browser, path, fragment=f"#v={view}") as page:
        assert colours_on(page, "content") >= 10


def test_one_cannot_come_closer_than_the_positions_bear(browser: Browser, path: Path) -> None:
    with opened(browser, path, fragment="#v=16.00/22.2700/113.5600") as page:
        assert page.evaluate("Atlas.page.map.getZoom()") <= 13


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_what_was_clicked_is_not_under_its_card(browser: Browser, path: Path, size: tuple[int, int]) -> None:
    with opened(browser, path, size=size, fragment="#l=places&v=9.50/22.3000/113.1000") as page:
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


def test_the_export_menu_closes_by_escape_and_by_a_click_elsewhere(browser: Browser, path: Path) -> None:
    with opened(browser, path) as page:
        page.click("[aria-controls=export-menu]")
        page.keyboard.press("Escape")
        assert page.locator("#export-menu").is_hidden()
        page.click("[aria-controls=export-menu]")
        page.mouse.click(700, 300)
        assert page.locator("#export-menu").is_hidden()


def test_a_picture_is_called_after_what_it_shows(browser: Browser, path: Path) -> None:
    with opened(browser, path, fragment="#y=2030") as page:
        page.click("[aria-controls=export-menu]")
        with page.expect_download() as waiting:
            page.click("#export-menu button >> nth=1")
    assert waiting.value.suggested_filename == "珠江口西岸都市圈交通图集-到-2030-年底已通.svg"


def test_the_table_holds_every_row(browser: Browser, path: Path) -> None:
    with opened(browser, path) as page:
        page.click("#open-table")
        page.click("#more-rows")
        shown = page.evaluate(
            "Atlas.page.layers.filter(one => one.on).reduce((sum, one) => sum + Array.from({length: one.size},"
            " (_, row) => one.visible(row)).filter(Boolean).length, 0)"
        )
        assert page.locator("#table tbody tr").count() == shown > 400


def test_every_opening_of_a_year_is_listed(browser: Browser, path: Path, catalog: Catalog) -> None:
    keys = ["railways", "highways", "airports", "ports", "stations"]
    frames = [catalog.layer(key).frame for key in keys]
    dated = sum(int(((one["opens_year"] == 2028) & (one["opens_basis"] != "unknown")).sum()) for one in frames)
    with opened(browser, path, fragment="#y=2028") as page:
        assert page.locator("#opens .chip").count() == dated > 8


@pytest.mark.parametrize("size", [(1366, 768), (1024, 768), (844, 390), PHONE], ids=str)
def test_nothing_lies_over_the_scale_bar_and_the_map_keeps_its_place(
    browser: Browser, path: Path, size: tuple[int, int]
) -> None:
    with opened(browser, path, size=size) as page:
        covered = page.evaluate(
            """() => {
                const bar = document.querySelector(".scalebar").getBoundingClientRect();
                const over = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
                return Array.from(document.querySelectorAll(".panel, .timeline, .zoom, .foot, .bar"))
                    .filter(one => one.offsetParent && over(bar, one.getBoundingClientRect()))
                    .map(one => one.className);
            }"""
        )
        free = page.evaluate(
            """() => {
                const box = document.querySelector(".folium-map").getBoundingClientRect();
                let free = 0;
                for (let x = 5; x < innerWidth; x += 10)
                    for (let y = 5; y < innerHeight; y += 10)
                        free += Boolean(document.elementFromPoint(x, y)?.closest(".folium-map"));
                return free * 100 / (innerWidth * innerHeight);
            }"""
        )
    assert covered == []
    assert free > 0.35


def test_title_and_links_speak_the_language_that_is_shown(browser: Browser, catalog: Catalog, tmp_path: Path) -> None:
    links = (("index.html", ("首页", "Home")), ("explore.html#o=zhuhai", ("查询", "Explorer")))
    drawn = draw_layers({"ports": catalog.layer("ports")}, title=("港口", "Ports"), links=links)
    with opened(browser, drawn.save(tmp_path / "ports.html")) as page:
        assert page.title() == "港口"
        page.click("#language")
        assert page.title() == "Ports"
        assert page.get_attribute(".home", "href") == "index.html#g=en"
        assert page.get_attribute(".foot a", "href") == "explore.html#o=zhuhai&g=en"


def test_the_story_walks_through_six_corridors_and_four_axes(browser: Browser, path: Path) -> None:
    catalog = open_catalog()
    names = [item.name_zh for item in catalog.plan if item.kind == "corridor"]
    names += [axis.name_zh for axis in catalog.plan.axes]
    assert len(names) == 10
    with opened(browser, path, fragment="#s=1") as page:
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


def test_works_at_one_place_are_one_disc_that_opens_them_all(browser: Browser, path: Path) -> None:
    with opened(browser, path, fragment="#l=platforms,energy,water_works,digital") as page:
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
