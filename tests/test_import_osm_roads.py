"""Roads of OpenStreetMap: where they meet, who may drive on them and which way, and what closes them."""

from __future__ import annotations

import itertools
from pathlib import Path

import networkx as nx
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from import_files import DAY, Place, WayRow, draw_town, only
from osm_drawn import CROSS, HOME, NOW, made, network_of, road_graph, stored

from atlas.base.errors import ImportDataError
from atlas.base.geodesy import distance_km
from atlas.data.catalog import open_catalog
from atlas.data.places import find_place
from atlas.imports.osm.layers import osm_layers
from atlas.imports.osm.tags import CLASSES, car_access, classes_of, road_kind, speed_kmh
from atlas.network.build import build_network
from atlas.travel.reach import route


@pytest.mark.parametrize("shared", [True, False])
def test_roads_join_at_a_shared_node_and_not_where_they_only_cross(tmp_path: Path, shared: bool) -> None:
    over: list[WayRow] = [(10, [1, 2, 3], {"highway": "primary"})]
    under: list[WayRow] = [(11, [4, 2, 5] if shared else [4, 5], {"highway": "primary", "layer": "-1"})]
    graph = road_graph(network_of(made(tmp_path, CROSS, over + under), tmp_path / "own"))
    assert nx.has_path(graph, "road/osm-n1", "road/osm-n5") is shared


def test_a_way_of_the_town_carries_its_names_ref_limit_lanes_toll_and_structure(tmp_path: Path) -> None:
    found = osm_layers(draw_town(tmp_path / "town.osm.pbf"), HOME.specs)
    road = only(found.layers["highways"].frame, id="osm-w100")
    assert (road["name_zh"], road["name_en"], road["ref"]) == ("珠三角环线高速", "Pearl Delta Ring", "G94")
    assert (road["kind"], road["structure"], road["toll"], road["oneway"]) == (
        "expressway_bridge",
        "bridge",
        True,
        True,
    )
    assert (road["speed_limit_kmh"], road["lanes"]) == (120, 3)
    assert road["node_ids"] == "osm-n1;osm-n2;osm-n3"
    assert (road["status"], road["opens_basis"], road["opens_year"]) == ("operating", "unknown", 2023)
    assert road["drawn_length_km"] == pytest.approx(2 * distance_km(113.0, 22.5, 113.05, 22.5), abs=0.01)
    ordinary = only(found.layers["highways"].frame, id="osm-w102")
    assert (ordinary["kind"], ordinary["ref"], ordinary["oneway"]) == ("provincial_road", "S270", False)


def test_a_named_exit_keeps_name_and_is_left_by_its_ramp_only(tmp_path: Path) -> None:
    found = osm_layers(draw_town(tmp_path / "town.osm.pbf"), HOME.specs)
    nodes = found.layers["interchanges"].frame
    assert (only(nodes, id="osm-n2")["name_zh"], only(nodes, id="osm-n2")["kind"]) == ("甲东", "exit")
    assert only(nodes, id="osm-n2")["source_note"] == "OpenStreetMap node/2; exit 12"
    assert not only(nodes, id="osm-n2")["exit"]
    assert only(nodes, id="osm-n5")["exit"]


def test_the_town_answers_a_route_from_the_ordinary_road_onto_the_motorway(tmp_path: Path) -> None:
    network = network_of(osm_layers(draw_town(tmp_path / "town.osm.pbf"), HOME.specs), tmp_path / "own")
    graph = road_graph(network)
    assert nx.has_path(graph, "road/osm-n4", "road/osm-n3/toll")
    assert nx.has_path(graph, "road/osm-n1/toll", "road/osm-n6")
    assert route(network, "甲市", "乙镇", NOW, mode="drive").found
    assert find_place(network.place_layer, "乙镇").name_en == ""


@pytest.mark.parametrize(
    ("tags", "ways"),
    [
        ({"highway": "primary"}, {(1, 2), (2, 1)}),
        ({"highway": "primary", "oneway": "yes"}, {(1, 2)}),
        ({"highway": "primary", "oneway": "-1"}, {(2, 1)}),
        ({"highway": "motorway"}, {(1, 2)}),
        ({"highway": "motorway", "oneway": "no"}, {(1, 2), (2, 1)}),
        ({"highway": "primary", "junction": "roundabout"}, {(1, 2)}),
        ({"highway": "motorway_link"}, {(1, 2), (2, 1)}),
        ({"highway": "trunk", "oneway": "reversible"}, {(1, 2), (2, 1)}),
        ({"highway": "primary", "oneway": "yes", "oneway:motor_vehicle": "no"}, {(1, 2), (2, 1)}),
        ({"highway": "primary", "oneway:motorcar": "-1", "oneway:vehicle": "yes"}, {(2, 1)}),
        ({"highway": "primary", "vehicle:backward": "no"}, {(1, 2)}),
        ({"highway": "primary", "motor_vehicle:forward": "no"}, {(2, 1)}),
        ({"highway": "construction", "construction": "motorway"}, {(1, 2)}),
    ],
    ids=str,
)
def test_a_road_is_travelled_in_the_directions_its_tags_say(
    tmp_path: Path, tags: dict[str, str], ways: set[tuple[int, int]]
) -> None:
    network = network_of(made(tmp_path, CROSS, [(10, [1, 2], tags)]), tmp_path / "own")
    runs = network.edges[network.edges["role"] == "run"]
    number = {f"road/osm-n{n}": n for n in CROSS}
    assert {(number[u], number[v]) for u, v in zip(runs["from_id"], runs["to_id"], strict=True)} == ways


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("80", 80),
        ("80 km/h", 80),
        ("120;100", 100),
        ("100|80|60", 60),
        ("50 mph", 80.5),
        ("none", 130),
        ("CN:urban", 50),
        ("DE:rural", 100),
        ("BE-WAL:rural", 90),
        ("GB:nsl_single", 96.6),
        ("DE:zone30", 30),
        ("walk", 7),
        ("50;80", 50),
        ("ZZ:rural", None),
        ("signals", None),
        ("", None),
        ("0", None),
    ],
)
def test_a_limit_is_read_as_a_number_with_its_unit_or_not_at_all(text: str, kmh: float | None) -> None:
    assert speed_kmh({"maxspeed": text}) == kmh


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"highway": "motorway", "ref": "G94"}, "expressway"),
        ({"highway": "trunk", "ref": "G105"}, "national_road"),
        ({"highway": "primary", "ref": "S270;G228"}, "national_road"),
        ({"highway": "secondary", "ref": "X551"}, "provincial_road"),
        ({"highway": "trunk"}, "urban_expressway"),
        ({"highway": "secondary"}, "arterial"),
        ({"highway": "trunk_link"}, "access"),
        ({"highway": "construction", "construction": "motorway"}, "expressway"),
    ],
    ids=str,
)
def test_class_and_number_give_the_kind_of_a_road(tags: dict[str, str], kind: str) -> None:
    assert road_kind(tags) == kind


def test_a_road_under_construction_opens_later_and_a_proposed_one_only_in_full(tmp_path: Path) -> None:
    ways: list[WayRow] = [
        (10, [1, 2], {"highway": "construction", "construction": "motorway"}),
        (11, [2, 3], {"highway": "proposed", "proposed": "trunk"}),
        (12, [4, 2], {"highway": "primary", "start_date": "2024-06-30"}),
        (13, [2, 5], {"highway": "construction", "construction": "primary", "opening_date": "2028"}),
    ]
    frame = made(tmp_path, CROSS, ways).layers["highways"].frame.set_index("id")
    assert list(frame["status"]) == ["under_construction", "planned", "operating", "under_construction"]
    assert frame["opens_year"].astype("float").fillna(0).tolist() == [2030, 0, 2024, 2028]
    assert list(frame["opens_basis"]) == ["assumed", "assumed", "fact", "announced"]


def test_broken_ways_are_drawn_as_far_as_they_go_and_every_feature_is_sound(tmp_path: Path) -> None:
    nodes: dict[int, Place] = {
        **CROSS,
        6: (113.02, 22.52), 7: (113.02, 22.48), 8: (113.08, 22.52), 9: (113.08, 22.48),
        20: (113.2, 22.5), 21: (113.21, 22.5), 22: (113.21, 22.51), 23: (113.2, 22.51),
    }  # fmt: skip
    ways: list[WayRow] = [
        (10, [1, 2, 999, 3, 4], {"highway": "primary"}),
        (11, [5], {"highway": "primary"}),
        (12, [5, 5, 5], {"highway": "primary"}),
        (13, [998, 997], {"highway": "primary"}),
        (14, [20, 21, 22, 23, 20], {"highway": "primary", "junction": "roundabout"}),
        (15, [6, 9, 8, 7], {"highway": "primary"}),
        (16, [1, 6, 7, 1, 4], {"highway": "primary"}),
        (17, [], {"highway": "primary"}),
    ]
    found = made(tmp_path, nodes, ways)
    outcome = stored(found, tmp_path / "own")
    frame = outcome.layers["highways"].frame
    assert outcome.refused == ()
    assert frame.geometry.is_simple.all()
    assert not frame.geometry.is_ring.any()
    by_way = frame["source_note"].str.extract(r"way/(\d+)")[0].astype(int)
    assert sorted(set(by_way)) == [10, 14, 15, 16]
    whole = frame[by_way == 14].geometry.union_all()
    assert shapely.line_merge(whole).is_ring
    assert any("lack the position" in note for note in found.notes)
    assert any("fewer than two places" in note for note in found.notes)
    build_network(open_catalog(tmp_path / "own").layers())


def test_a_loop_that_crosses_itself_on_two_levels_gains_no_way_out_where_it_crosses(tmp_path: Path) -> None:
    nodes = {1: (113.0, 22.5), 2: (113.02, 22.5), 3: (113.02, 22.52), 4: (113.01, 22.52), 5: (113.01, 22.48)}
    found = made(tmp_path, nodes, [(10, [1, 2, 3, 4, 5], {"highway": "motorway_link", "oneway": "yes"})])
    graph = road_graph(network_of(found, tmp_path / "own"))
    assert max(dict(graph.degree()).values()) == 2
    assert nx.has_path(graph, "road/osm-n1", "road/osm-n5")


def test_a_threshold_takes_higher_classes_with_their_links() -> None:
    assert classes_of("secondary+") == ("motorway", "trunk", "primary", "secondary")
    assert classes_of("residential,motorway") == ("motorway", "residential")
    with pytest.raises(ImportDataError, match="no road class 'footway'"):
        classes_of("footway")


def test_roads_below_the_threshold_and_closed_to_cars_stay_out(tmp_path: Path) -> None:
    ways: list[WayRow] = [
        (10, [1, 2], {"highway": "motorway"}),
        (11, [2, 3], {"highway": "residential"}),
        (12, [4, 2], {"highway": "motorway_link"}),
        (13, [2, 5], {"highway": "trunk", "motor_vehicle": "no"}),
        (14, [2, 5], {"highway": "footway"}),
    ]
    found = made(tmp_path, CROSS, ways, classes=classes_of("trunk+"))
    assert sorted(found.layers["highways"].frame["id"]) == ["osm-w10", "osm-w12"]


@pytest.mark.parametrize(
    ("tags", "answer"),
    [
        ({}, "yes"),
        ({"motor_vehicle": "no", "motorcar": "yes"}, "yes"),
        ({"motor_vehicle": "yes", "motorcar": "no"}, "no"),
        ({"access": "no", "vehicle": "destination"}, "ends"),
        ({"access": "no", "motor_vehicle": "designated"}, "yes"),
        ({"access": "agricultural;customers"}, "ends"),
        ({"access": "private", "motor_vehicle": "unknown"}, "no"),
        *(({"access": value}, "no") for value in (
            "no", "private", "agricultural", "forestry", "emergency", "military", "official", "permit", "psv", "bus",
            "restricted", "use_sidepath", "dismount",
        )),
        *(({"motor_vehicle": value}, "ends") for value in ("destination", "customers", "delivery", "residents")),
        *(({"vehicle": value}, "yes") for value in ("yes", "permissive", "designated", "discouraged")),
    ],
    ids=str,
)  # fmt: skip
def test_the_most_specific_rule_about_cars_decides_who_may_drive(tags: dict[str, str], answer: str) -> None:
    assert car_access(tags)[0] == answer


def test_what_is_closed_to_cars_is_counted_by_what_closes_it(tmp_path: Path) -> None:
    ways: list[WayRow] = [
        (10, [1, 2], {"highway": "primary"}),
        (11, [2, 3], {"highway": "primary", "access": "private"}),
        (12, [4, 2], {"highway": "primary", "motorcar": "private"}),
        (13, [2, 5], {"highway": "primary", "vehicle": "forestry"}),
        (14, [2, 5], {"highway": "construction", "construction": "primary", "access": "no"}),
        (15, [2, 5], {"highway": "tertiary", "area": "yes"}),
    ]
    found = made(tmp_path, CROSS, ways)
    assert sorted(found.layers["highways"].frame["id"]) == ["osm-w10", "osm-w14"]
    assert "ways closed to cars, left out: 3 (private 2, forestry 1)" in found.notes
    assert "ways that are areas driven on, no lines, left out: 1" in found.notes


def test_roads_of_other_classes_are_counted_by_class_and_a_track_with_rails_is_a_railway(tmp_path: Path) -> None:
    nodes: dict[int, Place] = {
        **CROSS,
        1: (113.0, 22.5, {"railway": "station", "name": "甲站"}),
        3: (113.1, 22.5, {"railway": "station", "name": "乙站"}),
    }
    ways: list[WayRow] = [
        (10, [4, 2, 5], {"highway": "primary"}),
        (11, [4, 5], {"highway": "residential"}),
        (12, [4, 5], {"highway": "service", "access": "private"}),
        (13, [1, 3], {"highway": "track", "railway": "rail", "name": "甲乙铁路"}),
        (14, [4, 5], {"highway": "footway"}),
    ]
    found = made(tmp_path, nodes, ways, classes=classes_of("secondary+"))
    assert "ways of other classes of roads, left out: 3 (residential 1, service 1, track 1)" in found.notes
    assert len(found.layers["highways"].frame) == 1
    assert len(found.layers["railways"].frame) == 1


def test_a_road_for_customers_is_used_where_it_leads_nowhere_else_and_not_as_a_way_through(tmp_path: Path) -> None:
    nodes: dict[int, Place] = {**CROSS, 6: (113.06, 22.45), 7: (113.15, 22.5)}
    ways: list[WayRow] = [
        (10, [1, 2, 3], {"highway": "primary"}),
        (11, [1, 5, 3], {"highway": "primary", "access": "customers"}),
        (12, [2, 4], {"highway": "primary", "access": "destination"}),
        (13, [4, 6], {"highway": "primary", "motor_vehicle": "destination"}),
    ]
    found = made(tmp_path, nodes, ways)
    roads = found.layers["highways"].frame.set_index("id")
    assert roads["in_network"].to_dict() == {"osm-w10": True, "osm-w11": False, "osm-w12": True, "osm-w13": True}
    assert roads.loc["osm-w11", "no_connect"] == "no way through: customers only"
    graph = road_graph(network_of(found, tmp_path / "own"))
    assert nx.has_path(graph, "road/osm-n1", "road/osm-n6")
    assert any(
        "(destination 2, customers 1); lead nowhere else and are in the network: 2," in note for note in found.notes
    )


@pytest.mark.parametrize(
    ("barrier", "open_"),
    [
        ({"barrier": "bollard"}, False),
        ({"barrier": "block"}, False),
        ({"barrier": "bollard", "motorcar": "yes"}, True),
        ({"barrier": "gate"}, True),
        ({"barrier": "gate", "locked": "yes"}, False),
        ({"barrier": "lift_gate", "access": "private"}, False),
        ({"barrier": "toll_booth"}, True),
        ({"highway": "traffic_signals"}, True),
    ],
    ids=str,
)
def test_a_barrier_cuts_what_meets_at_it_unless_its_own_tags_let_cars_pass(
    tmp_path: Path, barrier: dict[str, str], open_: bool
) -> None:
    nodes: dict[int, Place] = {**CROSS, 2: (113.05, 22.5, barrier)}
    ways: list[WayRow] = [(10, [1, 2, 3], {"highway": "primary"}), (11, [4, 2], {"highway": "primary"})]
    found = made(tmp_path, nodes, ways)
    network = network_of(found, tmp_path / "own")
    graph = road_graph(network)
    for a, b in itertools.permutations((1, 3, 4), 2):
        assert nx.has_path(graph, f"road/osm-n{a}", f"road/osm-n{b}") is open_
    km = found.layers["highways"].frame["drawn_length_km"].sum()
    assert km == pytest.approx(
        2 * distance_km(113.0, 22.5, 113.05, 22.5) + distance_km(113.05, 22.5, 113.05, 22.45), abs=0.01
    )
    assert any("barriers that stop cars" in note for note in found.notes) is not open_


def test_turn_restrictions_are_counted_by_what_they_say_but_those_that_directions_hold(tmp_path: Path) -> None:
    import osmium
    from osmium.osm.mutable import Node, Relation, Way

    path = tmp_path / "turns.osm.pbf"
    writer = osmium.SimpleWriter(str(path))
    for number, (lon, lat) in CROSS.items():
        writer.add_node(Node(id=number, version=1, timestamp=DAY, location=(lon, lat)))
    ways = {10: ([1, 2], "no"), 11: ([2, 3], "no"), 12: ([4, 2], "yes"), 13: ([2, 5], "no")}
    for number, (refs, oneway) in ways.items():
        writer.add_way(
            Way(id=number, version=1, timestamp=DAY, nodes=refs, tags={"highway": "primary", "oneway": oneway})
        )
    turns = [
        ({"restriction": "no_left_turn"}, 10, 13),
        ({"restriction": "only_straight_on"}, 10, 11),
        ({"restriction": "no_right_turn"}, 10, 12),
        ({"restriction": "no_u_turn"}, 10, 10),
        ({"restriction": "no_left_turn", "except": "psv;motorcar"}, 11, 13),
        ({"restriction:hgv": "no_left_turn"}, 11, 13),
        ({"restriction": "no_left_turn"}, 99, 13),
    ]
    for k, (tags, origin, goal) in enumerate(turns):
        rows = [("w", origin, "from"), ("n", 2, "via"), ("w", goal, "to")]
        writer.add_relation(
            Relation(id=30 + k, version=1, timestamp=DAY, members=rows, tags={"type": "restriction", **tags})
        )
    writer.close()
    notes = osm_layers(path, HOME.specs, classes=CLASSES).notes
    assert (
        "turn restrictions: 4; forbid what directions forbid, or turning back: 2; "
        "not held: 2 (no_left_turn 1, only_straight_on 1)"
    ) in notes


DRAWN_WAYS = st.lists(
    st.tuples(st.lists(st.integers(1, 12), min_size=2, max_size=7), st.sampled_from(["yes", "-1", "no"])),
    min_size=1,
    max_size=6,
)


@settings(max_examples=30, deadline=None)
@given(ways=DRAWN_WAYS, places=st.permutations(range(12)))
def test_whatever_the_ways_one_gets_from_node_to_node_as_their_nodes_say(
    tmp_path_factory: pytest.TempPathFactory, ways: list[tuple[list[int], str]], places: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("drawn")
    nodes: dict[int, Place] = {
        number: (113.0 + 0.01 * (place % 4), 22.5 + 0.01 * (place // 4)) for number, place in enumerate(places, start=1)
    }
    oracle: nx.DiGraph = nx.DiGraph()
    for refs, oneway in ways:
        for a, b in itertools.pairwise(refs):
            if oneway != "-1":
                oracle.add_edge(a, b)
            if oneway != "yes":
                oracle.add_edge(b, a)
    drawn: list[WayRow] = [
        (i, refs, {"highway": "primary", "oneway": oneway}) for i, (refs, oneway) in enumerate(ways, start=10)
    ]
    found = made(folder, nodes, drawn)
    if found.layers["highways"].frame.empty:
        assert all(len(set(refs)) == 1 for refs, _ in ways)
        return
    graph = road_graph(build_network(found.layers))
    known = {int(name.removeprefix("road/osm-n")): name for name in graph}
    ends = {refs[i] for refs, _ in ways for i in (0, -1) if len(set(refs)) > 1}
    assert ends <= set(known)
    for a in known:
        reached = {known[b] for b in nx.descendants(oracle, a) if b in known}
        assert nx.descendants(graph, known[a]) == reached - {known[a]}
