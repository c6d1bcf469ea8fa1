"""What the explorer answers in the browser is what the library answers, and the terminal to the command it prints."""

from __future__ import annotations

import base64
import json
import random
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from click.testing import CliRunner
from pages import PLAIN, opened
from playwright.sync_api import Browser, Page

import atlas
from atlas.cli import cli
from atlas.cli.session import Session
from atlas.data.scenario import DrawnLink, load_scenario, parse_scenario, scenario_text
from atlas.land.ground import coarser
from atlas.maps.engine import pack_engine
from atlas.network.build import Network

QUESTIONS = 300


@pytest.fixture(scope="module")
def page(browser: Browser, explorer: Path) -> Iterator[Page]:
    with opened(browser, explorer) as found:
        found.wait_for_selector("body[data-explorer=true]")
        yield found


def questions(network: Network) -> list[dict[str, Any]]:
    """Random origins, scenarios, modes, parameters and closures, with the library's minutes at every node."""
    rng = random.Random(20261126)
    places = [str(name) for name in network.nodes["node_id"][network.nodes["kind"] == "place"]]
    features = sorted(network.arrays.rows_by_id)
    widened = sorted(set(network.arrays.feature_id[network.arrays.wider[:, 1]]))
    table = load_scenario("2026").table
    assert table is not None
    found = []
    for turn in range(QUESTIONS):
        row = rng.choice(table.rows)
        scenario = load_scenario(rng.choice(["2023", "2026", "2030", "2035", "full"])).but(
            parameter_set=rng.choice(["favourable", "central", "adverse"]),
            period=rng.choice(["free", "typical", "peak"]),
            boarding=rng.choice(["planned", "headway"]),
            close=frozenset(rng.sample(features, rng.randint(0, 4)) + rng.sample(widened, turn % 5 == 0)),
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
    page: Page, network: Network, land
) -> None:
    """Minutes of links are packed in steps: a cell at the very edge may fall on the other side of it."""
    for origin, year, mode in (
        ("zhuhai", "2026", "multimodal"),
        ("yangjiang", "2035", "rail"),
        ("jiangmen", "2030", "drive"),
    ):
        scenario = load_scenario(year)
        reach = atlas.reach_from(network, origin, scenario, mode=mode)
        told = reach.coverage(59.9, 60.1, 119.9, 120.1, ground=land)
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


def test_areas_leave_the_page_as_valid_polygons_of_the_land_they_count(page: Page, network: Network, land) -> None:
    collection = page.evaluate(
        """() => {
          Atlas.page.explorer.change({origins: [{id: "zhuhai"}], year: 2026, mode: "multimodal", cutoffs: [60, 120]});
          return Atlas.page.explorer.areas();
        }"""
    )
    shapes = gpd.GeoDataFrame.from_features(collection, crs=4326)
    assert shapes.is_valid.all()
    assert all(part.exterior.is_ccw for shape in shapes.geometry for part in shape.geoms)
    here = shapes.to_crs(land.links.grid.crs).area.to_numpy() / 1e6
    assert here == pytest.approx(shapes["area_km2"].to_numpy(), rel=0.02)
    theirs = atlas.reach_from(network, "zhuhai", load_scenario("2026")).isochrones(60, 120, ground=land)
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
def told(catalog, network: Network, land, tmp_path_factory: pytest.TempPathFactory):
    """Run a command that the page prints, with the scenario file it writes; what it answers as JSON, or None."""
    folder, session = tmp_path_factory.mktemp("told"), Session()
    session.__dict__.update(catalog=catalog, _of_layers=network, access=land.links, population=land.people)

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


def test_coarser_cells_keep_every_resident_and_the_minutes_of_places(network: Network, land) -> None:
    wide = coarser(network, land, len(land.links.grid.cells) // 3)
    assert wide.links.grid.size_m == 2 * land.links.grid.size_m
    assert wide.people.people.sum(axis=1) == pytest.approx(land.people.people.sum(axis=1))
    now = load_scenario("2026")
    fine, coarse = (atlas.surface_from(network, "珠海", now, one.links) for one in (land, wide))
    under = fine.grid.cell_of(*wide.links.grid.lonlat.T)
    known = (under >= 0) & np.isfinite(fine.minutes[under]) & np.isfinite(coarse.minutes)
    assert np.median(np.abs(fine.minutes[under[known]] - coarse.minutes[known])) < 2.0
    assert coarser(network, land, 10**9) is land


def test_without_ground_the_page_still_answers_for_nodes(network: Network) -> None:
    packed = pack_engine(network, None)
    assert packed["grid"] is None
    assert {"tail", "head", "km"} <= {name for name, *_ in packed["arrays"]}


def test_what_made_the_difference_is_weighed_project_by_project(
    browser: Browser, explorer: Path, network, land
) -> None:
    asked = "#o=jiangmen&k=60&y=2035&d=change&pin=o%3Djiangmen%26k%3D45%26y%3D2026"
    with opened(browser, explorer, fragment=asked) as page:
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
        atlas.reach_from(network, "jiangmen", one).coverage(60, ground=land)["people"].iloc[0]
        for one in (held, held.but(without=[item]))
    ]
    assert people == pytest.approx(both[0] - both[1], rel=0.02, abs=500)
    assert sum(item_name in note for note in notes for item_name in ["60 分钟内，若单独去掉"]) == 1
    # in English people are no ten thousands, and both states are cut at the minutes of the one
    assert "million people" in sentence
    assert "60 min" in minutes
