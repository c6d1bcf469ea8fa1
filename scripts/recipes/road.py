"""Roads as ordered nodes, and the nodes themselves."""

from __future__ import annotations

from collections.abc import Sequence

from atlas.base.tables import listing, slots
from recipes.opening import BASE_YEAR, Opening, earliest, opening
from recipes.rail import drawn_km, without_repeats
from recipes.tables import Compiled, Facts, Feature, Point, Row, TableError, number, point, whole

# Where local travel can leave or join: towns, seats, exits, gates, forecourts. Expressway interchanges,
# bridge ends and junctions on islands or at a boundary are not such places.
_EXIT_KINDS = {
    "town",
    "city_centre",
    "district_centre",
    "county_seat",
    "exit",
    "airport",
    "port_gate",
    "border_crossing",
}


def is_exit(node: Row) -> bool:
    """Return whether local travel can leave or join the road at a node."""
    if node["kind"] in _EXIT_KINDS:
        return True
    named = node["id"].startswith(("e_", "st_")) or "出口" in node["name_zh"]
    return named or node["id"] in {"xiangzhou_jinan", "hailing_n"}


def compile_roads(facts: Facts) -> Compiled:
    """Return the layers highways and interchanges."""
    nodes = {row["id"]: row for row in facts.rows("road_nodes")}
    bends: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in facts.rows("road_via_points"):
        bends.setdefault((row["link_id"], row["after_node_id"]), []).append(row)
    links = facts.rows("road_links")
    pieces: dict[str, list[dict[str, str]]] = {}
    for row in facts.rows("road_pieces"):
        pieces.setdefault(row["link_id"], []).append(row)
    roads = [_road(facts, row, nodes, bends) for link in links for row in in_pieces(link, pieces.pop(link["id"], []))]
    if pieces:
        raise TableError(f"road_pieces.csv: no such link: {', '.join(sorted(pieces))}")
    if bends:
        raise ValueError(f"road_via_points: no such link or node: {sorted(bends)}")
    touching: dict[str, list[Feature]] = {}
    for road in roads:
        for key in slots(road.properties["node_ids"]):
            touching.setdefault(key, []).append(road)
    points = [_node(facts, row, touching.get(row["id"], [])) for row in nodes.values()]
    return Compiled({"highways": roads, "interchanges": points})


def in_pieces(link: Row, pieces: Sequence[Row]) -> list[dict[str, str]]:
    """Return a road as the pieces it opened in, or as it is when it opened as a whole.

    A piece takes over what it leaves blank from its road; one of them bears the road's id. A length is a
    piece's own: that of the whole is no length of a part.

    Raises
    ------
    TableError
        The pieces do not cover the road's nodes in order, or none bears its id.

    Examples
    --------
    >>> road = {"id": "r", "node_ids": "a;b;c", "opened": "2020", "length_km": "9"}
    >>> first = {"id": "r", "link_id": "r", "from_node": "a", "to_node": "b", "opened": "2017"}
    >>> second = {"id": "r_2", "link_id": "r", "from_node": "b", "to_node": "c"}
    >>> [(one["id"], one["node_ids"], one["opened"]) for one in in_pieces(road, [first, second])]
    [('r', 'a;b', '2017'), ('r_2', 'b;c', '2020')]
    """
    if not pieces:
        return [{**link, "link_id": link["id"]}]
    keys = slots(link["node_ids"])
    at = 0
    roads = []
    for piece in pieces:
        if piece["from_node"] != keys[at] or piece["to_node"] not in keys[at + 1 :]:
            raise TableError(f"road_pieces.csv {piece['id']}: must start at {keys[at]} and end at a later node")
        end = keys.index(piece["to_node"], at + 1)
        own = {name: value for name, value in piece.items() if value and name in link}
        nodes = listing(keys[at : end + 1])
        length = piece.get("length_km", "")
        roads.append({**link, **own, "link_id": link["id"], "node_ids": nodes, "length_km": length})
        at = end
    if at != len(keys) - 1 or link["id"] not in {road["id"] for road in roads}:
        raise TableError(f"road_pieces.csv: the pieces of {link['id']} must cover it, and one must bear its id")
    return roads


def _road(
    facts: Facts,
    row: Row,
    nodes: dict[str, dict[str, str]],
    bends: dict[tuple[str, str], list[dict[str, str]]],
) -> Feature:
    keys = slots(row["node_ids"])
    path: list[Point] = []
    traced = 0
    for key in keys:
        path.append((float(nodes[key]["lon"]), float(nodes[key]["lat"])))
        if key == keys[-1]:
            break
        for bend in sorted(bends.pop((row["link_id"], key), []), key=lambda one: int(one["seq"])):
            path.append((float(bend["lon"]), float(bend["lat"])))
            traced += "OSM" in bend["note"]
    course = without_repeats(path)
    access = row["id"].startswith("acc_")
    source = "; ".join(part for part in (row["source"], row["notes_no_connect"]) if part)
    properties = facts.common(
        "highways", row, kind="access" if access else row["kind"], status=row["status"], source=source
    )
    properties |= opening(row["status"], row["opened"]).columns()
    properties |= {
        "city": listing(dict.fromkeys(nodes[key]["city"] for key in keys)),
        "confidence": row["confidence"],
        "geometry_quality": "traced" if traced >= len(keys) else "schematic",
        "position_error_m": max(float(nodes[key]["coord_error_m"]) for key in keys),
        "ref": row["ref"] or None,
        "speed_limit_kmh": number(row["speed_limit_kmh"]),
        "lanes": whole(row["lanes"]),
        "toll": row["toll"] == "yes",
        "node_ids": row["node_ids"],
        "structure": "bridge" if row["kind"] == "expressway_bridge" else "surface",
        "published_length_km": number(row["length_km"]),
        "drawn_length_km": drawn_km(course),
        "in_network": True,
        "no_connect": row["notes_no_connect"] or None,
        "oneway": False,
    }
    return Feature(properties, course)


def _node(facts: Facts, row: Row, roads: list[Feature]) -> Feature:
    if not roads or row["kind"] in {"town", "city_centre", "district_centre", "county_seat"}:
        # A town is neither open nor shut; it stood when the plan was written.
        status, when = "unknown", Opening(None, None, "unknown", BASE_YEAR)
    else:
        status, year = earliest((road.properties["status"], road.properties["opens_year"]) for road in roads)
        when = Opening(None, None if status == "operating" else year, "assumed", year)
    properties = facts.common("interchanges", row, kind=row["kind"], status=status, source=row["coord_source"])
    properties |= when.columns()
    properties |= {
        "status_as_of": None,
        "confidence": row["coord_confidence"],
        "geometry_quality": "schematic" if row["coord_confidence"] == "low" else "traced",
        "position_error_m": float(row["coord_error_m"]),
        "exit": is_exit(row),
    }
    where = point(row)
    if where is None:
        raise ValueError(f"road_nodes {row['id']}: no coordinate")
    return Feature(properties, (where,))
