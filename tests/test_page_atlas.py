"""The atlas page: offline, nothing from data runs as markup, controls do what they say, numbers are the library's."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pages import DESKTOP, PHONE, colours_on, opened
from playwright.sync_api import Browser

from atlas.base.errors import MapError
from atlas.data.catalog import Catalog, open_catalog
from atlas.data.layer import Layer
from atlas.data.scenario import FIRST_YEAR
from atlas.maps.page import embed_json
from atlas.maps.pages.layers import draw_layers

HOSTILE = "<img src=x onerror=\"document.title='run'\">\"'`${1}</script>\u202ertl"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_page_opens_offline_and_is_not_blank(browser: Browser, atlas_page: Path, size: tuple[int, int]) -> None:
    with opened(browser, atlas_page, size=size) as page:
        assert colours_on(page, "ground") >= 3
        assert colours_on(page, "content") >= 10
        assert colours_on(page, "names") >= 3
        assert page.evaluate("document.documentElement.lang") == "zh-CN"
        assert page.title() == "珠江口西岸都市圈交通图集"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_labels_do_not_collide_at_the_opening_view(browser: Browser, atlas_page: Path) -> None:
    with opened(browser, atlas_page) as page:
        boxes = np.array(page.evaluate("Atlas.page.placed.map(label => label.box)"))
    assert len(boxes) > 15
    for i, a in enumerate(boxes):
        others = boxes[i + 1 :]
        apart = (a[0] >= others[:, 2]) | (others[:, 0] >= a[2]) | (a[1] >= others[:, 3]) | (others[:, 1] >= a[3])
        assert apart.all()


def test_two_draws_give_the_same_bytes_and_stay_in_the_budget(
    catalog: Catalog, atlas_page: Path, tmp_path: Path
) -> None:
    again = draw_layers(catalog.layers(), plan=catalog.plan, sources=catalog.sources).save(tmp_path / "again.html")
    assert again.read_bytes() == atlas_page.read_bytes()
    assert atlas_page.stat().st_size <= 3_000_000


def test_the_document_stays_small(browser: Browser, atlas_page: Path) -> None:
    with opened(browser, atlas_page) as page:
        assert page.evaluate("document.getElementsByTagName('*').length") <= 1500


def test_values_in_the_page_are_those_of_the_layers(browser: Browser, atlas_page: Path, catalog: Catalog) -> None:
    rng = np.random.default_rng(3)
    columns = ["name_zh", "status", "status_as_of", "opens_year", "opens_basis", "plan_ids", "source"]
    with opened(browser, atlas_page) as page:
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


def test_the_page_opens_on_today_with_what_the_plan_adds_set_off(browser: Browser, atlas_page: Path) -> None:
    with opened(browser, atlas_page) as page:
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


def test_the_legend_names_no_kind_that_is_not_shown(browser: Browser, atlas_page: Path) -> None:
    with opened(browser, atlas_page, fragment="#l=railways&v=9.00/22.3000/113.0000") as page:
        text = page.inner_text(".legend")
    assert "高速铁路" in text
    assert "高速公路" not in text
    assert "港口" not in text


def test_roads_bear_numbers_bridges_and_waters_names(browser: Browser, atlas_page: Path) -> None:
    with opened(browser, atlas_page, fragment="#v=9.75/22.2500/113.5000") as page:
        named = page.evaluate("Atlas.page.placed.map(one => one.rows[0].text)")
    assert {"G94", "港珠澳大桥", "伶仃洋"} <= set(named)


@pytest.mark.parametrize("view", ["99/999/999", "11/22.27/-113.56", "9/0/0"])
def test_a_view_out_of_the_map_opens_the_usual_one(browser: Browser, atlas_page: Path, view: str) -> None:
    with opened(browser, atlas_page, fragment=f"#v={view}") as page:
        assert colours_on(page, "content") >= 10


def test_one_cannot_come_closer_than_the_positions_bear(browser: Browser, atlas_page: Path) -> None:
    with opened(browser, atlas_page, fragment="#v=16.00/22.2700/113.5600") as page:
        assert page.evaluate("Atlas.page.map.getZoom()") <= 13


@pytest.mark.parametrize("size", [(1366, 768), (1024, 768), (844, 390), PHONE], ids=str)
def test_nothing_lies_over_the_scale_bar_and_the_map_keeps_its_place(
    browser: Browser, atlas_page: Path, size: tuple[int, int]
) -> None:
    with opened(browser, atlas_page, size=size) as page:
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
