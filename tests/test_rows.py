"""Rows and columns: one contract, and columns that say what lines cut one by one say."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from atlas.base.geodesy import distance_km
from atlas.data.catalog import open_catalog
from atlas.data.scenario import load_scenario
from atlas.land.indicators import nearest_sites
from atlas.network.build import NEAR_MISS_KM, Network
from atlas.network.lines import cut_line, cut_lines, line_km, near_pairs
from atlas.network.rows import (
    EDGE_COLUMNS,
    JOIN_COLUMNS,
    NODE_COLUMNS,
    TABLES,
    Edge,
    Join,
    Node,
    columns_of,
    filled,
    node_at,
)
from atlas.travel.trip import Trip

ROOT = Path(__file__).resolve().parent.parent
degrees = st.integers(0, 40).map(lambda step: step / 1000)
points = st.tuples(degrees, degrees)


def test_the_frames_have_the_columns_of_the_contract(network: Network) -> None:
    assert tuple(network.nodes.columns) == NODE_COLUMNS
    assert tuple(network.edges.columns) == EDGE_COLUMNS
    assert tuple(network.joins.columns) == JOIN_COLUMNS
    for table, frame in (("nodes", network.nodes), ("edges", network.edges), ("joins", network.joins)):
        for column in TABLES[table]:
            kind = frame[column.name].dtype.kind
            assert kind == {"number": "f", "truth": "b"}.get(column.type, "O"), column.name


def test_the_values_made_one_by_one_have_the_columns_of_the_contract() -> None:
    for made, names, apart in (
        (Node, NODE_COLUMNS, {"opening"}),
        (Edge, EDGE_COLUMNS, set()),
        (Join, JOIN_COLUMNS, set()),
    ):
        assert {field.name for field in fields(made)} - apart == set(names)


def test_a_value_that_says_nothing_says_what_the_contract_says() -> None:
    for table, made in (("nodes", Node), ("edges", Edge), ("joins", Join)):
        declared = {column.name: column.empty for column in TABLES[table]}
        for field in fields(made):
            if field.name in declared and isinstance(field.default, str | float | bool):
                np.testing.assert_equal(field.default, declared[field.name], err_msg=f"{table} {field.name}")


@pytest.mark.parametrize("table", ["nodes", "edges"])
def test_the_document_names_every_column(table: str) -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    paragraph = next(line for line in text.splitlines() if line.startswith(f"**`Network.{table}`**"))
    assert {column.name for column in TABLES[table]} - {"geometry"} <= set(re.findall(r"`(\w+)`", paragraph))


def test_a_node_comes_back_out_of_its_columns() -> None:
    node = Node("road/a", "junction", "road", "interchanges", "a", "甲", "A", "珠海", "mainland", shapely.Point(1, 2))
    assert node_at(columns_of("nodes", [node]), 0) == node


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(TypeError, match="speed"):
        filled("edges", 1, speed=3.0)


def test_roads_made_as_columns_are_the_lines_cut_one_by_one(network: Network) -> None:
    layers = open_catalog().layers()
    at = dict(zip(layers["interchanges"].frame["id"], layers["interchanges"].frame.geometry, strict=True))
    made = network.edges.set_index("edge_id")
    compared: set[str] = set()
    roads = layers["highways"].frame
    plain = roads["id"][roads["upgrades"] == ""]
    for road in roads.to_dict("records"):
        # a road that widens others lies where they lie
        if not road["in_network"] or not road["node_ids"] or road["upgrades"]:
            continue
        nodes = np.array([(at[name].x, at[name].y) for name in road["node_ids"].split(";")])
        stretches = cut_line(shapely.get_coordinates(road["geometry"]), nodes)
        assert stretches is not None
        for order, stretch in enumerate(stretches):
            edge = made.loc[f"{road['id']}/{order}/f"]
            assert np.array_equal(shapely.get_coordinates(edge["geometry"]), stretch)
            assert edge["drawn_length_km"] == line_km(stretch)
            compared.add(f"{road['id']}/{order}/f")
    own = network.edges[(network.edges["layer"] == "highways") & network.edges["feature_id"].isin(plain)]
    assert compared == {name for name in own["edge_id"] if name.endswith("/f")}


@given(st.lists(st.lists(points, min_size=2, max_size=9), min_size=1, max_size=5), st.data())
def test_many_lines_are_cut_as_each_alone(lines: list[list[tuple[float, float]]], data: st.DataObject) -> None:
    chosen = [data.draw(st.lists(st.one_of(st.sampled_from(line), points), min_size=2, max_size=5)) for line in lines]
    shapes = np.array([shapely.LineString(line) for line in lines], dtype=object)
    counts = np.array([len(part) for part in chosen])
    together = cut_lines(shapes, np.array([node for part in chosen for node in part]), counts).tolist()
    for line, part in zip(lines, chosen, strict=True):
        alone = cut_line(np.array(line), np.array(part))
        mine = [together.pop(0) for _ in part[1:]]
        if alone is None:
            assert mine == [None] * len(mine)
        else:
            for stretch, shape in zip(alone, mine, strict=True):
                assert np.array_equal(shapely.get_coordinates(shape), stretch)


@given(st.lists(points, min_size=1, max_size=20), st.sampled_from([-33.0, 0.0, 22.5, 64.0]))
def test_near_pairs_are_those_that_every_pair_measured_gives(some: list[tuple[float, float]], lat: float) -> None:
    at = np.array(some) + (113.0, lat)
    expected = [
        (i, j)
        for i, a in enumerate(at.tolist())
        for j, b in enumerate(at.tolist())
        if distance_km(*a, *b) <= NEAR_MISS_KM
    ]
    i, j, _ = near_pairs(at, at, NEAR_MISS_KM)
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == expected


def test_a_hub_is_a_station_of_high_speed_or_intercity_trains(network: Network) -> None:
    trip = Trip(network, load_scenario("2026"), "multimodal")
    kind = dict(zip(*(open_catalog().layer("stations").frame[name] for name in ("id", "kind")), strict=True))
    nodes = network.nodes
    stops = nodes[nodes["kind"] == "stop"]
    nearer_stops = 0
    for origin in network.place_layer.frame.query("level != 'zone'")["id"].tolist()[:40]:
        minutes = trip.tree(network.row_of[f"place/{origin}"]).node_minutes
        of_kind = {row: kind[name] for row, name in stops["feature_id"].items()}
        hubs = [minutes[row] for row, what in of_kind.items() if what in ("high_speed", "intercity")]
        expected = min(hubs) if np.isfinite(min(hubs)) else np.nan
        np.testing.assert_equal(nearest_sites(trip, origin)["hub_min"], expected)
        nearer_stops += min(minutes[list(of_kind)]) < min(hubs)
    assert nearer_stops > 0, "no origin has a metro or conventional stop nearer than a hub; the test tells nothing"
