"""What joins and what does not: drawn worlds for the rules, the atlas for the promise."""

from __future__ import annotations

from collections import defaultdict

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from worlds import layer, line_world, rail_world

from atlas.base.errors import NetworkError
from atlas.base.geodesy import length_km
from atlas.data.catalog import open_catalog
from atlas.data.scenario import load_scenario
from atlas.network.attach import MESH_STEP_KM
from atlas.network.barrier import Barrier
from atlas.network.build import Network, build_network
from atlas.network.lines import Ends, cut_line, local_links
from atlas.network.rows import EDGE_COLUMNS, NODE_COLUMNS
from atlas.travel.check import check_network
from atlas.travel.reach import reach_from

NOW = load_scenario("2026")
EXPRESSWAYS = ("expressway", "expressway_bridge")


def crossing_world(shared: bool) -> dict:
    """Two expressways that cross at (113.05, 22.5), with or without a shared junction there.

    ::

            n
            |
        w --+-- e
            |
            s
    """
    world = line_world(towns=2)
    xy = {"w": (113.0, 22.5), "e": (113.1, 22.5), "s": (113.05, 22.45), "n": (113.05, 22.55), "x": (113.05, 22.5)}
    world["interchanges"] = layer("interchanges", *({"id": k, "geometry": shapely.Point(v)} for k, v in xy.items()))
    middle = ["x"] if shared else []
    roads = {"we": ["w", *middle, "e"], "sn": ["s", *middle, "n"]}
    world["highways"] = layer(
        "highways",
        *(
            {
                "id": name,
                "kind": "expressway",
                "toll": True,
                "node_ids": ";".join(nodes),
                "geometry": shapely.LineString([xy[node] for node in nodes]),
            }
            for name, nodes in roads.items()
        ),
    )
    return world


@pytest.mark.parametrize("shared", [True, False])
def test_expressways_join_at_a_declared_junction_and_nowhere_else(shared: bool) -> None:
    edges = build_network(crossing_world(shared)).edges
    runs = edges[edges["role"] == "run"]
    graph = nx.DiGraph(list(zip(runs["from_id"], runs["to_id"], strict=True)))
    assert nx.has_path(graph, "road/w/toll", "road/n/toll") == shared


def test_a_line_end_near_a_junction_is_moved_there_and_reported() -> None:
    world = line_world(towns=2)
    world["highways"].frame["node_ids"] = ""
    world["highways"].frame.loc[0, "geometry"] = shapely.LineString([(113.001, 22.5), (113.1, 22.5)])
    network = build_network(world)
    snapped = network.joins[network.joins["kind"] == "snapped"].set_index("target")["length_km"]
    assert snapped["a"] == pytest.approx(0.1028, abs=0.001)
    run = network.edges[network.edges["role"] == "run"].iloc[0]
    assert (run["from_id"], run["to_id"]) == ("road/a", "road/b")
    assert run["length_km"] == pytest.approx(length_km(shapely.LineString([(113.0, 22.5), (113.1, 22.5)])))


def test_a_line_end_too_far_from_any_junction_stays_apart() -> None:
    world = line_world(towns=2)
    world["highways"].frame["node_ids"] = ""
    world["highways"].frame.loc[0, "geometry"] = shapely.LineString([(113.02, 22.5), (113.1, 22.5)])
    assert "road/@113.020000,22.500000" in set(build_network(world).nodes["node_id"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"node_ids": "a;nowhere"}, "nowhere, which the layer interchanges does not have"),
        ({"node_ids": "a"}, "two or more node_ids"),
        ({"geometry": shapely.LineString([(113.0, 22.6), (113.1, 22.6)])}, "do not lie on its line"),
    ],
)
def test_a_road_that_contradicts_its_junctions_is_named(change: dict, message: str) -> None:
    world = line_world(towns=2)
    for column, value in change.items():
        world["highways"].frame.loc[0, column] = value
    with pytest.raises(NetworkError, match=f"highways r0.*{message}"):
        build_network(world)


def test_a_road_across_a_border_needs_a_crossing() -> None:
    world = line_world(towns=2)
    world["interchanges"].frame["city"] = ["珠海", "澳门"]
    with pytest.raises(NetworkError, match="no border crossing declared"):
        build_network(world)
    world["cross_border_links"] = layer(
        "cross_border_links", {"id": "gate", "geometry": shapely.LineString([(113.0, 22.5), (113.001, 22.5)])}
    )
    network = build_network(world)
    borders = network.edges[network.edges["role"] == "border"]
    assert sorted(borders["speed_class"]) == ["ab", "ba"]
    assert set(borders["feature_id"]) == {"gate"}


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ({"station_ids": "A;Q", "elapsed_min": "0;5"}, "calls at Q"),
        ({"station_ids": "A;B", "elapsed_min": "0;5;9"}, "2 stops but 3 times"),
        ({"station_ids": "A;B;C", "elapsed_min": "0;9;5"}, "must grow"),
    ],
)
def test_a_service_that_cannot_run_is_named(service: dict, message: str) -> None:
    with pytest.raises(NetworkError, match=f"rail_services s1.*{message}"):
        build_network(rail_world({"id": "s1", **service}))


def test_published_length_is_charged_where_the_drawing_is_schematic() -> None:
    for quality, charged in (("schematic", 30.0), ("surveyed", None)):
        world = line_world(towns=2, published_length_km=30.0, geometry_quality=quality)
        run = build_network(world).edges.query("role == 'run'").iloc[0]
        assert run["length_km"] == pytest.approx(charged or run["drawn_length_km"])
        assert run["published_length_km"] == pytest.approx(30.0)


def test_local_links_do_not_cross_wide_water() -> None:
    land = np.array([shapely.box(113.0, 22.0, 113.1, 22.2), shapely.box(113.13, 22.0, 113.2, 22.2)], dtype=object)
    barrier = Barrier.of(land, np.zeros(0, dtype=object))
    start = Ends(np.array([[113.09, 22.1]]), ["mainland"])
    ends = Ends(np.array([[113.14, 22.1], [113.02, 22.1]]), ["mainland"] * 2)
    free = local_links(start, ends, reach_km=20, most=1)
    dry = local_links(start, ends, reach_km=20, most=1, barrier=barrier)
    assert (free.target.tolist(), dry.target.tolist()) == ([0], [1])


def test_local_links_do_not_cross_a_border() -> None:
    here = np.array([[113.0, 22.0]])
    links = local_links(Ends(here, ["mo"]), Ends(here, ["mainland"]), reach_km=5, most=1)
    assert len(links.point) == 0


def test_a_line_is_cut_at_its_nodes_in_either_direction() -> None:
    line = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])
    nodes = np.array([[3.0, 0.0], [1.5, 0.0], [0.0, 0.0]])
    stretches = cut_line(line, nodes)
    assert stretches is not None
    assert [s.tolist() for s in stretches] == [[[3, 0], [2, 0], [1.5, 0]], [[1.5, 0], [1, 0], [0, 0]]]
    assert cut_line(line, np.array([[0.0, 0.0], [1.0, 0.5]])) is None


def test_the_frames_keep_their_contract(network: Network) -> None:
    assert tuple(network.nodes.columns) == NODE_COLUMNS
    assert tuple(network.edges.columns) == EDGE_COLUMNS
    assert network.nodes["node_id"].is_unique
    assert network.edges["edge_id"].is_unique
    known = set(network.nodes["node_id"])
    assert set(network.edges["from_id"]) | set(network.edges["to_id"]) <= known


def test_no_two_expressways_without_a_shared_junction_share_a_node(network: Network) -> None:
    highways = open_catalog().layer("highways").frame
    declared = {row["id"]: set(row["node_ids"].split(";")) for row in highways.to_dict("records")}
    edges = network.edges
    fast = edges[edges["speed_class"].isin(EXPRESSWAYS) & (edges["layer"] == "highways")]
    at_node: dict[str, set[str]] = defaultdict(set)
    for column in ("from_id", "to_id"):
        for node, feature in zip(fast[column], fast["feature_id"], strict=True):
            at_node[node].add(feature)
    shared = [(node, features) for node, features in at_node.items() if len(features) > 1]
    assert len(shared) > 20
    for node, features in shared:
        junction = node.removeprefix("road/").removesuffix("/toll")
        assert node.startswith("border/") or all(junction in declared[feature] for feature in features), node


def test_the_operating_network_of_2026_is_one_piece_apart_from_listed_islands(network: Network) -> None:
    graph = network.to_networkx(NOW)
    report = check_network(network, NOW)
    assert report.islands == ("place/dangan-town", "place/guishan-town", "place/wanshan-town")
    graph.remove_nodes_from(report.islands)
    assert nx.number_weakly_connected_components(graph) == 1
    assert report.breaks == ()


@pytest.mark.parametrize("year", ["2023", "2030", "2035", "full"])
def test_no_year_has_a_break(network: Network, year: str) -> None:
    assert check_network(network, load_scenario(year)).breaks == ()


def test_the_edges_of_a_year_are_those_of_the_base_and_what_opened_since(network: Network) -> None:
    from atlas.network.build import open_edges

    present = {year: open_edges(network, load_scenario(str(year))) for year in range(2023, 2036)}
    opens = network.edges["opens_year"].to_numpy()
    moving = network.edges["role"].isin(["run", "ride", "board", "alight", "transfer", "border"]).to_numpy()
    for year in range(2024, 2036):
        since = present[year] & ~present[2023]
        assert np.array_equal((present[2023] | since)[moving], (opens <= year)[moving])
        assert ((opens > 2023) & (opens <= year))[since & moving].all()


def test_a_seat_cut_off_from_the_rest_is_a_break() -> None:
    world = line_world(towns=3)
    world["highways"].frame = world["highways"].frame.iloc[:1]
    world["places"].frame["level"] = "county"
    world["places"].frame.loc[2, "geometry"] = shapely.Point(114.0, 22.5)
    world["interchanges"].frame.loc[2, "geometry"] = shapely.Point(114.0, 22.5)
    extra = line_world(towns=2)["highways"].frame.assign(
        id="lone", node_ids="c;d", geometry=[shapely.LineString([(114.0, 22.5), (114.1, 22.5)])]
    )
    import pandas as pd

    world["highways"].frame = pd.concat([world["highways"].frame, extra], ignore_index=True)
    far = layer("interchanges", {"id": "d", "geometry": shapely.Point(114.1, 22.5)}).frame
    world["interchanges"].frame = pd.concat([world["interchanges"].frame, far], ignore_index=True)
    breaks = check_network(build_network(world), NOW).breaks
    assert breaks == ("place pc (place/pc) lies outside the main component",)


def mesh_world(*lines: list[tuple[float, float]]) -> dict:
    """The line world, where a toll road leads from a to c, and ordinary roads along `lines`."""
    world = line_world(kinds=("expressway", "expressway"), toll=True)
    rows = ({"id": f"o{k}", "geometry": shapely.LineString(line)} for k, line in enumerate(lines))
    return world | {"ordinary_roads": layer("ordinary_roads", *rows)}


def test_ordinary_roads_meet_where_they_share_a_vertex_and_join_the_exits_near_by() -> None:
    across = [(113.0, 22.51), (113.05, 22.51), (113.1, 22.51)]
    up, over = [(113.05, 22.51), (113.05, 22.6)], [(113.07, 22.4), (113.07, 22.6)]
    network = build_network(mesh_world(across, up, over))
    runs = network.edges[network.edges["layer"] == "ordinary_roads"]
    ways = {(u, v) for u, v in zip(runs["from_id"], runs["to_id"], strict=True)}
    middle, top = "mesh/113.050000,22.510000", "mesh/113.050000,22.600000"
    assert ("road/a", "mesh/113.000000,22.510000") in ways
    upward = nx.DiGraph(sorted(ways))
    assert nx.has_path(upward, middle, top)
    assert nx.has_path(upward, top, middle)
    # a line that crosses without a shared vertex does not join, and one that joins nothing is left out
    assert not any("113.070000" in u for u, _ in ways)
    assert (runs["speed_class"] == "ordinary_road").all()
    assert not runs["toll"].any()
    assert network.names_of("ordinary_roads", "ordinary") == ("o0", "")


def test_an_ordinary_road_is_entered_from_every_village_along_it() -> None:
    long = shapely.LineString([(113.0, 22.505), (113.04, 22.505), (113.19, 22.505)])
    network = build_network(mesh_world(list(long.coords)))
    runs = network.edges.query("layer == 'ordinary_roads' and edge_id.str.contains('/road/')")
    assert runs["length_km"].max() <= MESH_STEP_KM
    # both ways, and no kilometre more than the road has
    assert runs["length_km"].sum() == pytest.approx(2 * length_km(long), abs=1e-3)
    where = network.with_place("village", 113.12, 22.515)
    assert "place/village" in set(where.edges.query("to_id.str.startswith('mesh/')")["from_id"])


def test_towns_nearer_to_one_another_than_to_the_network_are_joined_directly() -> None:
    world = line_world()
    towns = {"q1": (113.05, 22.62), "q2": (113.06, 22.64), "q3": (113.15, 22.51)}
    rows = ({"id": name, "geometry": shapely.Point(at)} for name, at in towns.items())
    network = build_network(world | {"places": layer("places", *rows)})
    ways = set(zip(network.edges["from_id"], network.edges["to_id"], strict=True))
    assert {("place/q1", "place/q2"), ("place/q2", "place/q1")} <= ways
    assert not any("place/q3" in way and way != way[::-1] and "place/q1" in way for way in ways)
    assert not network.edges["edge_id"].duplicated().any()


def test_ordinary_roads_make_no_way_longer() -> None:
    world = mesh_world([(113.0, 22.505), (113.05, 22.45), (113.1, 22.505)], [(113.1, 22.505), (113.2, 22.505)])
    without = {key: one for key, one in world.items() if key != "ordinary_roads"}
    for mode in ("drive", "rail"):
        for start in ("pa", "pb", "pc"):
            before, after = (
                reach_from(build_network(one), f"place/{start}", NOW, mode=mode).nodes.set_index("node_id")
                for one in (without, world)
            )
            times = after["travel_time_min"].reindex(before.index)
            assert (times <= before["travel_time_min"] + 1e-9).all()


def test_ordinary_roads_are_driven_and_lead_to_trains() -> None:
    arrays = build_network(mesh_world([(113.0, 22.505), (113.1, 22.505)])).arrays
    mesh = arrays.links[1] == "ordinary_roads"
    assert mesh.any()
    assert arrays.in_mode["drive"][mesh].all()
    assert arrays.in_mode["rail"][mesh].all()


def test_ordinary_roads_go_where_roads_were_taken_in_from_a_map() -> None:
    world = mesh_world([(113.0, 22.505), (113.05, 22.505)], [(113.15, 22.505), (113.2, 22.505)])
    taken_in = shapely.LineString([(113.0, 22.49), (113.05, 22.52), (113.08, 22.49)])
    roads = world["highways"].frame.iloc[:1].assign(id="osm-1", node_ids="", geometry=[taken_in])
    world["highways"].frame = pd.concat([world["highways"].frame, roads], ignore_index=True)
    mesh = build_network(world).nodes.query("layer == 'ordinary_roads'")
    assert len(mesh)
    assert (mesh.geometry.x > 113.1).all()
    world["ordinary_roads"].frame = world["ordinary_roads"].frame.iloc[:1]
    assert "ordinary_roads" not in set(build_network(world).edges["layer"])


def test_a_one_way_road_is_travelled_only_as_it_is_drawn() -> None:
    world = line_world(oneway=True)
    runs = build_network(world).edges.query("role == 'run'")
    ways = set(zip(runs["from_id"], runs["to_id"], strict=True))
    assert ways == {("road/a", "road/b"), ("road/b", "road/c")}


def test_a_road_without_a_name_is_called_nothing_and_one_without_a_chinese_name_by_its_english_one() -> None:
    world = line_world()
    world["highways"].frame["name_zh"] = None
    world["highways"].frame["name_en"] = ["", "Second Road"]
    names = build_network(world).feature_names
    assert names["highways", "r0"] == ("", "")
    assert names["highways", "r1"] == ("Second Road", "Second Road")


def test_a_junction_without_a_name_is_called_nothing() -> None:
    world = line_world()
    world["interchanges"].frame["name_zh"] = [None, "b", None]
    world["interchanges"].frame["name_en"] = [None, "", "Sea"]
    nodes = build_network(world).nodes.set_index("node_id")
    assert nodes.loc[["road/a", "road/b", "road/c"], "name_zh"].tolist() == ["", "b", "Sea"]


def test_land_that_crosses_itself_is_cut_into_tiles_all_the_same() -> None:
    spur = shapely.Polygon([(0.1, 0.2), (0.15, 0.15), (0.1, 0.05), (0.05, 0.1), (0.1, 0.05)])
    with pytest.raises(shapely.GEOSException):
        shapely.clip_by_rect(spur, 0, 0, 0.1, 0.1)
    tiles = Barrier.of(np.array([spur], dtype=object), np.zeros(0, dtype=object), ()).land.geometries
    assert len(tiles)
    assert shapely.union_all(tiles).area == pytest.approx(shapely.make_valid(spur).area)
