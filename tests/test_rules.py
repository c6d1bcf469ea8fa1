"""Each rule finds the fault it is for, names the feature, and finds nothing in a sound layer."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from atlas.base.errors import LayerError
from atlas.data.catalog import open_catalog
from atlas.data.checks import RULES, Known, Violation, check_layers, read_known_findings, require_valid
from atlas.data.layer import Layer, frame_of

SPECS = open_catalog().specs
REGISTER = {"plan-stn-05"}
PLAIN: dict[str, Any] = {"string": "", "float": 1.0, "integer": 1, "boolean": True}
SOUND = {
    "id": "one", "name_zh": "一", "name_en": "One", "status": "operating", "status_as_of": "2026-11-23",
    "checked_on": None,
    "opened": "2012-12", "expected_open": None, "opens_basis": "fact", "opens_year": 2012, "city": "珠海",
    "source": "osm", "confidence": "high", "geometry_quality": "traced", "position_error_m": 100.0,
}  # fmt: skip


def drawn(key: str, *features: tuple[dict[str, Any], BaseGeometry]) -> Layer:
    """A layer of `features`, each the sound record with a few columns changed."""
    spec = SPECS[key]
    records = []
    for changes, _ in features:
        record = {column.name: None if column.null else PLAIN[column.type] for column in spec.columns}
        allowed = {column.name: column.allowed[0] for column in spec.own_columns if column.allowed}
        records.append(record | {"kind": spec.kinds[0]} | allowed | SOUND | changes)
    return Layer(spec, frame_of(records, [geometry for _, geometry in features], spec))


HERE = Point(113.5, 22.3)


def station(point: BaseGeometry = HERE, **changes: Any) -> Layer:
    return drawn("stations", (changes, point))


def road(line: BaseGeometry, **changes: Any) -> Layer:
    return drawn("highways", (changes, line))


def findings(*layers: Layer, **options: Any) -> list[Violation]:
    return check_layers({layer.key: layer for layer in layers}, register_ids=REGISTER, **options)


def rules_of(*layers: Layer, **options: Any) -> list[str]:
    return [one.rule for one in findings(*layers, **options)]


def test_a_sound_layer_has_no_finding() -> None:
    assert findings(station(), road(LineString([(113.0, 22.0), (113.1, 22.1)]))) == []


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("status", {"status": "open"}),
        ("value", {"kind": "spaceport"}),
        ("value", {"confidence": "certain"}),
        ("value", {"position_error_m": math.nan}),
        ("id", {"id": "Not A Slug"}),
        ("text", {"name_en": "One\x07"}),
        ("plan-id", {"plan_ids": "plan-stn-05;plan-stn-99"}),
        ("opening", {"opened": "1899", "opens_year": 1899}),
        ("opening", {"opened": "2012-13"}),
        ("opening", {"opened": "spring 2012"}),
        ("opening", {"opened": None}),
        ("opening", {"opens_basis": "assumed"}),
        ("opening", {"opens_year": None}),
        ("opening", {"status": "planned"}),
    ],
)
def test_a_wrong_value_is_found_by_its_rule(rule: str, changes: dict[str, Any]) -> None:
    found = findings(station(**changes))
    assert rule in {one.rule for one in found}
    assert {one.feature_id for one in found} == {changes.get("id", "one")}


@pytest.mark.parametrize("name", ["<b>珠海</b>", "=SUM(A1)", "O'Hare & Co", "珠海\u3000站"])
def test_markup_and_formulas_are_text_like_any_other(name: str) -> None:
    assert findings(station(name_zh=name)) == []


def test_an_id_that_stands_twice_is_found() -> None:
    twice = drawn("stations", ({}, Point(113.5, 22.3)), ({}, Point(113.6, 22.3)))
    assert rules_of(twice) == ["id"]


def test_a_source_that_is_not_in_the_ledger_is_found() -> None:
    assert rules_of(station(), source_keys={"geonames"}) == ["source"]
    assert rules_of(station(), source_keys={"osm"}) == []


@pytest.mark.parametrize(
    ("rule", "point"),
    [
        ("axes", Point(22.3, 113.5)),
        ("region", Point(121.5, 31.2)),
        ("region", Point(0.0, 0.0)),
        ("coordinates", Point(113.5, math.nan)),
        ("coordinates", Point(math.inf, 22.3)),
        ("geometry", Point()),
    ],
)
def test_a_wrong_coordinate_is_found_by_its_rule(rule: str, point: Point) -> None:
    assert rules_of(station(point)) == [rule]


def test_a_projected_frame_is_found() -> None:
    layer = station()
    moved = dataclasses.replace(layer, frame=layer.frame.to_crs(4547))
    assert "crs" in rules_of(moved)


def test_a_line_that_crosses_itself_is_found() -> None:
    eight = LineString([(113.0, 22.0), (113.1, 22.1), (113.1, 22.0), (113.0, 22.1)])
    assert rules_of(road(eight)) == ["self-crossing"]


def test_a_line_of_one_point_is_not_valid() -> None:
    assert rules_of(road(LineString([(113.0, 22.0), (113.0, 22.0)]))) == ["geometry"]


def test_a_bow_tie_polygon_is_not_valid() -> None:
    tie = Polygon([(113.0, 22.0), (113.1, 22.1), (113.1, 22.0), (113.0, 22.1)])
    assert rules_of(drawn("land", ({}, tie))) == ["geometry"]


@pytest.mark.parametrize(("published_km", "found"), [(11.07, []), (12.9, []), (14.0, ["length"]), (9.5, ["length"])])
def test_a_drawn_length_far_from_the_published_one_is_found(published_km: float, found: list[str]) -> None:
    # A tenth of a degree of the meridian is 11.07 km here.
    line = LineString([(113.0, 22.0), (113.0, 22.1)])
    assert rules_of(road(line, published_length_km=published_km)) == found


def test_a_node_that_does_not_exist_is_found() -> None:
    node = drawn("interchanges", ({"id": "a"}, Point(113.0, 22.0)))
    line = road(LineString([(113.0, 22.0), (113.1, 22.1)]), node_ids="a;b")
    assert [one.message for one in findings(line, node)] == ["node_ids names b, not in interchanges"]


def test_a_train_that_calls_off_its_line_is_found_and_the_station_named() -> None:
    track = LineString([(113.0, 22.0), (113.1, 22.1)])
    line = drawn("railways", ({"id": "line", "station_ids": "a;b"}, track))
    train = {"id": "t1", "line_ids": "line", "station_ids": "a;c", "elapsed_min": "0;9"}
    stations = drawn("stations", *(({"id": name, "line_ids": "line"}, HERE) for name in "abc"))
    off = [one for one in findings(line, drawn("rail_services", (train, track)), stations) if one.rule == "service"]
    assert [(one.feature_id, one.message) for one in off] == [("t1", "calls at c, which lies on none of line")]
    on = drawn("rail_services", (train | {"station_ids": "a;b"}, track))
    assert "service" not in rules_of(line, on, stations)


#  113.0      113.2    113.4     the land, with a river of 0.04° (4 km) through it,
#   |  land  ~~river~~  land |   and open sea to the east
LAND = drawn("land", ({}, box(113.0, 22.0, 113.4, 22.4)))
RIVER = drawn("water", ({}, box(113.18, 22.0, 113.22, 22.4)))


@pytest.mark.parametrize(
    ("lon", "error_m", "found"),
    [(113.1, 10.0, []), (113.20, 500.0, ["water"]), (113.181, 500.0, []), (113.39, 10.0, [])],
)
def test_a_point_in_the_water_is_found_when_it_is_known_well_enough(
    lon: float, error_m: float, found: list[str]
) -> None:
    layer = station(Point(lon, 22.2), position_error_m=error_m)
    assert rules_of(LAND, RIVER, layer) == found


def test_beyond_the_edge_of_the_land_extract_nothing_is_said_of_water() -> None:
    assert rules_of(LAND, station(Point(114.0, 22.2), position_error_m=10.0)) == []


def test_a_place_outside_its_county_is_found_when_it_is_known_well_enough() -> None:
    polygons = gpd.GeoDataFrame(
        {"adcode": ["440402", "440403"]},
        geometry=[box(113.0, 22.0, 113.2, 22.4), box(113.2, 22.0, 113.4, 22.4)],
        crs=4326,
    )
    town = {"level": "town", "kind": "town", "adcode": "440402001", "parent": "440402"}

    def found(lon: float, error_m: float) -> list[str]:
        layer = drawn("places", (town | {"position_error_m": error_m}, Point(lon, 22.2)))
        return rules_of(layer, county_polygons=polygons)

    assert found(113.1, 10.0) == []
    assert found(113.3, 1000.0) == ["county"]
    assert found(113.205, 1000.0) == []


def test_an_empty_layer_and_a_missing_column_are_found() -> None:
    layer, lane = station(), road(LineString([HERE, (HERE.x + 0.01, HERE.y)]))
    assert rules_of(dataclasses.replace(lane, frame=lane.frame.iloc[:0])) == ["layer-empty"]
    assert rules_of(dataclasses.replace(layer, frame=layer.frame.iloc[:0])) == []
    short = dataclasses.replace(layer, frame=layer.frame.drop(columns="trains_per_day"))
    assert [(one.rule, one.message) for one in findings(short)] == [("column-missing", "no column trains_per_day")]


def test_all_findings_come_at_once() -> None:
    bad = drawn(
        "stations",
        ({"id": "a", "status": "open"}, Point(22.3, 113.5)),
        ({"id": "b", "plan_ids": "plan-x"}, Point(113.5, 22.3)),
    )
    assert {(one.feature_id, one.rule) for one in findings(bad)} == {("a", "status"), ("a", "axes"), ("b", "plan-id")}
    with pytest.raises(LayerError, match="3 finding") as caught:
        require_valid(findings(bad))
    assert len(caught.value.violations) == 3


def test_a_known_finding_is_not_reported_and_another_of_the_same_feature_is() -> None:
    bad = station(status="open", plan_ids="plan-x")
    known = [Known("stations", "one", "status", "being looked into")]
    assert rules_of(bad, known=known) == ["plan-id"]


def test_every_finding_says_where_what_and_what_to_do() -> None:
    for one in findings(station(Point(22.3, 113.5), status="open", opened="x", plan_ids="y")):
        assert one.rule in RULES
        assert one.message
        assert one.remedy
        assert "stations/one" in str(one)


@pytest.mark.parametrize("row", ["stations,one,no-such-rule,why", "stations,one,status,"])
def test_a_known_finding_needs_a_rule_and_a_reason(tmp_path: Path, row: str) -> None:
    table = tmp_path / "known.csv"
    table.write_text(f"layer,feature_id,rule,reason\n{row}\n", "utf-8")
    with pytest.raises(LayerError, match=r"line 2: (rule|reason) is"):
        read_known_findings(table)


def test_the_shipped_layers_have_no_finding_that_is_not_explained() -> None:
    assert [str(one) for one in open_catalog().check()] == []


def test_every_explanation_of_a_finding_is_still_needed() -> None:
    catalog = open_catalog()
    found = check_layers(catalog.layers(), register_ids=catalog.register_ids(), source_keys=catalog.sources)
    there = {(one.layer, one.feature_id, one.rule) for one in found}
    # The boundaries are no part of the atlas, so what is known of counties cannot be gone through again here.
    known = {(one.layer, one.feature_id, one.rule) for one in catalog.known_findings if one.rule != "county"}
    assert known <= there


def test_validation_leaves_the_layers_as_they_were() -> None:
    layer = station()
    before = layer.frame.copy()
    findings(layer, LAND)
    assert layer.frame.equals(before)
    assert np.array_equal(layer.frame.geometry.values, before.geometry.values)
