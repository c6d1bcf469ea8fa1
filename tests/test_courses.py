"""How schematic lines are drawn: smooth between their nodes, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas import draw_layers, open_catalog
from atlas.base.errors import LayerError
from atlas.base.geodesy import distance_km
from atlas.data.layer import Layer
from atlas.maps import pictures
from atlas.maps.courses import Courses, courses_of, smoothed
from atlas.maps.pages.reach import line_groups
from atlas.maps.pictures import lines_picture
from atlas.network.value import Network

CATALOG = open_catalog()
LAYER = CATALOG.layer("highways")
ALONG = st.lists(st.tuples(st.floats(0.01, 0.2), st.floats(-0.15, 0.15)), min_size=2, max_size=8)


def road(points: list[tuple[float, float]], quality: str = "schematic", error_m: float = 500.0) -> dict[str, Layer]:
    """Return the shipped highways with one road in their place."""
    layer = LAYER
    frame = layer.frame.iloc[[0]].copy()
    frame["geometry_quality"], frame["position_error_m"] = quality, error_m
    return {"highways": replace(layer, frame=frame.set_geometry([shapely.LineString(points)]))}


def drawn(points: list[tuple[float, float]], quality: str = "schematic", error_m: float = 500.0) -> shapely.LineString:
    return smoothed(road(points, quality, error_m))["highways"].frame.geometry.iloc[0]


@settings(max_examples=40, deadline=None)
@given(ALONG, st.floats(50.0, 3000.0))
def test_a_curve_passes_every_node_in_order_and_keeps_near_its_straight_pieces(
    steps: list[tuple[float, float]], error_m: float
) -> None:
    points = [(112.5, 22.5)]
    for east, north in steps:
        points.append((points[-1][0] + east, points[-1][1] + north))
    curve = shapely.get_coordinates(drawn(points, error_m=error_m))
    nodes = [int(np.abs(curve - point).sum(axis=1).argmin()) for point in points]
    assert np.abs(curve[nodes] - points).max() < 1e-9
    assert nodes == sorted(set(nodes))
    for (a, b), (here, there) in zip(pairwise(nodes), pairwise(points), strict=True):
        chord = shapely.LineString([here, there])
        allowed = min(distance_km(*here, *there) / 12.0, error_m / 1000.0)
        for point in curve[a : b + 1]:
            on = chord.interpolate(chord.project(shapely.Point(point)))
            assert distance_km(*point, on.x, on.y) <= allowed * 1.02 + 1e-3


def test_a_bend_is_round_where_the_line_is_schematic_and_stays_where_it_is_traced() -> None:
    bend = [(112.0, 22.0), (112.2, 22.0), (112.4, 22.2)]
    assert len(drawn(bend).coords) > 20
    assert drawn(bend, quality="traced").equals(shapely.LineString(bend))


def test_a_line_of_two_points_and_one_that_turns_back_run_straight() -> None:
    for points in ([(112.0, 22.0), (112.2, 22.1)], [(112.0, 22.0), (112.2, 22.0), (112.05, 22.01)]):
        assert drawn(points).equals(shapely.LineString(points))


def test_edges_of_the_network_are_drawn_along_the_curves_of_their_roads(network: Network) -> None:
    layers = CATALOG.layers("places", "highways", "railways")
    courses = courses_of(layers)
    _, shapes, _ = line_groups(network)
    before = shapely.get_num_coordinates(shapes).sum()
    assert shapely.get_num_coordinates(courses.drawn(shapes)).sum() > before + 1000
    one = layers["highways"].frame.set_index("id").loc["s32_yj"]
    whole = smoothed(layers)["highways"].frame.set_index("id").geometry["s32_yj"]
    edges = network.edges[(network.edges["feature_id"] == "s32_yj") & (network.edges["role"] == "run")]
    assert len(edges)
    assert one.geometry_quality == "schematic"
    for line in courses.drawn(edges.geometry.to_numpy()):
        assert whole.buffer(1e-6).contains(line)


def test_a_page_refuses_what_is_nowhere_on_earth_and_says_how_to_write_it() -> None:
    layers = CATALOG.layers("places", "ports")
    ports = layers["ports"].frame
    turned = ports.set_geometry(shapely.transform(ports.geometry.to_numpy(), lambda points: points[:, ::-1]))
    layers["ports"] = replace(layers["ports"], frame=turned)
    with pytest.raises(LayerError, match="not on Earth; write longitude, then latitude"):
        draw_layers(layers)


def test_the_small_pictures_of_the_start_page_follow_the_courses_of_the_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    bent = road([(112.2, 22.0), (112.7, 22.5), (113.2, 22.1)], error_m=5000.0)
    rails = replace(CATALOG.layer("railways"), frame=CATALOG.layer("railways").frame.iloc[:0])
    layers = {**CATALOG.layers(), **bent, "railways": rails}
    smooth = lines_picture(layers)
    monkeypatch.setattr(pictures, "courses_of", lambda _: Courses({}))
    assert smooth.count(" ") > lines_picture(layers).count(" ")
