"""The explorer answers in the browser what the library answers, and takes whatever is asked of it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from pages import PHONE, PLAIN, address, opened
from playwright.sync_api import Browser, Page
from small_atlas import draw_atlas

from atlas.base.errors import MapError
from atlas.cli import cli
from atlas.data.scenario import DrawnLink
from atlas.land.drawn import crosses_border
from atlas.maps.basemaps import basemap_of
from atlas.maps.pages.explore import draw_explorer
from atlas.network.build import Network

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def page(browser: Browser, explorer: Path) -> Iterator[Page]:
    with opened(browser, explorer) as found:
        found.wait_for_selector("body[data-explorer=true]")
        yield found


def test_the_page_is_one_file_within_its_budget(explorer: Path) -> None:
    assert explorer.stat().st_size <= 4 * 2**20


def test_a_line_drawn_into_the_sea_is_said_to_join_nothing_there(page: Page) -> None:
    told = page.evaluate(
        """() => {
          const X = Atlas.page.explorer, points = [[113.3, 22.5], [114.2, 21.5]];
          X.change({links: [{kind: 'road', cls: 'expressway', kmh: 100, points}]});
          const told = document.getElementById('own-links').textContent;
          X.change({links: []});
          return told;
        }"""
    )
    assert "1 个点未与" in told


@pytest.mark.parametrize(("hash_", "named"), [
    ("#x=local_speed_kmh:0;rail_wait_share:0.4&o=<script>alert(1)</script>", ["x=local_speed_kmh:0", "o=<script>"]),
    ("#o=nowhere;jiangmen&y=9999&m=boat&k=-3,60&c=%00", ["o=nowhere", "y=9999", "m=boat", "k=-3", "c="]),
    ("#v=99/999/999&w=ferries;plan-none&f=gone&n=" + "rail~250~30~1,2!3,4;" * 50, ["w=plan-none", "n=rail", "f=gone"]),
    ("#pin=x%3Dlocal_speed_kmh%3ANaN%26%25&d=boat", ["x=local_speed_kmh:NaN", "d=boat"]),
])  # fmt: skip
def test_a_hash_of_nonsense_opens_the_page_and_is_said_and_the_rest_stands(
    hash_: str, named: list[str], browser: Browser, explorer: Path
) -> None:
    with opened(browser, explorer, fragment=hash_) as found:
        found.wait_for_selector("body[data-explorer=true]")
        assert found.locator("#figures .figure").count() >= 1
        assert found.evaluate("() => typeof window.alerted") == "undefined"
        said = found.evaluate("document.getElementById('warning').textContent")
        assert said.startswith("未采用")
        assert all(name in said for name in named)
        assert "rail_wait_share" not in said
        assert "jiangmen" not in said
        found.evaluate("() => Atlas.page.explorer.change({year: 2030})")
        assert found.locator("#warning").is_hidden()


def test_an_origin_in_the_sea_is_said_in_words(browser: Browser, explorer: Path) -> None:
    with opened(browser, explorer, fragment="#o=114.2,21.5") as found:
        found.wait_for_selector("body[data-explorer=true]")
        assert found.locator("#warning").is_visible()
        assert "陆地" in found.locator("#warning").inner_text()


def test_a_drawn_line_over_a_border_is_said_to_count_no_minutes_for_it(page: Page, network: Network) -> None:
    rng = random.Random(16)
    lines = [[[113.4 + 0.5 * rng.random(), 22.1 + 0.3 * rng.random()] for _ in range(2)] for _ in range(12)]
    mine = page.evaluate(
        """lines => lines.map(points => {
          Atlas.page.explorer.change({links: [{kind: 'road', cls: 'expressway', kmh: 100, points}]});
          return document.getElementById('own-links').textContent.includes('跨越口岸边界');
        })""",
        lines,
    )
    page.evaluate("() => Atlas.page.explorer.change({links: []})")
    theirs = [crosses_border(network, DrawnLink("road", tuple(map(tuple, line)), 100.0)) for line in lines]
    assert mine == theirs
    assert 0 < sum(mine) < len(lines)


def test_a_speed_of_nought_is_refused_by_the_slider_as_by_the_terminal(page: Page) -> None:
    kept, said = page.evaluate(
        """() => {
          Atlas.page.explorer.change({overrides: {}});
          const slider = document.getElementById('p-local_speed_kmh');
          const typed = slider.parentElement.querySelector('[type=number]');
          typed.value = '0';
          typed.dispatchEvent(new Event('change'));
          return [Atlas.page.explorer.state.overrides, document.getElementById('warning').textContent];
        }"""
    )
    assert kept == {}
    assert "local_speed_kmh=0" in said


def test_a_line_out_of_bounds_is_refused_where_it_is_drawn(page: Page) -> None:
    begun, said, points, kept, past = page.evaluate(
        """() => {
          const X = Atlas.page.explorer, at = name => document.getElementById(name);
          const told = () => at('drawing').textContent;
          const begin = (kind, kmh, headway) => {
            at('link-kind').value = kind;
            at('link-kind').dispatchEvent(new Event('change'));
            at('link-speed').value = kmh;
            at('link-headway').value = headway;
            at('draw-link').click();
            return [at('draw-link').getAttribute('aria-pressed'), told()];
          };
          const click = (lat, lon) => Atlas.page.map.fire('click', {
            latlng: L.latLng(lat, lon), containerPoint: L.point(-999, -999), originalEvent: new MouseEvent('click')});
          const wrong = [['expressway', '-5', '30'], ['expressway', '151', '30'], ['arterial', '', '30'],
            ['rail', '401', '30'], ['rail', '250', '-3']].map(one => begin(...one));
          begin('expressway', '100', '30');
          click(22.5, 113.3);
          click(50, 113.3);
          const said = told();
          click(22.6, 113.1);
          at('draw-link').click();
          const link = X.state.links[0];
          X.change({links: Array(20).fill(link)});
          const past = begin('expressway', '100', '30');
          const kept = X.state.links.length;
          X.change({links: []});
          return [wrong.map(one => one[0]), wrong.map(one => one[1]), link.points.length, [kept, said], past];
        }"""
    )
    assert begun == ["false"] * 5
    bounds = ["150 km/h", "150 km/h", "150 km/h", "400 km/h", "240 分钟"]
    assert [bound for bound, one in zip(bounds, said, strict=True) if bound not in one] == []
    assert points == 2
    assert "区域范围之外" in kept[1]
    assert [kept[0], past[0]] == [20, "false"]
    assert "20 条" in past[1]


def test_a_thirteenth_origin_is_said_not_to_be_taken(page: Page) -> None:
    count, said = page.evaluate(
        """() => {
          const X = Atlas.page.explorer, before = X.state.origins;
          X.change({origins: Array.from({length: 12}, (_, k) => ({lon: 113 + k / 20, lat: 22.5}))});
          document.getElementById('add-origin').click();
          Atlas.page.map.fire('contextmenu', {latlng: L.latLng(22.7, 113.2)});
          document.getElementById('add-origin').click();
          const found = [X.state.origins.length, document.getElementById('warning').textContent];
          X.change({origins: before});
          return found;
        }"""
    )
    assert count == 12
    assert "o=113.2000,22.7000" in said


def test_cut_offs_that_are_none_are_said_and_the_field_shows_those_that_hold(page: Page) -> None:
    told = page.evaluate(
        """() => {
          const X = Atlas.page.explorer, field = document.getElementById('cutoffs');
          const found = ['-1, 90', '', 'abc', '10,20,30,40,50,60,70,80,95'].map(text => {
            field.value = text;
            field.dispatchEvent(new Event('change'));
            return [field.value, document.getElementById('warning').textContent];
          });
          X.change({cutoffs: [60, 120]});
          return found;
        }"""
    )
    assert [one[0] for one in told] == ["90", "90", "90", "10, 20, 30, 40, 50, 60, 70, 80"]
    assert ["-1" in told[0][1], told[1][1] == "", "abc" in told[2][1], "95" in told[3][1]] == [True] * 4


def test_a_card_that_was_closed_does_not_come_back_with_the_next_year(page: Page) -> None:
    page.evaluate("Atlas.page.explorer.change({year: 2026}); Atlas.page.explorer.open('yangjiang', true)")
    assert page.is_visible(".card")
    page.click(".card .close")
    page.evaluate("Atlas.page.explorer.change({year: 2027})")
    shown = page.is_visible(".card")
    page.evaluate("Atlas.page.explorer.change({year: 2026})")
    assert not shown
    assert "f=" not in address(page)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_phone_shows_what_differs_in_place_of_two_maps_and_keeps_every_button_in_view(
    lang: str, browser: Browser, explorer: Path
) -> None:
    with opened(browser, explorer, size=PHONE, fragment=f"#g={lang}&d=pair&y=2035&pin=y%3D2026") as page:
        page.wait_for_selector("body[data-explorer=true]")
        page.click("button.menu")
        pressed = page.get_attribute("#seg-compare [data-value=change]", "aria-pressed")
        offered = page.evaluate("getComputedStyle(document.querySelector('#seg-compare [data-value=pair]')).display")
        right = page.evaluate("document.getElementById('language').getBoundingClientRect().right")
    assert (pressed, offered) == ("true", "none")
    assert right <= PHONE[0]


def test_an_emptied_number_gives_the_usual_value_back(page: Page) -> None:
    kept = page.evaluate(
        """() => {
          const X = Atlas.page.explorer;
          X.change({overrides: {rail_wait_share: 0.4}});
          const typed = document.getElementById('p-rail_wait_share').parentElement.querySelector('[type=number]');
          typed.value = '';
          typed.dispatchEvent(new Event('change'));
          return X.state.overrides;
        }"""
    )
    assert kept == {}


def test_an_english_sentence_has_no_capital_in_its_middle(page: Page) -> None:
    told = page.evaluate(
        """() => {
          const X = Atlas.page.explorer;
          [...document.querySelectorAll('button')].find(one => one.textContent === 'English').click();
          X.change({origins: [{id: 'jiangmen'}, {id: 'zhuhai'}], year: null, mode: 'multimodal'});
          const told = [Atlas.hooks.finding(), Atlas.hooks.subtitle()];
          [...document.querySelectorAll('button')].find(one => one.textContent === '中文').click();
          return told;
        }"""
    )
    page.evaluate("state => Atlas.page.explorer.change(state)", PLAIN | {"origins": [{"id": "zhuhai"}]})
    for sentence in told:
        assert sentence.startswith("Jiangmen, Zhuhai, ")
        assert ", faster of road and rail" in sentence
        assert re.findall(r", [A-Z]\w*", sentence) == [", Zhuhai"]


def test_a_table_is_named_in_the_language_of_the_page_and_a_switch_says_its_projects_status(page: Page) -> None:
    asked = PLAIN | {"origins": [{"id": "yangjiang"}], "year": None}
    page.evaluate("state => Atlas.page.explorer.change(state)", asked)
    with page.expect_download() as waiting:
        page.evaluate("document.getElementById('csv-out').click()")
    assert waiting.value.suggested_filename == "交通圈查询-阳江市-全部规划-公路-铁路取快者.csv"
    told = page.evaluate("document.querySelector('[data-project=plan-hwy-23]').closest('label').textContent")
    assert told.endswith("运营 · 2024")
    page.evaluate("state => Atlas.page.explorer.change(state)", PLAIN | {"origins": [{"id": "zhuhai"}]})


def test_a_destination_and_points_of_a_line_are_found_by_name_with_the_keyboard(
    browser: Browser, explorer: Path
) -> None:
    with opened(browser, explorer, fragment="#o=jiangmen") as found:
        found.wait_for_selector("body[data-explorer=true]")
        found.focus("#destination")
        found.keyboard.type("珠海站")
        found.keyboard.press("Enter")
        assert "珠海" in found.inner_text(".card h2")
        found.evaluate("document.getElementById('draw-link').click()")
        for name in ("珠海站", "阳江站"):
            found.click("#search")
            found.keyboard.type(name)
            found.keyboard.press("Enter")
        found.evaluate("document.getElementById('draw-link').click()")
        (link,) = found.evaluate("() => Atlas.page.explorer.state.links")
        assert len(link["points"]) == 2


def test_what_is_asked_stands_in_the_address_and_comes_back(browser: Browser, explorer: Path) -> None:
    asked = "#o=yangjiang;jiangmen&oc=all&y=2035&m=rail&k=45,90&c=highways%2Fhmh&x=local_speed_kmh:20&to=1"
    with opened(browser, explorer, fragment=asked) as found:
        found.wait_for_selector("body[data-explorer=true]")
        state = found.evaluate("() => Atlas.page.explorer.state")
        assert [one["id"] for one in state["origins"]] == ["yangjiang", "jiangmen"]
        assert (state["combine"], state["year"], state["mode"], state["towards"]) == ("all", 2035, "rail", True)
        assert state["cutoffs"] == [45, 90]
        assert state["close"] == ["highways/hmh"]
        assert state["overrides"] == {"local_speed_kmh": 20}


def test_a_shifted_basemap_is_refused_as_a_click_would_ask_for_another_point(network: Network, catalog) -> None:
    with pytest.raises(MapError, match="shifted"):
        draw_explorer(network, catalog.layers(), catalog.parameters, basemap=basemap_of("amap"))


def test_two_compared_states_print_as_two_maps_on_one_sheet(browser: Browser, explorer: Path) -> None:
    asked = "#o=jiangmen&k=60&y=2035&d=swipe&pin=o%3Djiangmen%26k%3D60%26y%3D2026"
    with opened(browser, explorer, fragment=asked) as page:
        page.wait_for_selector("body[data-explorer=true]")
        page.evaluate("document.getElementById('paper').value = 'A3'; Atlas.page.prepareSheet()")
        told = page.evaluate("[...document.querySelectorAll('.print-sheet figcaption')].map((one) => one.textContent)")
        assert ["2026" in told[0], "2035" in told[1]] == [True, True]
        pictures = page.evaluate("[...document.querySelectorAll('.print-sheet figure img')].map((one) => one.src)")
        assert len(set(pictures)) == 2
        assert page.evaluate("document.querySelectorAll('.print-notes li').length") >= 1
        page.evaluate("document.querySelector('#seg-compare [data-value=one]').click(); Atlas.page.prepareSheet()")
        assert page.evaluate("document.querySelectorAll('.print-sheet img').length") == 1


def test_a_slider_moves_the_line_between_two_compared_states_and_both_are_named_beside_it(page: Page) -> None:
    hidden, pictures, named = page.evaluate(
        """async () => {
          const X = Atlas.page.explorer, slider = document.getElementById('swipe'), pictures = [], named = [];
          const names = () => [...document.querySelectorAll('.edge-name')].filter(one => one.offsetParent);
          const press = one => document.querySelector(one).click(), hidden = [slider.hidden];
          X.change({origins: [{id: 'jiangmen'}], year: 2026, mode: 'multimodal'});
          press('#pin');
          X.change({year: 2035});
          press('#seg-compare [data-value=swipe]');
          hidden.push(slider.hidden);
          for (const at of [0, 1]) {
            slider.value = at;
            slider.dispatchEvent(new Event('input'));
            for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
            pictures.push(Atlas.page.renderers[1]._container.toDataURL());
            named.push(names().map(one => [one.textContent, one.getBoundingClientRect()[one.dataset.side]]));
          }
          press('#unpin');
          for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
          named.push(names());
          return [hidden.concat(slider.hidden), pictures, named];
        }"""
    )
    assert hidden == [True, False, True]
    assert len(set(pictures)) == 2
    *drawn, after = named
    for (before, ends), (now, begins) in drawn:
        assert "2026" in before
        assert "2035" in now
        assert begins - ends == pytest.approx(20, abs=1)
    assert after == []


@pytest.mark.parametrize("size", [(1366, 768), (1024, 768), (390, 844)], ids=str)
def test_an_origin_at_the_rim_of_the_region_stands_clear_of_the_rim_of_the_map(
    browser: Browser, explorer: Path, size: tuple[int, int]
) -> None:
    with opened(browser, explorer, size=size, fragment="#o=yangjiang") as page:
        page.wait_for_selector("body[data-explorer=true]")
        x, y, right, bottom, panel = page.evaluate(
            """() => {
                const places = Atlas.page.layers.find(one => one.key === "places"), b = places.shapes.boxes;
                const row = [...Array(places.size).keys()].find(i => places.get("id", i) === "yangjiang");
                const box = Atlas.page.map.getContainer().getBoundingClientRect();
                const origin = [Atlas.latOf(b[4 * row + 1]), Atlas.lonOf(b[4 * row])];
                const at = Atlas.page.map.latLngToContainerPoint(origin);
                const panel = document.querySelector(".panel").getBoundingClientRect();
                return [at.x, at.y, box.width, box.height, innerWidth > 719 ? panel.right : 0];
            }"""
        )
    assert panel + 40 < x < right - 40
    assert 40 < y < bottom - 40


def test_the_whole_plan_with_and_without_indicative_courses_is_one_press_away(browser: Browser, explorer: Path) -> None:
    with opened(browser, explorer, fragment="#o=yangjiang&y=full") as page:
        page.wait_for_selector("body[data-explorer=true]")
        page.click("#known")
        assert "y=full-known" in address(page)
        assert page.get_attribute("#known", "aria-pressed") == "true"
        assert page.evaluate("Atlas.page.explorer.state.known") is True


def test_two_compared_states_stand_side_by_side_and_move_in_step(browser: Browser, explorer: Path) -> None:
    with opened(browser, explorer, fragment="#o=jiangmen&y=2026") as page:
        page.wait_for_selector("body[data-explorer=true]")
        page.evaluate("document.getElementById('pin').click()")
        page.evaluate("Atlas.page.explorer.change({year: 2035})")
        page.evaluate("document.querySelector('#seg-compare [data-value=pair]').click()")
        halves = """() => {
            const box = one => document.querySelector(one).getBoundingClientRect();
            const left = box("#twin"), right = box(".folium-map");
            return left.right <= right.left + 1 && left.width > 100 && Math.abs(left.width - right.width) <= 4;
        }"""
        page.wait_for_function(halves)
        assert "2026" in page.inner_text(".side-0")
        assert "2035" in page.inner_text(".side-1")
        page.evaluate("Atlas.page.map.setView([22.4, 112.9], 10, {animate: false})")
        assert page.evaluate("Atlas.page.twin.getCenter().lng") == pytest.approx(112.9, abs=0.01)
        page.evaluate("document.querySelector('#seg-compare [data-value=one]').click()")
        assert page.locator("#twin").is_hidden()


def test_an_atlas_without_plan_and_land_has_an_explorer_that_compares_the_layers_asked_for(
    browser: Browser, tmp_path: Path
) -> None:
    root = draw_atlas(tmp_path / "town")
    for path in (root / "data" / "plan").iterdir():
        path.unlink()
    for key in ("land", "water"):
        (root / "data" / "geojson" / f"{key}.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    words = ["map", "explore", "--root", str(root), "--layers", "stations", "-o", str(tmp_path / "x.html")]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.stderr
    text = (tmp_path / "x.html").read_text("utf-8")
    data = json.loads(max(re.findall(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', text, re.S), key=len))
    assert [layer["key"] for layer in data["layers"]] == ["places", "stations"]
    assert data["explore"]["engine"]["grid"] is None
    assert data["explore"]["targets"] == []
    with opened(browser, tmp_path / "x.html", fragment="#y=2035&d=swipe&pin=y%3D2026") as page:
        page.wait_for_selector("body[data-explorer=true]")
        assert page.locator("#differences").count() == 1
