"""The compare and matrix pages: what they show is the library's, their switches work, and they ask for nothing."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from pages import DESKTOP, PHONE, colours_on, opened
from playwright.sync_api import Browser

from atlas.data.catalog import Catalog
from atlas.data.scenario import load_scenario
from atlas.maps.pages.compare import draw_compare
from atlas.maps.pages.matrix import draw_matrix
from atlas.network.build import Network
from atlas.travel.comparison import compare
from atlas.travel.matrix import od_minutes
from atlas.travel.reach import reach_from, route

SEATS = ("珠海", "中山", "江门", "阳江", "广州", "澳门")
MODES = ("drive", "rail", "multimodal")


@pytest.fixture(scope="module")
def compared(catalog: Catalog, network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = draw_compare(
        network, load_scenario("2023"), load_scenario("2030"), catalog.layers(), origins=["阳江", "江门"],
        plan=catalog.plan, sources=catalog.sources,
    )  # fmt: skip
    assert len(page.html().encode()) <= 3_000_000
    return page.save(tmp_path_factory.mktemp("page") / "compare.html")


@pytest.fixture(scope="module")
def matrix(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "matrix.html"
    scenarios = [load_scenario(year) for year in ("2023", "2035")]
    path.write_text(draw_matrix(network, scenarios, places=SEATS, home=False), "utf-8")
    return path


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_compare_page_opens_offline_and_is_not_blank(browser: Browser, compared: Path, size) -> None:
    with opened(browser, compared, size=size) as page:
        assert colours_on(page, "content") >= 5
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_two_maps_move_in_step(browser: Browser, compared: Path) -> None:
    with opened(browser, compared) as page:
        page.evaluate("Atlas.page.map.setView([22.3, 112.9], 10.5, {animate: false})")
        assert page.evaluate("[Atlas.page.twin.getZoom(), Atlas.page.twin.getCenter().lng]") == pytest.approx(
            [10.5, 112.9], abs=1e-3
        )
        page.evaluate("Atlas.page.twin.setView([21.9, 112.0], 9.5, {animate: false})")
        assert page.evaluate("[Atlas.page.map.getZoom(), Atlas.page.map.getCenter().lng]") == pytest.approx(
            [9.5, 112.0], abs=1e-3
        )
        page.click('[data-value="one"]')
        assert page.locator("#twin").is_hidden()


def test_projects_are_those_of_the_origin_that_is_chosen(browser: Browser, compared: Path, network: Network) -> None:
    years = load_scenario("2023"), load_scenario("2030")
    with opened(browser, compared, fragment="#m=drive&d=one") as page:
        for origin, i in (("阳江", 0), ("江门", 1)):
            page.click(f"#seg-o button >> nth={i}")
            shown = page.evaluate("Atlas.page.data.compare.projects")
            mine = [row["name"][0] for row in shown if row["mode"] == "drive" and row["origin"] == i]
            found = compare(network, *years, [origin], mode="drive").projects
            assert mine == list(found["name_zh"])
            assert page.locator("ul.placelist >> nth=0").locator("li b").all_text_contents() == mine[:12]


def test_faster_places_in_an_unchanged_circle_are_not_called_no_change(browser: Browser, compared: Path) -> None:
    """Where nobody enters or leaves the circle the list says so of the circle, and the largest gain is a row's."""
    seen = 0
    with opened(browser, compared, fragment="#d=one") as page:
        for origin, mode, cutoff in itertools.product(range(2), MODES, ("60", "120")):
            page.click(f"#seg-o button >> nth={origin}")
            page.click(f"#seg-m [data-value={mode}]")
            page.click(f"#seg-k [data-value='{cutoff}']")
            finding, listed = page.inner_text("#finding"), page.locator("ul.placelist >> nth=1").inner_text()
            faster = re.search(r"最多快 (\d+) 分钟", finding)
            if "新增 0 个地点，失去 0 个" not in finding or faster is None:
                continue
            seen += 1
            assert f"没有地点进入或退出 {cutoff} 分钟圈；圈内各地的快慢见数据表" in listed
            page.click("#open-table")
            saved = [
                int(one) for one in page.locator("#table tbody tr td:nth-child(5)").all_inner_texts() if one.strip()
            ]
            assert max(saved) == int(faster[1])
            break
    assert seen


def test_screen_and_paper_explain_what_they_draw_and_nothing_else(browser: Browser, compared: Path) -> None:
    legend = "[...document.querySelectorAll('{} .sample')].map(one => one.textContent).join()"
    for layout, maps, there, absent in (("pair", 2, "≤ 30 分钟", "新增"), ("one", 1, "新增", "≤ 30 分钟")):
        with opened(browser, compared, fragment=f"#d={layout}&k=120") as page:
            page.evaluate("Atlas.page.prepareSheet()")
            for told in (page.evaluate(legend.format(".legend")), page.evaluate(legend.format(".print-legend"))):
                assert there in told
                assert absent not in told
            assert (
                page.evaluate("document.querySelectorAll('.print-sheet > figure img, .print-sheet > img').length")
                == maps
            )
            if layout == "pair":
                heads = page.locator(".print-sheet figcaption").all_text_contents()
                assert ["2023" in heads[0], "2030" in heads[1]] == [True, True]


def test_gained_and_lost_are_those_of_the_library(browser: Browser, compared: Path, network: Network) -> None:
    frame = network.place_layer.frame
    reached = {
        year: set(reach_from(network, "阳江", load_scenario(year), cutoffs_min=[120]).places()["id"])
        for year in ("2023", "2030")
    }
    with opened(browser, compared, fragment="#k=120&m=multimodal") as page:
        shown = page.evaluate("Array.from({length: Atlas.page.layers[0].size}, (_, row) => Atlas.hooks.changeOf(row))")
        page.click("#open-table")
        assert page.locator("#table tbody tr").count() > 0
    known = {"gained": reached["2030"] - reached["2023"], "lost": reached["2023"] - reached["2030"]}
    for what, expected in known.items():
        assert {str(name) for name, state in zip(frame["id"], shown, strict=True) if state == what} == expected


def test_cells_of_the_matrix_are_the_librarys(browser: Browser, matrix: Path, network: Network) -> None:
    cube = od_minutes(network, SEATS, SEATS, [load_scenario("2023"), load_scenario("2035")], MODES)
    compared = 0
    with opened(browser, matrix) as page:
        for s in range(2):
            for m in range(3):
                page.click(f"[data-choice=s][data-index='{s}']")
                page.click(f"[data-choice=m][data-index='{m}']")
                shown = page.evaluate("Array.from({length: 36}, (_, i) => matrixMinutes(Math.floor(i / 6), i % 6))")
                for value, expected in zip(shown, cube[s, m].ravel(), strict=True):
                    assert (value is None) == (expected != expected)
                    if value is not None:
                        assert expected - 1e-6 <= value <= expected + 0.001 + 1e-6
                        compared += 1
    assert compared >= 200


def test_a_cell_shows_its_route_and_a_heading_sorts(browser: Browser, matrix: Path, network: Network) -> None:
    with opened(browser, matrix, fragment="#s=2035&m=rail") as page:
        page.click("[data-pair='0-2']")
        text = page.inner_text("#detail")
        journey = route(network, "珠海", "江门", load_scenario("2035"), mode="rail")
        assert page.locator("#detail li").count() == len(journey.legs)
        assert page.evaluate("document.querySelector('#detail h2').getBoundingClientRect().top < innerHeight")
        assert f"{journey.minutes:.0f}" in text
        page.click("#matrix thead button >> nth=1")
        assert page.locator("#matrix thead th >> nth=1").get_attribute("aria-sort") == "ascending"
        page.click("#language")
        assert "Zhuhai" in page.inner_text("#matrix")
