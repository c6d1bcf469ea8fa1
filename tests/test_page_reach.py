"""The reach page: its minutes and routes are the library's, its switches work, and it asks nothing of the net."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pages import DESKTOP, PHONE, colours_on, opened
from playwright.sync_api import Browser

from atlas.data.catalog import Catalog
from atlas.data.parameters import SETS
from atlas.data.scenario import load_scenario
from atlas.maps.pages.reach import draw_reach
from atlas.network.build import Network, build_network
from atlas.travel.reach import reach_from, route

YEARS = ("2023", "2026", "2035")
MODES = ("drive", "rail", "multimodal")


@pytest.fixture(scope="module")
def path(catalog: Catalog, network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    scenarios = [load_scenario(year) for year in YEARS]
    page = draw_reach(network, "珠海", scenarios, catalog.layers(), plan=catalog.plan, sources=catalog.sources)
    html = page.html()
    assert len(html.encode()) <= 3_000_000
    return page.save(tmp_path_factory.mktemp("page") / "reach.html")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_page_opens_offline_and_is_not_blank(browser: Browser, path: Path, size: tuple[int, int]) -> None:
    with opened(browser, path, size=size) as page:
        assert colours_on(page, "ground") >= 3
        assert colours_on(page, "content") >= 10
        assert page.evaluate("document.getElementsByTagName('*').length") <= 1500
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_minutes_of_sampled_places_are_those_of_the_library(browser: Browser, path: Path, network: Network) -> None:
    rng = np.random.default_rng(11)
    frame = network.place_layer.frame
    rows = sorted(rng.choice(len(frame), 30, replace=False).tolist())
    compared = 0
    with opened(browser, path) as page:
        for i, year in enumerate(YEARS):
            for k, mode in enumerate(MODES):
                p = (i + k) % len(SETS)
                for key, value in (("s", year), ("m", mode), ("p", SETS[p])):
                    page.click(f'#seg-{key} [data-value="{value}"]')
                shown = page.evaluate("rows => rows.map(row => Atlas.hooks.minutesOf(row))", rows)
                scenario = load_scenario(year).but(parameter_set=SETS[p])
                found = reach_from(network, "珠海", scenario, mode=mode, cutoffs_min=[10_000])
                known = dict(zip(found.nodes["node_id"], found.nodes["travel_time_min"], strict=True))
                for row, minutes in zip(rows, shown, strict=True):
                    expected = known.get(f"place/{frame['id'].iloc[row]}")
                    assert (minutes is None) == (expected is None)
                    if expected is not None:
                        assert expected - 1e-6 <= minutes <= expected + 0.001 + 1e-6
                        compared += 1
    assert compared > 200


def test_the_route_in_the_card_is_the_librarys(browser: Browser, path: Path, network: Network) -> None:
    with opened(browser, path, fragment="#s=2026&m=rail&p=central&f=jiangmen&g=zh") as page:
        text = page.inner_text(".card")
        legs = page.locator(".card .legs li").count()
    journey = route(network, "珠海", "江门", load_scenario("2026"), mode="rail")
    assert legs == len(journey.legs)
    assert (
        f"{journey.minutes:.0f} 分钟" in text.replace("\n", " ").replace("\xa0", " ")
        or f"{journey.minutes:.0f}" in text
    )
    for leg in journey.legs:
        assert leg.to_name in text


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_place_asked_for_by_name_shows_the_whole_way_beside_its_card(
    browser: Browser, path: Path, size: tuple[int, int]
) -> None:
    with opened(browser, path, size=size) as page:
        page.fill("#search", "阳江市")
        page.press("#search", "ArrowDown")
        page.press("#search", "Enter")
        ends = page.evaluate(
            """() => {
                const box = Atlas.page.map.getContainer().getBoundingClientRect(), places = Atlas.page.layers[0];
                const row = [...Array(places.size).keys()].find(i => places.get("id", i) === "yangjiang");
                const b = places.shapes.boxes, own = Atlas.page.data.reach.at;
                return [own, [Atlas.lonOf(b[4 * row]), Atlas.latOf(b[4 * row + 1])]].map(([lon, lat]) => {
                    const point = Atlas.page.map.latLngToContainerPoint([lat, lon]);
                    const at = [point.x + box.left, point.y + box.top], over = document.elementFromPoint(...at);
                    return over !== null && over.closest(".card, .panel, .bar") === null;
                });
            }"""
        )
    assert ends == [True, True]


def test_the_legs_speak_the_language_of_the_page(browser: Browser, path: Path) -> None:
    with opened(browser, path, fragment="#f=guangzhou&m=rail&g=en") as page:
        english = page.inner_text(".legs")
    assert "Train" in english
    assert not re.search(r"[\u4e00-\u9fff]", english)
    with opened(browser, path, fragment="#f=guangzhou&m=rail&g=zh") as page:
        assert "列车" in page.inner_text(".legs")


def test_counts_inside_are_the_librarys(browser: Browser, path: Path, network: Network) -> None:
    found = reach_from(network, "珠海", load_scenario("2026"), mode="multimodal", cutoffs_min=[60, 120])
    within = found.places()["travel_time_min"]
    with opened(browser, path) as page:
        shown = page.locator(".figure b").all_inner_texts()
    assert [int(shown[0]), int(shown[2])] == [int((within <= 60 + 1e-6).sum()), int((within <= 120 + 1e-6).sum())]


def test_a_link_restores_choice_place_and_language(browser: Browser, path: Path) -> None:
    with opened(browser, path, fragment="#s=2035&m=drive&p=adverse&f=yangjiang&g=en") as page:
        pressed = page.locator(".seg [aria-pressed=true]").evaluate_all("list => list.map(one => one.dataset.value)")
        assert pressed == ["2035", "drive", "adverse"]
        assert "Yangjiang" in page.inner_text(".card h2")
        page.click("#open-table")
        assert page.locator("#table tbody tr").count() > 50


def test_two_draws_give_the_same_bytes(catalog: Catalog, network: Network) -> None:
    scenarios = [load_scenario("2026")]
    pages = [draw_reach(network, "江门", scenarios, catalog.layers(), modes=["drive"]).html() for _ in range(2)]
    assert pages[0] == pages[1]


def test_an_island_without_a_ferry_has_a_page_that_says_so(
    browser: Browser, catalog: Catalog, network: Network, tmp_path: Path
) -> None:
    scenario = load_scenario("2026")
    places = network.place_layer.frame
    reached = [
        name
        for name in places.loc[places["name_zh"].str.contains("桂山|万山|担杆"), "id"]
        if len(reach_from(network, f"place/{name}", scenario).nodes) <= 1
    ]
    assert reached, "no island is cut off any more: choose another origin for this test"
    page_path = draw_reach(network, f"place/{reached[0]}", [scenario], catalog.layers()).save(tmp_path / "island.html")
    with opened(browser, page_path) as page:
        assert "120" in page.inner_text(".placelist")
        assert page.locator(".placelist button").count() == 0


def test_lines_are_cut_where_the_hour_runs_out(browser: Browser, path: Path) -> None:
    with opened(browser, path) as page:
        assert page.evaluate("Atlas.toSvg(900, 600)").count("#0b3954") >= 1


def test_hostile_names_of_places_and_origin_stay_text(browser: Browser, catalog: Catalog, tmp_path: Path) -> None:
    from atlas.data.layer import Layer

    layers = catalog.layers()
    frame = layers["places"].frame.copy()
    frame.loc[frame["id"] == "zhuhai", ["name_zh", "name_en"]] = "<img src=x onerror=alert(1)>"
    layers["places"] = Layer(layers["places"].spec, frame)
    page_path = draw_reach(
        build_network(layers), "place/zhuhai", [load_scenario("2026")], layers, modes=["drive"], sets=["central"]
    ).save(tmp_path / "hostile.html")
    with opened(browser, page_path) as page:
        assert page.inner_text(".origin").endswith("<img src=x onerror=alert(1)>")
        assert page.locator("img[src=x]").count() == 0
    assert pd.notna(frame["name_zh"]).all()
