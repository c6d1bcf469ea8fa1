"""The plan's register: every item is found, dated and resolved; history answers for any date."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.base.errors import PlanError
from atlas.base.words import word_table
from atlas.data.catalog import open_catalog
from atlas.data.counting import OUTSIDE
from atlas.data.parameters import read_parameters
from atlas.data.register import (
    ISSUED,
    ITEM_STATUSES,
    Event,
    Register,
    StatusHistory,
    item_table,
    last_day,
    read_register,
    read_status,
    select,
)
from atlas.data.scenario import parse_scenario

ROOT = Path(__file__).resolve().parent.parent
PLAN = ROOT / "data" / "plan"


@pytest.fixture(scope="module")
def register() -> Register:
    return read_register(PLAN)


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    return {key: layer.frame for key, layer in open_catalog(ROOT).layers().items()}


def test_the_register_has_153_items_of_transport_and_190_beside_them(register: Register) -> None:
    outside = [item.id for item in register if item.kind in OUTSIDE]
    assert len(set(register.ids)) == len(register) == 153 + 190
    assert len(outside) == 190


def test_what_is_no_transport_lies_on_the_map_with_its_error_and_in_no_network(
    register: Register, frames: dict[str, pd.DataFrame]
) -> None:
    items = item_table(register, frames).set_index("id")
    outside = items[items["kind"].isin(OUTSIDE)]
    assert set(outside["counts"]) == {"outside"}
    assert not outside["in_full"].any()
    assert not items.drop(outside.index)["counts"].eq("outside").any()
    reasons = outside[outside["resolution"] == "reason"]
    assert 10 <= len(reasons) <= 15, "programmes and items of which the plan names no place"
    places = frames["places"].set_index("id")
    for layer in ("energy", "water_works", "digital", "platforms"):
        for row in frames[layer].itertuples():
            assert (row.at is None) == (row.position == "site") or row.at.startswith(("ports/", "stations/"))
            if row.position == "site":
                continue
            first = row.at.split(";")[0].removeprefix("places/")
            assert row.geometry.equals(places.loc[first].geometry), row.id
            assert row.position_error_m >= 5000, "a town or county is no site"
            assert row.geometry_quality == "schematic"


def test_every_item_resolves_and_the_four_counts_add_up(register: Register) -> None:
    kinds = [register.resolve(item.id).kind for item in register]
    counts = {kind: kinds.count(kind) for kind in ("features", "corridor", "target", "reason")}
    assert sum(counts.values()) == len(register)
    assert counts["corridor"] == 6
    assert counts["target"] == 3


def test_the_page_about_the_plan_gives_the_counts_and_a_scenario_that_can_be_read(
    register: Register, frames: dict[str, pd.DataFrame]
) -> None:
    page = (ROOT / "docs" / "plan.md").read_text("utf-8")
    kinds = [register.resolve(item.id).kind for item in register]
    for words, kind in (
        ("features on the map", "features"),
        ("a corridor made of features", "corridor"),
        ("a target that is computed", "target"),
        ("a written reason", "reason"),
    ):
        assert re.search(rf"{words}\s+\({kinds.count(kind)}\)", page), kind
    start = page.index('    base = "2030"')
    text = "\n".join(line[4:] for line in page[start:].split("\nA line on")[0].splitlines())
    known = {str(name) for frame in frames.values() for name in frame["id"]}
    table = read_parameters(ROOT / "data" / "parameters.csv")
    assert parse_scenario(text, table=table, known_ids=known).without == {"hmh"}


def test_an_item_without_features_says_why(register: Register) -> None:
    for item in register:
        resolution = register.resolve(item.id)
        assert resolution.links or resolution.kind == "target" or len(resolution.reason) > 10


def test_links_and_the_layers_own_plan_ids_say_the_same(register: Register, frames: dict[str, pd.DataFrame]) -> None:
    linked = {(link.layer, link.feature_id, link.plan_id) for link in register.links}
    borne = {
        (layer, row.id, plan_id)
        for layer, frame in frames.items()
        for row in frame.itertuples()
        for plan_id in str(row.plan_ids).split(";")
        if plan_id
    }
    assert borne == linked
    assert {plan_id for _, _, plan_id in borne} <= set(register.ids)


def test_every_item_is_dated_at_the_issue_of_the_plan(register: Register) -> None:
    assert set(register.history.as_of(ISSUED)) == set(register.ids)


def test_every_statement_has_a_source_and_none_lies_in_the_future_of_the_tables(register: Register) -> None:
    for event in register.history.events:
        assert event.source
        assert event.day <= last_day("2026-11-23")


def test_shenzhong_link_is_under_construction_at_issue_and_open_from_its_day(register: Register) -> None:
    status = {date: register.history.as_of(date)["plan-hwy-27"].status for date in ("2024-06-29", "2024-06-30", "2026")}
    assert status == {"2024-06-29": "under_construction", "2024-06-30": "operating", "2026": "operating"}


def test_a_month_counts_from_its_last_day() -> None:
    history = StatusHistory((Event("x", "2024-02", "operating", "fact", "s", "high"),))
    assert history.as_of("2024-02-28") == {}
    assert history.as_of("2024-02-29")["x"].status == "operating"
    assert history.as_of("2024")["x"].status == "operating"


def test_changed_since_lists_an_opening_and_not_what_stayed(register: Register) -> None:
    changes = {change.item: change for change in register.history.changed_since()}
    assert changes["plan-hwy-23"].before is not None
    assert (changes["plan-hwy-23"].before.status, changes["plan-hwy-23"].after.status) == (
        "under_construction",
        "operating",
    )
    assert "plan-rail-07" not in changes
    assert "plan-hwy-14" not in changes, "a second statement with the same status is no change"


@given(st.lists(st.tuples(st.integers(1, 28), st.sampled_from(ITEM_STATUSES)), max_size=8, unique_by=lambda x: x[0]))
def test_the_last_statement_up_to_the_day_answers(days: list[tuple[int, str]]) -> None:
    events = tuple(Event("x", f"2024-01-{day:02d}", status, "fact", "s", "high") for day, status in sorted(days))
    history = StatusHistory(events)
    for day in range(1, 29):
        told = [status for at, status in sorted(days) if at <= day]
        found = history.as_of(f"2024-01-{day:02d}").get("x")
        assert (found.status if found else None) == (told[-1] if told else None)


def test_totals_by_status_add_up_at_every_date(register: Register) -> None:
    for date in (ISSUED, "2024-12-31", "2026"):
        table = item_table(register, date=date)
        assert table["status"].value_counts().sum() == len(register)


def test_filters_hold_together(register: Register, frames: dict[str, pd.DataFrame]) -> None:
    table = item_table(register, frames)
    rails = select(table, kind=["railway"], city=["阳江"])
    assert set(rails["kind"]) == {"railway"}
    assert all("阳江" in cities.split(";") for cities in rails["cities"])
    assert "plan-rail-02" in set(rails["id"])
    assert set(select(table, corridor=["plan-cor-06"])["id"]) >= {
        "plan-cor-06",
        "plan-rail-02",
        "plan-hwy-16",
    }
    assert len(select(table, year=2023)) < len(select(table, year=2035)) < len(table)


def test_an_unknown_filter_value_names_the_nearest(register: Register) -> None:
    with pytest.raises(PlanError, match="railway"):
        select(item_table(register), kind=["railwy"])


def test_an_unknown_item_names_the_nearest(register: Register) -> None:
    with pytest.raises(PlanError, match="plan-hwy-23"):
        register["plan-hwy-23x"]


@pytest.mark.parametrize("date", ["2024-13", "24", "2024-02-30", "", "soon"])
def test_a_false_date_is_refused(date: str) -> None:
    with pytest.raises(PlanError):
        last_day(date)


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ("x,2024,opened,fact,s,high,", "status"),
        ("x,2024,operating,fact,,high,", "source"),
        ("x,soon,operating,fact,s,high,", "date"),
        ("x,2024,operating,fact,s,high,\nx,2024-12-31,study,fact,s,high,", "second statement"),
    ],
)
def test_a_broken_status_row_is_named(tmp_path: Path, row: str, word: str) -> None:
    path = tmp_path / "status.csv"
    path.write_text(f"item,date,status,basis,source,confidence,note\n{row}\n", encoding="utf-8")
    with pytest.raises(PlanError, match=word):
        read_status(path)


def test_every_section_reading_and_reason_is_said_in_both_languages(catalog) -> None:
    register, chinese = catalog.plan, re.compile("[㐀-鿿]")
    for item in register:
        assert not chinese.search(register.translated(item.section)), item.section
        assert register.translated(item.section).split()[0] == item.section.split()[0]
        for text in (item.reading, item.reason):
            assert not text or chinese.search(register.translated(text)), text
    assert register.translated("nobody put this") == "nobody put this"


def test_what_the_network_is_made_of_has_words(network) -> None:
    said = set(network.edges["mode"] + " " + network.edges["role"])
    assert said <= set(word_table("network_edges"))
