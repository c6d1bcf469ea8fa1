"""The explorer answers in the browser what the library answers, and takes whatever is asked of it."""

from __future__ import annotations

import base64
import json
import random
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from click.testing import CliRunner
from pages import address, opened
from playwright.sync_api import Browser, Page
from small_atlas import draw_atlas

import atlas
from atlas.base.errors import MapError
from atlas.cli import cli
from atlas.cli.session import Session
from atlas.data.scenario import DrawnLink, load_scenario, parse_scenario, scenario_text
from atlas.land.drawn import crosses_border
from atlas.land.ground import Ground, coarser
from atlas.maps.basemaps import basemap_of
from atlas.maps.engine import pack_engine
from atlas.maps.pages.explore import draw_explorer
from atlas.network.build import Network

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = 300


@pytest.fixture(scope="module")
def ground(land: Ground) -> Ground:
    return land


@pytest.fixture(scope="module")
def file(catalog, network: Network, ground, tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = draw_explorer(
        network, catalog.layers(), catalog.parameters, ground=ground, origin="珠海", plan=catalog.plan,
        targets=atlas.read_targets(ROOT / "data" / "plan" / "targets.toml"), sources=catalog.sources,
    )  # fmt: skip
    return page.save(tmp_path_factory.mktemp("explore") / "explore.html")


@pytest.fixture(scope="module")
def page(browser: Browser, file: Path) -> Iterator[Page]:
    with opened(browser, file) as found:
        found.wait_for_selector("body[data-explorer=true]")
        yield found


def test_the_page_is_one_file_within_its_budget(file: Path) -> None:
    assert file.stat().st_size <= 4 * 2**20


def questions(network: Network) -> list[dict[str, Any]]:
    """Random origins, scenarios, modes, parameters and closures, with the library's minutes at every node."""
    rng = random.Random(20261126)
    places = [str(name) for name in network.nodes["node_id"][network.nodes["kind"] == "place"]]
    features = sorted(network.arrays.rows_by_id)
    table = load_scenario("2026").table
    assert table is not None
    found = []
    for _ in range(QUESTIONS):
        row = rng.choice(table.rows)
        scenario = load_scenario(rng.choice(["2023", "2026", "2030", "2035", "full"])).but(
            parameter_set=rng.choice(["favourable", "central", "adverse"]),
            period=rng.choice(["free", "typical", "peak"]),
            boarding=rng.choice(["planned", "headway"]),
            close=frozenset(rng.sample(features, rng.randint(0, 4))),
            without=frozenset(rng.sample(features, rng.randint(0, 2))),
            with_=frozenset(rng.sample(["ferries", "coaches"], rng.randint(0, 2))),
            overrides={row.name: round(row.low + (row.high - row.low) * rng.random(), 6)} if row.low < row.high else {},
        )
        mode, origin = rng.choice(["drive", "rail", "multimodal"]), rng.choice(places)
        minutes = atlas.trip(network, scenario, mode).tree(network.row_of[origin]).node_minutes
        values = dict(scenario.parameters.values)
        found.append(
            {
                "scenario": {
                    "year": scenario.year, "with": sorted(scenario.with_), "without": sorted(scenario.without),
                    "close": sorted(scenario.close), "period": scenario.period, "boarding": scenario.boarding,
                    "timetable": scenario.timetable, "known": scenario.name == "full-known",
                },
                "mode": mode, "values": values, "origin": network.row_of[origin],
                # as bytes: numbers would be handed over one by one
                "minutes": base64.b64encode(np.asarray(minutes, dtype="<f8").tobytes()).decode(),
            }
        )  # fmt: skip
    return found


def test_minutes_in_the_page_are_the_librarys_on_every_node(page: Page, network: Network) -> None:
    worst, nodes = page.evaluate(
        """questions => {
          const N = Atlas.page.explorer.network(); let worst = 0, nodes = 0;
          for (const q of questions) {
            const C = Atlas.engine.compile(N, q.scenario, q.mode, name => q.values[name]);
            const found = Atlas.engine.reach(C, {node: q.origin}).node;
            const minutes = new Float64Array(Uint8Array.from(atob(q.minutes), c => c.charCodeAt(0)).buffer);
            minutes.forEach((m, i) => {
              nodes++;
              const off = isFinite(m) ? Math.abs(found[i] - m) : (isFinite(found[i]) ? 1e9 : 0);
              if (!(off <= worst)) worst = off;
            });
          }
          return [worst, nodes];
        }""",
        questions(network),
    )
    assert nodes == QUESTIONS * len(network.nodes)
    assert worst <= 0.05


def test_people_and_land_in_the_page_are_the_librarys_within_a_tenth_of_a_minute(
    page: Page, network: Network, ground
) -> None:
    """Minutes of links are packed in steps: a cell at the very edge may fall on the other side of it."""
    for origin, year, mode in (
        ("zhuhai", "2026", "multimodal"),
        ("yangjiang", "2035", "rail"),
        ("jiangmen", "2030", "drive"),
    ):
        scenario = load_scenario(year)
        reach = atlas.reach_from(network, origin, scenario, mode=mode)
        told = reach.coverage(59.9, 60.1, 119.9, 120.1, ground=ground)
        whole = told[told["scope"] == "region"].set_index("cutoff_min")
        found = page.evaluate(
            """([id, year, mode]) => {
              Atlas.page.explorer.change({origins: [{id}], year, mode, cutoffs: [60, 120]});
              return Atlas.page.explorer.answer().inside;
            }""",
            [origin, scenario.year, mode],
        )
        columns = {"people": "people", "low": "people_low", "high": "people_high", "km2": "area_km2"}
        for mine, cutoff in zip(found, (60, 120), strict=True):
            for name, column in columns.items():
                least, most = whole.at[cutoff - 0.1, column], whole.at[cutoff + 0.1, column]
                assert 0.999 * least - 50 <= mine[name] <= 1.001 * most + 50, (origin, cutoff, name)


def test_areas_leave_the_page_as_valid_polygons_of_the_land_they_count(page: Page, network: Network, ground) -> None:
    collection = page.evaluate(
        """() => {
          Atlas.page.explorer.change({origins: [{id: "zhuhai"}], year: 2026, mode: "multimodal", cutoffs: [60, 120]});
          return Atlas.page.explorer.areas();
        }"""
    )
    shapes = gpd.GeoDataFrame.from_features(collection, crs=4326)
    assert shapes.is_valid.all()
    assert all(part.exterior.is_ccw for shape in shapes.geometry for part in shape.geoms)
    here = shapes.to_crs(ground.links.grid.crs).area.to_numpy() / 1e6
    assert here == pytest.approx(shapes["area_km2"].to_numpy(), rel=0.02)
    theirs = atlas.reach_from(network, "zhuhai", load_scenario("2026")).isochrones(60, 120, ground=ground)
    for mine, other in zip(shapes.geometry, theirs.geometry, strict=True):
        assert mine.intersection(other).area / other.area > 0.9


def test_a_link_drawn_by_hand_shortens_what_it_joins_and_leaves_the_rest(page: Page) -> None:
    before, with_road, without = page.evaluate(
        """() => {
          const X = Atlas.page.explorer, at = () => X.answer().node[X.nodeOf.get('yangjiang')];
          X.change({origins: [{id: 'zhuhai'}], year: 2026, mode: 'drive', links: []});
          const before = at();
          const points = [[113.55, 22.25], [112.6, 22.0], [111.98, 21.87]];
          X.change({links: [{kind: 'road', cls: 'expressway', kmh: 150, points}]});
          const road = at();
          X.change({links: []});
          return [before, road, at()];
        }"""
    )
    assert with_road < before - 5
    assert without == before


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


def test_a_railway_drawn_by_hand_carries_only_those_who_board_it(page: Page) -> None:
    before, after, drive = page.evaluate(
        """() => {
          const X = Atlas.page.explorer, at = () => X.answer().node[X.nodeOf.get('yangjiang')];
          X.change({origins: [{id: 'zhuhai'}], year: 2026, mode: 'rail', links: []});
          const before = at();
          const points = [[113.55, 22.25], [113.1, 22.1], [112.5, 22.0], [111.98, 21.87]];
          X.change({links: [{kind: 'rail', kmh: 250, headway: 30, points}]});
          const after = at();
          X.change({mode: 'drive'});
          const drive = at();
          X.change({links: []});
          return [before, after, [drive, at()]];
        }"""
    )
    assert after < before - 30
    assert drive[0] == drive[1]


def test_the_border_slider_moves_the_time_by_its_minutes(page: Page) -> None:
    five, forty = page.evaluate(
        """() => [5, 40].map(minutes => {
          const overrides = {};
          const rows = Atlas.page.data.explore.parameters;
          const names = rows.map(row => row[0]).filter(name => name.startsWith("border_"));
          names.forEach(name => overrides[name] = minutes);
          Atlas.page.explorer.change({origins: [{id: 'zhuhai'}], year: 2026, mode: 'multimodal', overrides});
          return Atlas.page.explorer.answer().node[Atlas.page.explorer.nodeOf.get('macao-sar')];
        })"""
    )
    page.evaluate("() => Atlas.page.explorer.change({overrides: {}})")
    assert forty - five == pytest.approx(35.0, abs=1e-6)


@pytest.mark.parametrize(("hash_", "named"), [
    ("#x=local_speed_kmh:0;rail_wait_share:0.4&o=<script>alert(1)</script>", ["x=local_speed_kmh:0", "o=<script>"]),
    ("#o=nowhere;jiangmen&y=9999&m=boat&k=-3,60&c=%00", ["o=nowhere", "y=9999", "m=boat", "k=-3", "c="]),
    ("#v=99/999/999&w=ferries;plan-none&f=gone&n=" + "rail~250~30~1,2!3,4;" * 50, ["w=plan-none", "n=rail", "f=gone"]),
    ("#pin=x%3Dlocal_speed_kmh%3ANaN%26%25&d=boat", ["x=local_speed_kmh:NaN", "d=boat"]),
])  # fmt: skip
def test_a_hash_of_nonsense_opens_the_page_and_is_said_and_the_rest_stands(
    hash_: str, named: list[str], browser: Browser, file: Path
) -> None:
    with opened(browser, file, fragment=hash_) as found:
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


def test_an_origin_in_the_sea_is_said_in_words(browser: Browser, file: Path) -> None:
    with opened(browser, file, fragment="#o=114.2,21.5") as found:
        found.wait_for_selector("body[data-explorer=true]")
        assert found.locator("#warning").is_visible()
        assert "陆地" in found.locator("#warning").inner_text()


def test_all_roads_closed_is_an_answer(page: Page) -> None:
    reached = page.evaluate(
        """() => {
          const X = Atlas.page.explorer, all = Object.keys(Atlas.page.data.explore.names);
          X.change({origins: [{id: 'zhuhai'}], mode: 'drive', year: 2026, close: all});
          const n = X.answer().node.filter(isFinite).length;
          X.change({close: []});
          return n;
        }"""
    )
    assert reached >= 1


def test_a_project_switched_off_is_the_librarys_scenario_without_it(page: Page, network: Network) -> None:
    register = atlas.open_catalog().plan
    known = [item.id for item in register if item.id in network.arrays.rows_by_id] if register is not None else []
    for item in known[:40:8]:
        mine = page.evaluate(
            """item => {
              Atlas.page.explorer.change({origins: [{id: 'zhuhai'}], year: null, mode: 'multimodal', without: [item]});
              return Atlas.page.explorer.answer().node[Atlas.page.explorer.nodeOf.get('yangjiang')];
            }""",
            item,
        )
        scenario = load_scenario("full").but(without=frozenset([item]))
        assert mine == pytest.approx(atlas.route(network, "zhuhai", "yangjiang", scenario).minutes, abs=0.05)
    page.evaluate("() => Atlas.page.explorer.change({without: [], year: 2026})")


@pytest.fixture(scope="module")
def told(catalog, network: Network, ground, tmp_path_factory: pytest.TempPathFactory):
    """Run a command that the page prints, with the scenario file it writes; what it answers as JSON, or None."""
    folder, session = tmp_path_factory.mktemp("told"), Session()
    session.__dict__.update(catalog=catalog, _of_layers=network, access=ground.links, population=ground.people)

    def run(command: str, toml: str, pinned: str = "") -> Any:
        files = {"explorer.toml": toml, "pinned.toml": pinned}
        for name, text in files.items():
            (folder / name).write_text(text, "utf-8")
        words = [str(folder / word) if word in files else word for word in shlex.split(command)]
        assert words[0] == "atlas"
        done = CliRunner().invoke(cli, [words[1], "--format", "json", *words[2:]], obj=session)
        assert done.exit_code in (0, 1), (command, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run


#: What the page shows after a change, with the commands it prints for it.
SHOWN = """([asked, end]) => {
  const X = Atlas.page.explorer, text = id => (document.getElementById(id) || {}).textContent, commands = {};
  X.change(asked);
  X.open(end, false);
  const node = X.answer().node, minutes = {}, big = document.querySelector('.card .big');
  for (const [id, row] of X.nodeOf) if (!id.includes('/') && isFinite(node[row])) minutes[id] = node[row];
  document.querySelectorAll('#commands code').forEach(one => commands[one.dataset.what] = one.textContent);
  const verdicts = {};
  document.querySelectorAll('#verdicts li').forEach(one => verdicts[one.dataset.target] = Number(one.dataset.minutes));
  return {minutes, commands, verdicts, inside: X.answer().inside, toml: Atlas.exploreState.toToml(X.state),
    way: big ? Number(big.dataset.minutes) : null, route: text('route-command'),
    owners: [...document.querySelectorAll('#owners li')].map(one => one.dataset.people.split(',').map(Number))};
}"""
PLAIN = {
    "combine": "any", "towards": False, "year": 2026, "known": False, "mode": "multimodal", "set": "central",
    "period": "typical", "timetable": "ordinary", "overrides": {}, "with": [], "without": [], "close": [], "links": [],
    "cutoffs": [60, 120],
}  # fmt: skip
RAILWAY = {"kind": "rail", "kmh": 250, "headway": 30,
           "points": [[113.55, 22.21, "stn/zhuhai"], [113.09, 22.1], [112.6, 22.05], [111.98, 21.87]]}  # fmt: skip
ROAD = {"kind": "road", "cls": "expressway", "kmh": 100, "points": [[113.2, 22.6], [112.7, 22.4], [113.5, 22.0]]}
ASKED = {
    "one place": {"origins": [{"id": "jiangmen"}]},
    "a station by rail": {"origins": [{"id": "stn/zhuhai"}], "mode": "rail", "year": 2030},
    "a point": {"origins": [{"lon": 112.7513, "lat": 22.3707}], "mode": "drive", "set": "adverse", "year": 2023},
    "to here": {"origins": [{"id": "stn/jiangmen"}], "towards": True, "mode": "rail",
                "overrides": {"local_speed_kmh": 33.5}},
    "the nearest of three": {"origins": [{"id": "zhuhai"}, {"id": "yangjiang"}, {"lon": 112.7513, "lat": 22.3707}],
                             "combine": "nearest", "cutoffs": [45, 90]},
    "all of two": {"origins": [{"id": "zhuhai"}, {"id": "stn/jiangmen"}], "combine": "all", "year": None},
    "a railway drawn by hand": {"origins": [{"id": "zhuhai"}], "mode": "rail", "links": [RAILWAY, ROAD]},
    "a road drawn by hand, to any of two": {"origins": [{"id": "taishan"}, {"id": "jiangmen"}], "mode": "drive",
                                            "links": [ROAD], "towards": True},
    "closures on a peak day": {"origins": [{"id": "yangjiang"}], "close": ["highways/hmh"], "timetable": "peak",
                               "without": ["plan-hwy-06"]},
}  # fmt: skip


@pytest.mark.parametrize("asked", ASKED)
def test_every_number_of_the_page_is_the_terminals_for_the_command_it_prints(page: Page, told, asked: str) -> None:
    state = PLAIN | ASKED[asked]
    shown = page.evaluate(SHOWN, [state, "stn/yangjiang"])
    commands, toml = shown["commands"], shown["toml"]
    (reached,) = [told(commands["reach"], toml)]
    theirs = {row["id"]: row["travel_time_min"] for row in reached["places"] if not row["id"].startswith("at-")}
    mine = {name: minutes for name, minutes in shown["minutes"].items() if minutes <= state["cutoffs"][-1] + 1e-6}
    assert mine == pytest.approx(theirs, abs=0.05)
    assert len(mine) > 5
    found = [row for row in told(commands["coverage"], toml)["coverage"] if row["scope"] == "region"]
    if state["combine"] == "nearest":
        people = [
            [row["people"] for row in found if row["origin"] == name]
            for name in dict.fromkeys(r["origin"] for r in found)
        ]
        assert shown["owners"] == [pytest.approx(some, rel=1e-3) for some in people]
    else:
        columns = {"people": "people", "low": "people_low", "high": "people_high", "km2": "area_km2"}
        for one, row in zip(shown["inside"], found, strict=True):
            assert [one[key] for key in columns] == pytest.approx([row[key] for key in columns.values()], rel=2e-3)
    way = told(shown["route"], toml) if shown["route"] else None
    assert (way or {}).get("travel_time_min") == (
        None if shown["way"] is None else pytest.approx(shown["way"], abs=0.05)
    )
    if asked in ("a railway drawn by hand", "closures on a peak day"):
        rows = told(commands["claims"], toml)["summary"]
        kept = {
            row["target_id"]: row["minutes"] for row in rows if (row["mode"], row["measure"]) == ("multimodal", "door")
        }
        assert shown["verdicts"] == pytest.approx(kept, abs=0.05)
    page.evaluate("state => Atlas.page.explorer.change(state)", PLAIN)


COMPARED = {
    "two years": ({"origins": [{"id": "jiangmen"}], "cutoffs": [60]}, {"year": 2035}),
    "a road drawn and a bridge closed, to a station": (
        {"origins": [{"id": "stn/jiangmen"}], "mode": "drive", "towards": True, "close": ["highways/hmh"]},
        {"close": [], "links": [ROAD], "set": "adverse"},
    ),
    "a point by rail, a project left out": (
        {"origins": [{"lon": 112.7513, "lat": 22.3707}], "mode": "rail", "year": None, "cutoffs": [60, 90]},
        {"year": 2026, "without": ["plan-rail-13"]},
    ),
}


@pytest.mark.parametrize("compared", COMPARED)
def test_a_comparison_gains_and_loses_the_places_that_the_command_it_prints_does(
    page: Page, told, compared: str
) -> None:
    before, more = COMPARED[compared]
    shown = page.evaluate(
        """([before, more]) => {
          const X = Atlas.page.explorer, press = id => document.getElementById(id).click();
          X.change(before); press('pin');
          const pinned = Atlas.exploreState.toToml(X.state);
          X.change(more);
          const sets = [...document.querySelectorAll('#differences [data-gain]')];
          const found = {pinned, toml: Atlas.exploreState.toToml(X.state), cutoffs: X.state.cutoffs,
            command: document.querySelector('#commands [data-what=compare]').textContent,
            changes: sets.map(one => [one.dataset.gained, one.dataset.lost])};
          X.change({origins: [{id: 'zhuhai'}]});
          found.other = document.querySelector('#commands [data-what=compare]');
          press('unpin');
          return found;
        }""",
        [PLAIN | before, more],
    )
    page.evaluate("state => Atlas.page.explorer.change(state)", PLAIN)
    assert shown["other"] is None, "the terminal compares one origin with itself"
    rows = told(shown["command"], shown["toml"], shown["pinned"])["places"]
    theirs = {cutoff: {"gained": set(), "lost": set()} for cutoff in shown["cutoffs"]}
    for row in rows:
        if row["change"] != "kept":
            theirs[row["cutoff_min"]][row["change"]].add(row["to_id"])
    mine = {
        cutoff: {"gained": set(gained.split(",")) - {""}, "lost": set(lost.split(",")) - {""}}
        for cutoff, (gained, lost) in zip(shown["cutoffs"], shown["changes"], strict=True)
    }
    assert mine == theirs
    assert any(some for one in mine.values() for some in one.values())


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


def test_the_route_a_card_prints_takes_the_minutes_the_card_shows(page: Page, told) -> None:
    """Under years, modes, parameters, closures, projects left out, and towards a place; with the file it names."""
    rng = random.Random(7)
    places = page.evaluate("() => Array.from(Atlas.page.explorer.nodeOf.keys()).filter(id => !/(port|road)/.test(id))")
    lines = page.evaluate("() => Object.keys(Atlas.page.data.explore.names).filter(id => id.startsWith('highways/'))")
    projects = page.evaluate(
        """() => Object.keys(Atlas.page.data.plan.items)
          .filter(id => Atlas.page.explorer.network().rowsById.has(id))"""
    )
    named = 0
    for turn in range(20):
        start, end = rng.sample(places, 2)
        asked = PLAIN | {
            "origins": [{"id": start}], "year": rng.choice([2023, 2026, 2030, 2035, None]),
            "mode": rng.choice(["drive", "rail", "multimodal"]),
            "set": rng.choice(["favourable", "central", "adverse"]),
            "period": rng.choice(["free", "typical", "peak"]), "towards": turn % 4 == 3,
            "overrides": {"local_speed_kmh": rng.choice([18, 33.5])} if turn % 3 else {},
            "close": rng.sample(lines, 12) if turn % 2 else [],
            "without": rng.sample(projects, 3) if turn % 5 == 1 else [],
        }  # fmt: skip
        shown = page.evaluate(SHOWN, [asked, end])
        if shown["way"] is None:
            assert shown["route"] is None or end not in shown["minutes"]
            continue
        named += "explorer.toml" in shown["route"]
        way = told(shown["route"], shown["toml"])
        assert way["travel_time_min"] == pytest.approx(shown["way"], abs=0.05), shown["route"]
    assert named >= 8
    page.evaluate("state => Atlas.page.explorer.change(state)", PLAIN)


def test_while_a_pin_moves_the_worker_answers_what_the_page_would(page: Page) -> None:
    moved, rested, lines = page.evaluate(
        """async () => {
          const X = Atlas.page.explorer, at = () => [...X.answer().node];
          const people = () => X.answer().inside.map(one => one.people);
          while (!X.worker.ready()) await new Promise(done => setTimeout(done, 20));
          const origins = [{lon: 113.1, lat: 22.6}];
          X.change({origins: [{lon: 112.9, lat: 22.4}]}, true);
          X.change({origins}, true);
          await X.worker.settled();
          const moved = [at(), people()];
          X.change({origins});
          return [moved, [at(), people()], X.answer().lines.open.length];
        }"""
    )
    assert moved == rested
    assert lines > 0


def test_a_destination_and_points_of_a_line_are_found_by_name_with_the_keyboard(browser: Browser, file: Path) -> None:
    with opened(browser, file, fragment="#o=jiangmen") as found:
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


def test_the_scenario_file_the_page_writes_is_one_the_library_reads(page: Page) -> None:
    text = page.evaluate(
        """() => Atlas.exploreState.toToml(Object.assign({}, Atlas.page.explorer.state, {
          year: 2030, with: ['ferries'], close: ['highways/hmh'], overrides: {local_speed_kmh: 30},
          period: 'peak', set: 'adverse', timetable: 'peak',
          links: [{kind: 'rail', kmh: 250, headway: 30, points: [[113.55, 22.21, 'stn/zhuhai'], [112.6, 22.05]]},
            {kind: 'road', cls: 'arterial', kmh: 60, points: [[113.2, 22.6], [113.1, 22.5]]}],
        }))"""
    )
    scenario = parse_scenario(text, table=load_scenario("2026").table)
    assert (scenario.year, scenario.period, scenario.parameter_set) == (2030, "peak", "adverse")
    assert scenario.with_ == {"ferries"}
    assert scenario.close == {"highways/hmh"}
    assert dict(scenario.overrides) == {"local_speed_kmh": 30.0}
    assert scenario.timetable == "peak"
    assert scenario.links == (
        DrawnLink("rail", ("stn/zhuhai", (112.6, 22.05)), 250.0, headway_min=30.0),
        DrawnLink("road", ((113.2, 22.6), (113.1, 22.5)), 60.0, road_class="arterial"),
    )
    # what the library writes of it, comments and broken lines too, is read back by the page
    text = scenario_text(scenario).replace("with = [", "with = [  # put in\n  ")
    again = page.evaluate(
        "text => Atlas.exploreState.fromToml(text, Atlas.page.explorer.state, Atlas.page.explorer.known)", text
    )
    assert (again["year"], again["close"], again["overrides"]) == (2030, ["highways/hmh"], {"local_speed_kmh": 30})
    assert (again["timetable"], again["with"]) == ("peak", ["ferries"])
    assert [len(link["points"]) for link in again["links"]] == [2, 2]
    assert again["links"][0]["points"][0][2] == "stn/zhuhai"


def test_what_is_asked_stands_in_the_address_and_comes_back(browser: Browser, file: Path) -> None:
    asked = "#o=yangjiang;jiangmen&oc=all&y=2035&m=rail&k=45,90&c=highways%2Fhmh&x=local_speed_kmh:20&to=1"
    with opened(browser, file, fragment=asked) as found:
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


def test_coarser_cells_keep_every_resident_and_the_minutes_of_places(network: Network, ground) -> None:
    wide = coarser(network, ground, len(ground.links.grid.cells) // 3)
    assert wide.links.grid.size_m == 2 * ground.links.grid.size_m
    assert wide.people.people.sum(axis=1) == pytest.approx(ground.people.people.sum(axis=1))
    now = load_scenario("2026")
    fine, coarse = (atlas.surface_from(network, "珠海", now, one.links) for one in (ground, wide))
    under = fine.grid.cell_of(*wide.links.grid.lonlat.T)
    known = (under >= 0) & np.isfinite(fine.minutes[under]) & np.isfinite(coarse.minutes)
    assert np.median(np.abs(fine.minutes[under[known]] - coarse.minutes[known])) < 2.0
    assert coarser(network, ground, 10**9) is ground


def test_without_ground_the_page_still_answers_for_nodes(network: Network) -> None:
    packed = pack_engine(network, None)
    assert packed["grid"] is None
    assert {"tail", "head", "km"} <= {name for name, *_ in packed["arrays"]}


def test_two_compared_states_print_as_two_maps_on_one_sheet(browser: Browser, file: Path) -> None:
    asked = "#o=jiangmen&k=60&y=2035&d=swipe&pin=o%3Djiangmen%26k%3D60%26y%3D2026"
    with opened(browser, file, fragment=asked) as page:
        page.wait_for_selector("body[data-explorer=true]")
        page.evaluate("document.getElementById('paper').value = 'A3'; Atlas.page.prepareSheet()")
        told = page.evaluate("[...document.querySelectorAll('.print-sheet figcaption')].map((one) => one.textContent)")
        assert ["2026" in told[0], "2035" in told[1]] == [True, True]
        pictures = page.evaluate("[...document.querySelectorAll('.print-sheet figure img')].map((one) => one.src)")
        assert len(set(pictures)) == 2
        assert page.evaluate("document.querySelectorAll('.print-notes li').length") >= 1
        page.evaluate("document.querySelector('#seg-compare [data-value=one]').click(); Atlas.page.prepareSheet()")
        assert page.evaluate("document.querySelectorAll('.print-sheet img').length") == 1


@pytest.mark.parametrize("size", [(1366, 768), (1024, 768), (390, 844)], ids=str)
def test_an_origin_at_the_rim_of_the_region_stands_clear_of_the_rim_of_the_map(
    browser: Browser, file: Path, size: tuple[int, int]
) -> None:
    with opened(browser, file, size=size, fragment="#o=yangjiang") as page:
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


def test_the_whole_plan_with_and_without_indicative_courses_is_one_press_away(browser: Browser, file: Path) -> None:
    with opened(browser, file, fragment="#o=yangjiang&y=full") as page:
        page.wait_for_selector("body[data-explorer=true]")
        page.click("#known")
        assert "y=full-known" in address(page)
        assert page.get_attribute("#known", "aria-pressed") == "true"
        assert page.evaluate("Atlas.page.explorer.state.known") is True


def test_two_compared_states_stand_side_by_side_and_move_in_step(browser: Browser, file: Path) -> None:
    with opened(browser, file, fragment="#o=jiangmen&y=2026") as page:
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


def test_what_made_the_difference_is_weighed_project_by_project(browser: Browser, file: Path, network, ground) -> None:
    asked = "#o=jiangmen&k=60&y=2035&d=change&pin=o%3Djiangmen%26k%3D45%26y%3D2026"
    with opened(browser, file, fragment=asked) as page:
        page.wait_for_selector("body[data-explorer=true]")
        page.evaluate("document.getElementById('weigh').click()")
        page.wait_for_selector("#weighed[data-done]", state="attached")
        found = page.evaluate(
            "[...document.querySelectorAll('#weighed li')].map(one => [one.dataset.item, Number(one.dataset.people)])"
        )
        notes = page.evaluate("Atlas.hooks.sheetNotes()")
        page.get_by_text("English", exact=True).click()
        sentence = page.evaluate("Atlas.hooks.finding()")
        minutes = page.evaluate("document.querySelector('#differences [data-gain]').textContent")
    assert [abs(people) for _, people in found] == sorted((abs(people) for _, people in found), reverse=True)
    item, people = found[0]
    held = load_scenario("2035")
    both = [
        atlas.reach_from(network, "jiangmen", one).coverage(60, ground=ground)["people"].iloc[0]
        for one in (held, held.but(without=[item]))
    ]
    assert people == pytest.approx(both[0] - both[1], rel=0.02, abs=500)
    assert sum(item_name in note for note in notes for item_name in ["60 分钟内，若单独去掉"]) == 1
    # in English people are no ten thousands, and both states are cut at the minutes of the one
    assert "million people" in sentence
    assert "60 min" in minutes


def test_an_atlas_without_plan_and_land_has_an_explorer_of_the_layers_asked_for(tmp_path: Path) -> None:
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
