"""Kilometres are counted once: shares add up, widenings and shared roads do not count twice."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from pyproj import Geod
from shapely.geometry import LineString, Point

from atlas.base.errors import LayerError
from atlas.data.catalog import open_catalog
from atlas.data.register import read_register
from atlas.plan.lengths import corridor_kilometres, stretches, total_kilometres

ROOT = Path(__file__).resolve().parent.parent
NODES = {"a": (113.0, 22.0, "甲"), "b": (113.1, 22.0, "甲"), "c": (113.2, 22.0, "乙")}


def straight(node_ids: str) -> LineString:
    return LineString([NODES[name][:2] for name in node_ids.split(";")])


def world(*lines: dict[str, object]) -> dict[str, gpd.GeoDataFrame]:
    """Nodes a, b in 甲 and c in 乙 on one parallel; each line straight through its nodes."""
    nodes = gpd.GeoDataFrame(
        {"id": list(NODES), "city": [city for _, _, city in NODES.values()]},
        geometry=[Point(lon, lat) for lon, lat, _ in NODES.values()],
        crs="EPSG:4326",
    )
    base = {"kind": "expressway", "status": "operating", "opens_year": 2010, "plan_ids": "", "in_network": True}
    rows = [{"name_zh": "", "published_length_km": float("nan"), **base, **line} for line in lines]
    shapes = [line.get("geometry") or straight(str(line["node_ids"])) for line in lines]
    frame = gpd.GeoDataFrame(
        pd.DataFrame(rows).drop(columns="geometry", errors="ignore"), geometry=shapes, crs="EPSG:4326"
    )
    return {"highways": frame, "interchanges": nodes}


def geodesic_km(a: str, b: str) -> float:
    return float(Geod(ellps="WGS84").inv(*NODES[a][:2], *NODES[b][:2])[2]) / 1000.0


def test_a_stretch_between_two_cities_is_halved() -> None:
    table = stretches(world({"id": "x", "node_ids": "a;b;c"}))
    km = table.groupby("city")["km"].sum()
    assert km["甲"] == pytest.approx(geodesic_km("a", "b") + geodesic_km("b", "c") / 2)
    assert km["乙"] == pytest.approx(geodesic_km("b", "c") / 2)


def test_a_published_length_is_shared_out_by_drawn_length() -> None:
    table = stretches(world({"id": "x", "node_ids": "a;b;c", "published_length_km": 30.0}))
    assert table["km"].sum() == pytest.approx(30.0)
    assert set(table["basis"]) == {"published"}


def test_a_widening_on_the_same_line_is_not_counted_again() -> None:
    table = stretches(
        world(
            {"id": "wide", "node_ids": "a;b", "status": "under_construction"},
            {"id": "road", "node_ids": "a;b;c"},
        )
    )
    assert dict(zip(table["feature_id"], table["why"], strict=True)) == {"road": "", "wide": "repeated"}
    assert total_kilometres(table, ["mode"])["km"].sum() == pytest.approx(geodesic_km("a", "c"), rel=1e-6)


def test_another_line_between_the_same_nodes_counts() -> None:
    bend = LineString([NODES["a"][:2], (113.05, 22.05), NODES["b"][:2]])
    table = stretches(world({"id": "road", "node_ids": "a;b"}, {"id": "new", "node_ids": "a;b", "geometry": bend}))
    assert table["counted"].all()


def test_a_line_with_only_its_ends_known_is_left_out() -> None:
    table = stretches(world({"id": "idea", "node_ids": "a;c", "in_network": False, "status": "concept"}))
    assert set(table["why"]) == {"no_alignment"}
    assert total_kilometres(table).empty


def test_a_missing_node_is_named() -> None:
    with pytest.raises(LayerError, match="nowhere"):
        stretches(world({"id": "x", "node_ids": "a;nowhere", "geometry": LineString([(113, 22), (113.1, 22)])}))


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    catalog = open_catalog(ROOT)
    return stretches({key: catalog.layer(key).frame for key in ("railways", "stations", "highways", "interchanges")})


def test_every_kilometre_of_the_layers_is_in_one_stretch(table: pd.DataFrame) -> None:
    catalog = open_catalog(ROOT)
    for layer in ("railways", "highways"):
        lines = catalog.layer(layer).frame.set_index("id")
        lengths = lines["published_length_km"].fillna(lines["drawn_length_km"])
        found = table[table["layer"] == layer].groupby("feature_id")["km"].sum()
        assert found.to_dict() == pytest.approx(lengths.to_dict(), abs=0.2)


def test_totals_do_not_depend_on_how_they_are_cut(table: pd.DataFrame) -> None:
    whole = table.loc[table["counted"], "km"].sum()
    for by in (["mode"], ["status"], ["city"], ["mode", "status", "city"]):
        assert total_kilometres(table, by)["km"].sum() == pytest.approx(whole)


def test_kilometres_never_shrink_with_the_year(table: pd.DataFrame) -> None:
    totals = [total_kilometres(table, ["mode"], year=year)["km"].sum() for year in (2023, 2026, 2030, 2035)]
    assert totals == sorted(totals)
    assert totals[0] < totals[-1]


def test_a_corridors_kilometres_are_part_of_the_whole(table: pd.DataFrame) -> None:
    corridors = corridor_kilometres(table, read_register(ROOT / "data" / "plan"))
    assert corridors["corridor"].nunique() == 6
    whole = total_kilometres(table).set_index(["mode", "status"])["km"]
    for row in corridors.itertuples():
        assert 0 < float(str(row.km)) <= whole[row.mode, row.status] + 1e-9
