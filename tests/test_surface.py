"""Surfaces and isochrones: exact at the cells, cut at the shore, nested, and true to the routed time in between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from worlds import layer, line_world, rail_world

from atlas.base.errors import ExportError, NetworkError, ScenarioError
from atlas.base.geodesy import transformer
from atlas.data.places import Place
from atlas.data.scenario import load_scenario
from atlas.data.stamp import find_stamps
from atlas.exports.families.rasters import NODATA, write_surface
from atlas.land.links import AccessTable, access_table, inputs_hash
from atlas.land.surface import Surface, circle, isochrones, nearest_origin, surface_from
from atlas.network.attach import (
    BROOK_KM,
    MESH_LINKS,
    MESH_REACH_KM,
    ROAD_LINKS,
    ROAD_REACH_KM,
    STATION_LINKS,
    STATION_REACH_KM,
)
from atlas.network.build import Network, build_network
from atlas.network.lines import Ends, local_links
from atlas.travel.minutes import local_minutes
from atlas.travel.search import search
from atlas.travel.trip import Trip

BOX = (112.85, 22.3, 113.35, 22.65)
SHORES = shapely.union_all([shapely.box(112.9, 22.4, 113.14, 22.6), shapely.box(113.16, 22.4, 113.3, 22.6)])
ISLAND = shapely.box(113.05, 22.34, 113.08, 22.37)
LAKE = shapely.box(113.02, 22.51, 113.06, 22.53)
NOW = load_scenario("2026")


def world(make: Any = line_world, *rows: Any, **more: Any) -> dict[str, Any]:
    """The drawn world on two shores with a strait between b and c, a lake by a and an island in the south."""
    layers = make(*rows, **more)
    layers["land"] = layer("land", {"id": "land", "geometry": shapely.union_all([SHORES, ISLAND])})
    layers["water"] = layer("water", {"id": "water", "geometry": LAKE})
    return layers


@pytest.fixture(scope="module")
def roads() -> tuple[Network, AccessTable]:
    network = build_network(world())
    return network, access_table(network, box=BOX)


@pytest.fixture(scope="module")
def trains() -> tuple[Network, AccessTable]:
    network = build_network(world(rail_world, {"id": "t", "station_ids": "A;B;C", "elapsed_min": "0;9;18"}))
    return network, access_table(network, box=BOX)


@pytest.fixture(scope="module")
def shipped(network: Network) -> tuple[Network, AccessTable]:
    return network, access_table(network, box=(113.0, 21.95, 113.7, 22.6))


def test_a_small_region_is_cut_into_cells_small_enough_to_show_its_water(roads: tuple[Network, AccessTable]) -> None:
    box = (113.01, 22.50, 113.05, 22.54)
    grid = access_table(roads[0], box=box).grid
    assert grid.size_m == 100.0
    assert min(grid.shape) >= 30
    row, column = np.indices(grid.shape)
    back = transformer(grid.crs, 4326)
    x, y = grid.left + (column.ravel() + 0.5) * grid.size_m, grid.top - (row.ravel() + 0.5) * grid.size_m
    middles = shapely.points(*back.transform(x, y))
    sure = shapely.distance(LAKE.boundary, middles) > 0.001
    dry = shapely.intersects(shapely.box(*box), middles) & ~shapely.intersects(LAKE, middles)
    assert 0.3 < dry.mean() < 0.9
    assert (grid.land.ravel()[sure] == dry[sure]).all()


def combined(network: Network, table: AccessTable, mode: str) -> nx.DiGraph:
    """States of the search graph and cells in one plain graph."""
    graph = Trip(network, NOW, mode).graph
    arcs = graph.matrix.tocoo()
    whole = nx.DiGraph()
    whole.add_nodes_from(("cell", c) for c in range(len(table.grid.cells)))
    for tail, head, minutes in zip(*(part.tolist() for part in (*arcs.coords, arcs.data)), strict=True):
        whole.add_edge(tail, head, weight=minutes)
    usable = table.usable(network, NOW, mode)
    for cell, node, minutes in zip(
        table.cell[usable].tolist(), table.node[usable].tolist(), table.minutes(NOW)[usable].tolist(), strict=True
    ):
        states = [graph.size + node] if mode == "rail" else [node, graph.size + node]
        for state in states:
            whole.add_edge(state, ("cell", cell), weight=minutes)
        whole.add_edge(("cell", cell), node, weight=minutes)
    return whole


@pytest.mark.parametrize("mode", ["drive", "rail", "multimodal"])
def test_the_surface_equals_dijkstra_on_the_combined_graph(trains: tuple[Network, AccessTable], mode: str) -> None:
    network, table = trains
    cells = [("cell", c) for c in range(len(table.grid.cells))]
    whole = combined(network, table, mode)
    start = network.row_of["place/pa"]
    # cells are no way through: distances over other cells must not count
    onward = whole.copy()
    onward.remove_edges_from([(c, node) for c in cells for node in whole.successors(c)])
    theirs = nx.single_source_dijkstra_path_length(onward, start)
    ours = surface_from(network, "pa", NOW, table, mode=mode).minutes
    assert np.allclose(ours, [theirs.get(c, np.inf) for c in cells], atol=1e-9)
    back = whole.copy()
    back.remove_edges_from([(node, c) for c in cells for node in whole.predecessors(c)])
    size = len(network.nodes)
    ends = [size + start] if mode == "rail" else [start, size + start]
    reverse = back.reverse()
    theirs = nx.multi_source_dijkstra_path_length(reverse, {end for end in ends if end in reverse})
    towards = surface_from(network, "pa", NOW, table, mode=mode, towards=True).minutes
    assert np.allclose(towards, [theirs.get(c, np.inf) for c in cells], atol=1e-9)
    assert np.isfinite(ours).any()


def test_every_cell_lies_on_dry_land_and_areas_too(roads: tuple[Network, AccessTable]) -> None:
    network, table = roads
    dry = shapely.difference(shapely.union_all([SHORES, ISLAND]), LAKE)
    inside = shapely.contains_xy(shapely.buffer(dry, 0.002), *table.grid.lonlat.T)
    assert inside.all()
    for area in isochrones(surface_from(network, "pa", NOW, table), [20, 40, 300]).geometry:
        assert all(shapely.is_ccw(part.exterior) for part in area.geoms)
        assert not any(shapely.is_ccw(hole) for part in area.geoms for hole in part.interiors)
        assert area.is_valid
        assert shapely.area(shapely.difference(area, dry)) < 1e-6
        assert shapely.area(area) > 0


def test_a_lake_is_a_hole_and_the_far_shore_an_island_of_the_area(roads: tuple[Network, AccessTable]) -> None:
    network, table = roads
    area = isochrones(surface_from(network, "pb", NOW, table), [300]).geometry.iloc[0]
    assert len(area.geoms) == 2
    assert sum(len(part.interiors) for part in area.geoms) == 1


def test_an_island_without_a_crossing_is_not_reached(roads: tuple[Network, AccessTable]) -> None:
    network, table = roads
    found = surface_from(network, "pa", NOW, table)
    island = shapely.contains_xy(ISLAND, *table.grid.lonlat.T)
    assert island.any()
    assert np.isinf(found.minutes[island]).all()
    assert not isochrones(found, [1000]).geometry.iloc[0].intersects(ISLAND)


def test_the_far_shore_opens_with_the_bridge(roads: tuple[Network, AccessTable]) -> None:
    network, table = roads
    far = table.grid.lonlat[:, 0] > 113.16
    with_bridge = surface_from(network, "pa", NOW, table).minutes
    without = surface_from(network, "pa", NOW.but(close={"r1"}), table).minutes
    assert np.isfinite(with_bridge[far]).all()
    assert np.isinf(without[far]).all()
    assert np.array_equal(with_bridge[~far], without[~far])


def test_a_link_never_joins_two_sides_of_a_border() -> None:
    layers = world(line_world, towns=2)
    hong_kong = {"id": "h", "city": "香港", "geometry": shapely.Point(113.2, 22.5)}
    beyond = {"id": "h2", "city": "香港", "geometry": shapely.Point(113.25, 22.5)}
    towns = [{"id": row.id, "geometry": row.geometry} for row in layers["interchanges"].frame.itertuples()]
    layers["interchanges"] = layer("interchanges", *towns, hong_kong, beyond)
    own = [
        {"id": row.id, "node_ids": row.node_ids, "geometry": row.geometry}
        for row in layers["highways"].frame.itertuples()
    ]
    road = {"id": "hk", "node_ids": "h;h2", "geometry": shapely.LineString([(113.2, 22.5), (113.25, 22.5)])}
    layers["highways"] = layer("highways", *own, road)
    network = build_network(layers)
    table = access_table(network, box=BOX)
    at = shapely.get_coordinates(network.nodes.geometry.to_numpy())
    sides = network.nodes["side"].to_numpy()
    own_side = sides[cKDTree(at).query(table.grid.lonlat)[1]]
    assert set(own_side) == {"mainland", "hk"}
    assert (sides[table.node] == own_side[table.cell]).all()
    assert np.isinf(surface_from(network, "pa", NOW, table).minutes[own_side == "hk"]).all()


def routed(network: Network, points: np.ndarray[Any, Any], origin: str, mode: str) -> np.ndarray[Any, Any]:
    """Minutes to points by the rule for places, with exact water, one point at a time."""
    nodes = network.nodes
    at = shapely.get_coordinates(nodes.geometry.to_numpy())
    sides = nodes["side"].to_numpy()
    side = sides[cKDTree(at).query(points)[1]].tolist()
    minutes = search(Trip(network, NOW, mode).graph, network.row_of[origin]).node_minutes
    served = network.arrays.served(NOW)
    mesh = (nodes["layer"] == "ordinary_roads").to_numpy()
    exits = ((nodes["kind"] == "junction") & nodes["exit"]).to_numpy() & ~mesh
    early = network.arrays.carried_by(2023)
    best = np.full(len(points), np.inf)
    sets: list[tuple[Any, float, int, bool]] = [
        (exits, ROAD_REACH_KM, ROAD_LINKS, True),
        (exits & early, ROAD_REACH_KM, ROAD_LINKS, True),
        (mesh, MESH_REACH_KM, MESH_LINKS, True),
    ]
    if mode != "drive":
        sets.append(((nodes["kind"] == "stop").to_numpy(), STATION_REACH_KM, STATION_LINKS, False))
    for chosen, reach_km, most, by_road in sets:
        rows = np.nonzero(chosen)[0]
        water = {"water_allowed_km": BROOK_KM, "water_fallback_km": BROOK_KM} if chosen is mesh else {}
        links = local_links(
            Ends(points, side), Ends(at[rows], sides[rows].tolist()), reach_km=reach_km, most=most,
            barrier=network.barrier, **water,
        )  # fmt: skip
        links = links.without_long() if by_road else links
        total = minutes[rows[links.target]] + local_minutes(NOW, 1.0) * links.length_km
        np.minimum.at(best, links.point, np.where(served[rows[links.target]], total, np.inf))
    return best


@pytest.mark.parametrize(("origin", "mode", "cutoff"), [("place/zhuhai", "drive", 60), ("place/zhuhai", "rail", 90)])
def test_areas_agree_with_the_routed_time_at_a_thousand_points(
    shipped: tuple[Network, AccessTable], origin: str, mode: str, cutoff: float
) -> None:
    network, table = shipped
    random = np.random.default_rng(5)
    middle = table.grid.lonlat[random.integers(0, len(table.grid.cells), 4000)]
    points = middle + random.uniform(-0.0023, 0.0023, (4000, 2))
    assert network.barrier is not None
    dry = np.unique(network.barrier.dry.query(shapely.points(points), predicate="within")[0])
    points = points[dry][:1000]
    assert len(points) == 1000
    found = surface_from(network, origin, NOW, table, mode=mode)
    area = isochrones(found, [cutoff]).geometry.iloc[0]
    truth = routed(network, points, origin, mode)
    inside = shapely.contains_xy(area, points[:, 0], points[:, 1])
    assert 50 < inside.sum() < 950
    # docs/surfaces.md: within two minutes of the cut-off either answer is right; 1 % may lie beyond
    wrong = (inside != (truth <= cutoff)) & ~(np.abs(truth - cutoff) <= 2.0)
    assert wrong.sum() <= 10
    assert area.is_valid


def test_the_area_is_that_of_the_cells_within_two_per_cent(shipped: tuple[Network, AccessTable]) -> None:
    network, table = shipped
    found = surface_from(network, "place/zhuhai", NOW, table)
    frame = isochrones(found, [45, 60, 90])
    cells = [found.within(cutoff).sum() * table.grid.cell_km2 for cutoff in frame["cutoff_min"]]
    assert np.allclose(frame["area_km2"], cells, rtol=0.02)


def test_faster_parameters_never_lose_a_cell(roads: tuple[Network, AccessTable]) -> None:
    network, table = roads
    slow, central, fast = (
        surface_from(network, "pa", NOW.but(parameter_set=name), table).minutes
        for name in ("adverse", "central", "favourable")
    )
    assert (fast <= central).all()
    assert (central <= slow).all()
    assert (fast < slow).any()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), cutoff=st.floats(5, 80), more=st.floats(0.01, 40))
def test_a_larger_cutoff_holds_the_smaller_area_whatever_the_minutes(
    roads: tuple[Network, AccessTable], seed: int, cutoff: float, more: float
) -> None:
    network, table = roads
    random = np.random.default_rng(seed)
    minutes = random.uniform(0, 120, len(table.grid.cells))
    minutes[random.random(len(minutes)) < 0.2] = np.inf
    found = Surface(network, NOW, "drive", "x", "x", table, minutes)
    small, large = isochrones(found, [cutoff, cutoff + more]).geometry
    assert small.is_valid
    assert large.is_valid
    # an ulp of a degree along every edge, far below a square metre
    assert shapely.area(shapely.difference(small, shapely.buffer(large, 2e-6))) == 0.0


def test_union_intersection_and_counts_of_two_origins(roads: tuple[Network, AccessTable]) -> None:
    network, table = roads
    two = [surface_from(network, name, NOW, table, mode="drive") for name in ("pa", "pc")]
    alone = [isochrones(one, [20]).area_km2.iloc[0] for one in two]
    union, both = (circle(two, [20], combine=how).area_km2.iloc[0] for how in ("union", "intersection"))
    counts = circle(two, [20], combine="count")
    assert counts["count"].tolist() == [1, 2]
    assert counts.area_km2.tolist() == pytest.approx([union, both])
    assert 0 < both < min(alone)
    assert union + both == pytest.approx(sum(alone), rel=0.01)
    regions = nearest_origin(two, 20)
    assert regions.area_km2.sum() == pytest.approx(union, rel=0.03)
    assert shapely.area(shapely.intersection(*regions.geometry)) < 1e-9


@pytest.mark.parametrize("cutoffs", [[], [0], [-5], [float("nan")], [float("inf")], [60, 0]])
def test_a_cutoff_that_is_no_time_is_refused(roads: tuple[Network, AccessTable], cutoffs: list[float]) -> None:
    network, table = roads
    with pytest.raises(ScenarioError, match="positive minutes"):
        isochrones(surface_from(network, "pa", NOW, table), cutoffs)


def test_an_origin_in_the_sea_is_told_so(roads: tuple[Network, AccessTable]) -> None:
    network, table = roads
    at_sea = Place("at-sea", "海", "sea", 113.3, 22.32, "point", "", "")
    with pytest.raises(NetworkError, match="nearer the network"):
        surface_from(network, at_sea, NOW, table)
    with pytest.raises(NetworkError, match="no land"):
        surface_from(network, "pa", NOW, table).at(113.3, 22.32)


def test_without_land_there_is_no_table() -> None:
    with pytest.raises(NetworkError, match="land"):
        access_table(build_network(line_world()))


def test_the_table_is_made_anew_when_what_it_is_made_of_changes_and_only_then() -> None:
    first = inputs_hash(build_network(world()))
    assert inputs_hash(build_network(world(speed_limit_kmh=90.0))) == first
    assert inputs_hash(build_network(world(opens_year=2030))) != first
    lake = world()
    lake["water"] = layer("water", {"id": "water", "geometry": shapely.box(113.02, 22.51, 113.06, 22.54)})
    assert inputs_hash(build_network(lake)) != first


def test_standing_at_a_station_is_no_ride(trains: tuple[Network, AccessTable]) -> None:
    network, table = trains
    at_place = surface_from(network, "pa", NOW, table, mode="rail")
    at_door = surface_from(network, "stn/A", NOW, table, mode="rail")
    near = int(np.argmin(np.abs(table.grid.lonlat - (113.0, 22.5)).sum(axis=1)))
    assert at_door.minutes[near] > 9.0
    assert at_place.minutes[near] > 9.0


def test_a_clicked_point_takes_as_long_as_its_cell(roads: tuple[Network, AccessTable]) -> None:
    network, table = roads
    found = surface_from(network, "pa", NOW, table)
    for cell in range(0, len(table.grid.cells), 97):
        lon, lat = table.grid.lonlat[cell]
        if np.isinf(found.minutes[cell]):
            continue
        grown = network.with_place("here", float(lon), float(lat))
        tree = search(Trip(grown, NOW, "multimodal").graph, grown.row_of["place/pa"])
        assert tree.node_minutes[grown.row_of["place/here"]] == pytest.approx(found.minutes[cell], abs=1e-6)


def test_a_geotiff_says_where_it_lies_and_what_made_it(roads: tuple[Network, AccessTable], tmp_path: Path) -> None:
    import rasterio

    network, table = roads
    network = replace(network, hash="0123456789abcdef")
    found = surface_from(network, "pa", NOW, table)
    path = write_surface(found, tmp_path / "a.tif")
    with rasterio.open(path) as raster:
        assert raster.nodata == NODATA
        assert raster.crs.is_projected
        assert raster.tags()["unit"] == "minutes"
        values = raster.read(1)
        cell = int(np.argmin(found.minutes))
        assert float(next(raster.sample([tuple(table.grid.xy[cell])]))[0]) == pytest.approx(found.minutes[cell])
    assert ((values == NODATA) == np.isnan(found.raster())).all()
    assert find_stamps(path) == (found.hash,)
    again = write_surface(found, tmp_path / "b.tif")
    assert again.read_bytes() == path.read_bytes()
    with pytest.raises(ExportError, match="exists"):
        write_surface(found, path)
    with pytest.raises(ExportError, match=r"\.tif"):
        write_surface(found, tmp_path / "a.jpg")


def test_the_array_comes_back_from_the_archive(roads: tuple[Network, AccessTable], tmp_path: Path) -> None:
    network, table = roads
    network = replace(network, hash="0123456789abcdef")
    found = surface_from(network, "pa", NOW, table, towards=True)
    path = write_surface(found, tmp_path / "a.npz")
    with np.load(path) as archive:
        assert np.allclose(archive["minutes"], found.raster(), equal_nan=True)
        assert archive["land"].sum() == len(table.grid.cells)
    assert find_stamps(path) == (found.hash,)


def test_the_grid_finds_the_cell_of_a_point(roads: tuple[Network, AccessTable]) -> None:
    grid = roads[1].grid
    lon, lat = grid.lonlat.T
    assert (grid.cell_of(lon, lat) == np.arange(len(grid.cells))).all()
    assert grid.cell_of(np.array([113.3, 150.0]), np.array([22.32, 10.0])).tolist() == [-1, -1]
    assert grid.cell_km2 == 0.25
    area = gpd.GeoSeries([shapely.difference(shapely.union_all([SHORES, ISLAND]), LAKE)], crs=4326).to_crs(grid.crs)
    assert len(grid.cells) * grid.cell_km2 == pytest.approx(area.area.sum() / 1e6, rel=0.01)


def test_the_commands_answer_on_the_drawn_world(
    roads: tuple[Network, AccessTable], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    from click.testing import CliRunner

    from atlas.cli import cli
    from atlas.cli.session import Session

    monkeypatch.setattr(Session, "network", roads[0])
    monkeypatch.setattr(Session, "access", roads[1])
    run = CliRunner().invoke
    found = run(cli, ["isochrone", "pa", "--within", "20,40", "--format", "geojson"])
    assert found.exit_code == 0
    features = json.loads(found.stdout)["features"]
    assert [one["properties"]["cutoff_min"] for one in features] == [20, 40]
    assert shapely.geometry.shape(features[0]["geometry"]).is_valid
    for bad in ("0", "-5", "x"):
        assert run(cli, ["isochrone", "pa", "--within", bad]).exit_code == 2
    at_sea = run(cli, ["isochrone", "113.3,22.32"])
    assert at_sea.exit_code == 2
    assert "nearer the network" in at_sea.stderr
    assert run(cli, ["surface", "pa", "-o", str(tmp_path / "a.npz")]).exit_code == 0
    assert run(cli, ["surface", "pa", "-o", str(tmp_path / "a.jpg")]).exit_code == 2
    assert (tmp_path / "a.npz").is_file()
