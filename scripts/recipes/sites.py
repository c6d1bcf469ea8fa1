"""Ports, airports and the links across boundaries."""

from __future__ import annotations

from atlas.base.tables import listing
from recipes.opening import opening
from recipes.tables import Compiled, Facts, Feature, Point, Row


def compile_sites(facts: Facts) -> Compiled:
    """Return the layers ports, airports and cross_border_links."""
    ports = [_port(facts, row) for row in facts.rows("ports")]
    airports = [_airport(facts, row) for row in facts.rows("airports")]
    use = {row["id"]: row for row in facts.rows("border_use")}
    links = [_link(facts, row, use.get(row["id"], {})) for row in facts.rows("cross_boundary_links")]
    return Compiled({"ports": ports, "airports": airports, "cross_border_links": links})


def _site(facts: Facts, layer: str, row: Row, opened: str) -> dict[str, object]:
    properties = facts.common(layer, row, kind=row["kind"], status=row["status"], source=row["source"])
    properties |= opening(row["status"], opened).columns()
    properties |= {
        "confidence": row["confidence"],
        "geometry_quality": "schematic" if row["confidence"] == "low" else "traced",
        "position_error_m": float(row["coord_error_m"]),
    }
    return properties


def _port(facts: Facts, row: Row) -> Feature:
    properties = _site(facts, "ports", row, "")
    properties |= {name: row[name] or None for name in ("port", "port_of_entry", "unlocode")}
    return Feature(properties, ((float(row["lon"]), float(row["lat"])),))


def _airport(facts: Facts, row: Row) -> Feature:
    properties = _site(facts, "airports", row, row["opened"])
    if properties["source"] == "airportsdata":
        properties["geometry_quality"] = "surveyed"
    properties |= {"service": row["service"] or None, "iata": row["iata"] or None, "icao": row["icao"] or None}
    return Feature(properties, ((float(row["lon"]), float(row["lat"])),))


def _link(facts: Facts, row: Row, use: Row) -> Feature:
    properties = _site(facts, "cross_border_links", row, row["opened"])
    properties["city"] = listing((row["side_a_city"], row["side_b_city"]))
    properties["geometry_quality"] = "schematic"
    properties |= {
        "side_a_city": row["side_a_city"],
        "side_b_city": row["side_b_city"],
        "drawn_by": row["drawn_by"] or None,
        # Only the crossings to Hong Kong and Macau are links of the network: an expressway across a
        # boundary is in the layer highways already, and a link that the plan names has no known course.
        "in_network": row["kind"] == "border_crossing",
        "travellers": use.get("travellers") or None,
        "vehicles": use.get("vehicles") or None,
        "hours": use.get("hours") or None,
    }
    if use:
        properties["source_note"] = f"{properties['source_note']}; use: {use['source']}"
    ends: tuple[Point, Point] = (
        (float(row["a_lon"]), float(row["a_lat"])),
        (float(row["b_lon"]), float(row["b_lat"])),
    )
    return Feature(properties, ends)
