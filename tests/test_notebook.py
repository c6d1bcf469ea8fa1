"""Values show themselves in a notebook: in two languages, escaped, without scripts. The worked one: test_examples."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from small_atlas import draw_atlas

import atlas
from atlas.data.catalog import open_catalog
from atlas.data.layer import Layer
from atlas.data.scenario import load_scenario
from atlas.land.links import access_table
from atlas.land.surface import surface_from
from atlas.network.build import Network, build_network
from atlas.notebook.grid import Matrix

ELEMENTS = {"div", "table", "thead", "tbody", "tr", "th", "td", "svg", "path", "rect"}
SOME, OTHER = "113.38,22.52", "113.30,22.45"
NOW = load_scenario("2026")
HOSTILE = '<img src=x onerror="alert(1)">'


def shown(value: Any) -> str:
    """The HTML of a value, which must be whole and hold no element or attribute that runs or loads."""
    html = str(value._repr_html_())
    for element in ET.fromstring(f"<div>{html}</div>").iter():
        assert element.tag.rpartition("}")[2] in ELEMENTS
        assert not {name for name in element.attrib if name.startswith("on") or name in ("src", "href")}
        assert "url(" not in element.get("style", "")
    return html


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Layer]:
    return open_catalog(draw_atlas(tmp_path_factory.mktemp("shown"))).layers()


@pytest.fixture(scope="module")
def network(layers: dict[str, Layer]) -> Network:
    return build_network(layers)


def test_values_show_what_they_hold_in_the_language_of_the_environment(
    layers: dict[str, Layer], network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    trip = atlas.trip(network, NOW, "drive")
    journey, reach = trip.route(SOME, OTHER), trip.reach(SOME, within=(15, 60))
    assert f"{len(layers['highways'])} × LineString" in shown(layers["highways"])
    assert f"{len(network.edges):,}" in shown(network)
    assert f"{journey.minutes:,.1f}" in shown(journey)
    assert all(leg.to_name in shown(journey) for leg in journey.legs)
    within = sum(row["travel_time_min"] <= 15 for row in reach.place_rows())
    assert 0 < within < len(reach.place_rows())
    assert "≤ 15 min</th><td" in shown(reach)
    assert f"{within} places" in shown(reach)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert f"{within} 处地点" in shown(reach)


def test_a_surface_shows_the_share_of_land_within_each_band(network: Network) -> None:
    surface = surface_from(network, SOME, NOW, access_table(network))
    html = shown(surface)
    assert f"{surface.within(60).mean():.1%}" in html
    assert "<rect" in html


def test_a_matrix_is_a_frame_that_shows_a_grid(network: Network) -> None:
    matrix = atlas.trip(network, NOW, "drive").matrix([SOME, OTHER], [OTHER, SOME])
    assert isinstance(matrix, Matrix)
    assert type(matrix[matrix["travel_time_min"] > 0]) is pd.DataFrame
    html = shown(matrix)
    assert f"{matrix['travel_time_min'].iloc[0]:,.1f}" in html
    assert html.count("<tr>") == 1 + 1 + 2
    assert shown(Matrix(matrix.iloc[:0])) == ""


def test_names_out_of_files_are_escaped_and_cannot_run(layers: dict[str, Layer]) -> None:
    places = layers["places"]
    frame = places.frame.copy()
    frame["name_zh"] = frame["name_en"] = [f"{HOSTILE}{number}" for number in range(len(frame))]
    hostile = replace(places, frame=frame)
    trip = atlas.trip(build_network({**layers, "places": hostile}), NOW, "drive")
    ids = frame["id"].tolist()[:3]
    for value in (hostile, trip.reach(ids[0]), trip.route(ids[0], ids[1]), trip.matrix(ids, ids)):
        assert "&lt;img src=x" in shown(value)


def test_no_way_is_said(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    journey = atlas.route(network, SOME, OTHER, NOW, mode="drive")
    assert "no route" not in shown(journey)
    assert "no route" in shown(replace(journey, minutes=float("inf"), legs=()))
