"""Events: only what a source names closes, and who drops out is who the closed scenario leaves out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from atlas.base.errors import PlanError
from atlas.cli import cli
from atlas.cli.session import Session
from atlas.data.region import find_root
from atlas.data.scenario import load_scenario
from atlas.decide.events import Event, read_event, read_events, run_event
from atlas.land.ground import Ground
from atlas.land.surface import surface_from
from atlas.network.build import Network

FOLDER = find_root() / "data" / "events"
EVENTS = read_events(FOLDER)
NOW = load_scenario("2026")
HEAD = 'id = "x"\nkind = "typhoon"\nbasis = "recorded"\nname_zh = "甲"\nname_en = "x"\n'


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.id)
def test_every_event_names_links_of_the_network_and_rests_on_sources(network: Network, event: Event) -> None:
    assert event.shut(network).any()
    for one in event.happenings:
        assert one.what_zh
        assert one.what_en
        assert one.edges(network).any()
        assert one.source
        assert event.basis == "assumed" or (one.start and one.confidence in ("high", "medium", "low"))


def test_an_event_of_ids_is_the_scenario_that_closes_them(network: Network, ground: Ground) -> None:
    event = next(event for event in EVENTS if event.id == "yagi-2024")
    ids = [name for one in event.happenings for name in one.close]
    found = run_event(network, event, NOW, ground, mode="drive", centres=["hong-kong-sar"])
    closed = NOW.but(close=ids)
    before, after = (
        surface_from(network, "hong-kong-sar", scenario, ground.links, mode="drive", towards=True).minutes
        for scenario in (NOW, closed)
    )
    people = ground.people.people[0]
    assert found.losses.people_lost == pytest.approx(people[(before <= 60) & ~(after <= 60)].sum())
    assert found.losses.people_cut == pytest.approx(people[np.isfinite(before) & ~np.isfinite(after)].sum())


def test_counties_add_up_to_what_is_lost_of_the_four_cities(network: Network, ground: Ground) -> None:
    event = next(event for event in EVENTS if event.id == "ragasa-2025")
    found = run_event(network, event, NOW, ground, centres=["zhongshan"])
    assert (found.counties["inside_before"] - found.counties["inside_after"]).tolist() == pytest.approx(
        found.counties["dropped"].tolist()
    )
    assert found.counties["dropped"].sum() <= found.losses.people_lost + 1e-6
    assert set(found.places["change"]) <= {"lost", "cut"}
    lost = found.places[found.places["change"] == "lost"]
    assert (lost["before_min"] <= 60.0 + 1e-6).all()
    assert (lost["after_min"] > 60.0).all()


def test_at_an_hour_only_what_was_closed_then_is_closed(network: Network) -> None:
    event = next(event for event in EVENTS if event.id == "ragasa-2025")
    before, first, all_of_it = (event.shut(network, hour) for hour in ("2025-09-23T14:59", "2025-09-23T16:00", ""))
    assert not before.any()
    assert first.sum() < all_of_it.sum()
    assert not (first & ~all_of_it).any()
    assert not (first & network.arrays.named(["railways/gzicr"])).any()


def test_an_area_closes_what_meets_it_and_a_city_what_ends_there(network: Network, tmp_path: Path) -> None:
    path = tmp_path / "event.toml"
    closure = '[[closure]]\nlayers = ["highways"]\nfrom = "2025-01-01"\nsource = "a source"\n'
    path.write_text(HEAD + closure + "area = [[113.3, 22.2], [113.4, 22.2], [113.4, 22.3], [113.3, 22.3]]\n", "utf-8")
    hit = read_event(path).shut(network)
    lines = network.edges.geometry.to_numpy()
    import shapely

    area = shapely.box(113.3, 22.2, 113.4, 22.3)
    for row in np.nonzero((network.arrays.links[1] == "highways") & ~shapely.is_missing(lines))[0][::7]:
        assert hit[row] == lines[row].intersects(area)
    path.write_text(HEAD + closure + 'city = "阳江"\n', "utf-8")
    hit = read_event(path).shut(network)
    city = (network.nodes["city"] == "阳江").to_numpy()
    touching = city[network.arrays.tail] | city[network.arrays.head]
    assert np.array_equal(hit, (network.arrays.links[1] == "highways") & touching)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD, "closure"),
        (HEAD + '[[closure]]\nfrom = "2025-01-01"\nsource = "s"\n', "closes nothing"),
        (HEAD + '[[closure]]\nclose = ["hmh"]\nfrom = "2025-01-01"\n', "needs a source"),
        (HEAD + '[[closure]]\nclose = ["hmh"]\nsource = "s"\n', "a time from which"),
        (HEAD + '[[closure]]\nclosed = ["hmh"]\n', "did you mean close"),
        (HEAD + '[[closure]]\nclose = ["hmh"]\nfrom = "2025"\nsource = "s"\narea = [[1, 2]]\n', "area"),
        (HEAD.replace("recorded", "heard") + "[[closure]]\n", "basis must be"),
    ],
)
def test_an_event_that_cannot_be_read_says_why(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "event.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(PlanError, match=told):
        read_event(path)


def test_an_event_that_names_an_unknown_link_offers_the_nearest(network: Network, tmp_path: Path) -> None:
    path = tmp_path / "event.toml"
    path.write_text(HEAD + '[[closure]]\nclose = ["g94_hzmbb"]\nfrom = "2025"\nsource = "s"\n', "utf-8")
    with pytest.raises(PlanError, match="g94_hzmb"):
        read_event(path).shut(network)


def test_the_command_lists_events_and_refuses_one_that_is_not_there() -> None:
    listed = json.loads(CliRunner().invoke(cli, ["event", "list", "--format", "json"]).stdout)["events"]
    assert [row["id"] for row in listed] == [event.id for event in EVENTS]
    wrong = CliRunner().invoke(cli, ["event", "run", "ragassa-2025"])
    assert wrong.exit_code == 2
    assert "ragasa-2025" in wrong.stderr


@pytest.mark.parametrize(
    ("hour", "said"),
    [
        ("nonsense", "no time"),
        ("24/09/2025", "no time"),
        ("2025-9-24T12:00", "no time"),
        ("2025-09-24", "without an hour"),
    ],
)
def test_a_time_that_is_none_is_refused(network: Network, hour: str, said: str) -> None:
    event = next(event for event in EVENTS if event.id == "ragasa-2025")
    with pytest.raises(PlanError, match=said):
        event.shut(network, hour)


def test_the_command_says_what_is_wrong_with_an_hour(network: Network, ground: Ground) -> None:
    session = Session()
    session.__dict__.update(_of_layers=network, access=ground.links, population=ground.people)
    result = CliRunner().invoke(cli, ["event", "run", "ragasa-2025", "--at", "nonsense"], obj=session)
    assert result.exit_code == 2
    assert "no time" in result.stderr


def test_a_time_is_read_however_it_is_written(network: Network) -> None:
    event = next(event for event in EVENTS if event.id == "ragasa-2025")
    noon = event.shut(network, "2025-09-24T12:00")
    for hour in ("2025-09-24 12:00", "2025-09-24T12:00+08:00", "2025-09-24T04:00Z", "20250924T1200"):
        assert (event.shut(network, hour) == noon).all(), hour
    assert not (event.shut(network, "2025-09-22T00:00") == noon).all()


@pytest.mark.parametrize("until", ["99999-01-01T00:00", "2025-01-01T00:00", "soon"])
def test_a_closure_ends_after_it_begins(tmp_path: Path, until: str) -> None:
    file = tmp_path / "e.toml"
    file.write_text(
        'id = "e"\nkind = "x"\nbasis = "assumed"\nname_zh = "e"\nname_en = "e"\n'
        f'[[closure]]\nfrom = "2025-09-24T12:00"\nuntil = "{until}"\nclose = ["hmh"]\n',
        "utf-8",
    )
    with pytest.raises(PlanError, match=until.split("T")[0]):
        read_event(file)


def test_an_event_of_the_folder_is_called_as_its_file(tmp_path: Path) -> None:
    text = (FOLDER / "border-shut.toml").read_text("utf-8")
    (tmp_path / "all-shut.toml").write_text(text, "utf-8")
    with pytest.raises(PlanError, match=r'has the event "border-shut"; name the file border-shut\.toml, or correct id'):
        read_events(tmp_path)
    (tmp_path / "all-shut.toml").rename(tmp_path / "border-shut.toml")
    assert [event.id for event in read_events(tmp_path)] == ["border-shut"]


def test_a_name_longer_than_tables_have_room_for_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(HEAD.replace("甲", "甲" * 100_000), "utf-8")
    with pytest.raises(PlanError, match=r"name_zh = .{10,60} has 100000 signs, more than 200; shorten it"):
        read_event(tmp_path / "x.toml")
