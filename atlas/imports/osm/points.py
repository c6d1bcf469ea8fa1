"""Places, stations, ports, airports and city boundaries from OpenStreetMap elements."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from atlas.base.doors import did_you_mean
from atlas.base.errors import ImportDataError
from atlas.base.geodesy import Floats, distance_km
from atlas.base.tables import listing
from atlas.imports.osm.read import Element, Extract
from atlas.imports.osm.tags import Tags, city_of, clean, common, names, number, opening

__all__ = [
    "PLACES",
    "CoreCity",
    "cities_of",
    "core_of",
    "country_of",
    "places_asked",
    "points_of",
    "single_stations",
    "station_class",
]

Record = dict[str, Any]
Cities = Callable[[Floats], list[str | None]]
#: Stations of one name within this distance are one: the halls of a large interchange.
_SAME_KM = 0.5
_LEVELS = {
    "city": "prefecture", "town": "town", "borough": "district", "suburb": "district",
    "village": "village", "hamlet": "village",
}  # fmt: skip
#: Kinds of places that are taken unless others are asked for, and further ones that an atlas of its own takes.
PLACES = ("city", "town", "borough", "suburb")
VILLAGES = ("village", "hamlet")
#: Farther from the middle of a city or town than this no suburb counts as its part.
_PART_KM = 25.0
#: Most cities that are taken for the centre of an atlas of which nobody says what it is about.
_MOST_CORE = 4


def place_of(one: Element, extract: Extract) -> tuple[float, float] | None:
    """Return where an element stands: a node's own place, the middle of an area; None where that is unknown."""
    if one.at is not None:
        return one.at
    rows = [extract.positions.rows(extract.shapes[way]) for way in one.members if way in extract.shapes]
    known = np.unique(np.concatenate(rows)) if rows else np.zeros(0, dtype=np.int64)
    known = known[known >= 0]
    if not len(known):
        return None
    points = np.column_stack([extract.positions.lon[known], extract.positions.lat[known]])
    # The middle of the hull lies in or near the area and needs no ring to close.
    middle = shapely.MultiPoint(points).convex_hull.centroid
    return round(float(middle.x), 6), round(float(middle.y), 6)


@dataclass(frozen=True)
class CoreCity:
    """A city an atlas is about: its name in the column ``city``, all its names, and the place that is its centre."""

    city: str
    name_en: str
    names: frozenset[str]
    seat: str
    at: tuple[float, float]


def places_asked(text: str | None) -> tuple[str, ...]:
    """Return the kinds of places a user asked for, joined by commas; None: cities, towns, their parts and villages.

    Raises
    ------
    ImportDataError
        A name is no kind of place.

    Examples
    --------
    >>> places_asked("city, town")
    ('city', 'town')
    """
    if text is None:
        return (*PLACES, VILLAGES[0])
    asked = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    strange = [one for one in asked if one not in _LEVELS]
    if strange or not asked:
        raise ImportDataError(
            f"--places {text!r}: {', '.join(strange) or 'nothing'} is no kind of place; there are {', '.join(_LEVELS)}"
        )
    return asked


def core_of(
    extract: Extract, area: BaseGeometry | None, asked: Sequence[str], places: Collection[str], notes: list[str]
) -> tuple[CoreCity, ...]:
    """Return the cities an atlas is about: those asked for, else the largest of the highest kind there is.

    Raises
    ------
    ImportDataError
        A name asked for is that of no city, town or other place in the extract.
    """
    order = list(_LEVELS)
    placed = [
        (one, at)
        for one in extract.points
        if one.tags.get("place") in places and names(one.tags)[0] and (at := place_of(one, extract)) is not None
        if area is None or shapely.intersects_xy(area, *at)
    ]
    placed.sort(
        key=lambda pair: (
            order.index(pair[0].tags["place"]), -(number(pair[0].tags.get("population")) or 0.0),
            pair[0].element != "node", pair[0].number,
        )
    )  # fmt: skip
    called: dict[str, tuple[Element, tuple[float, float]]] = {}
    for one, at in placed:
        for name in sorted(_called(one.tags)):
            called.setdefault(name.casefold(), (one, at))
    if asked:
        unknown = [name for name in asked if name.removesuffix("市").casefold() not in called]
        if unknown:
            raise ImportDataError(
                f"--core {unknown[0]!r} is no place in the extract{did_you_mean(unknown[0].casefold(), called)}; "
                "places are what is tagged place=city, town and the like, as --places says"
            )
        chosen = [called[name.removesuffix("市").casefold()] for name in asked]
    else:
        first: dict[str | None, tuple[Element, tuple[float, float]]] = {}
        for one, at in placed:
            if one.tags["place"] == placed[0][0].tags["place"]:
                first.setdefault(names(one.tags)[0], (one, at))
        chosen = list(first.values())[:_MOST_CORE]
        told = ", ".join(str(name) for name in list(first)[:_MOST_CORE])
        notes.append(
            f"about {told}: the largest places; atlas new --core takes others" if told else "no place has a name"
        )
    return tuple(
        CoreCity(str(zh).removesuffix("市"), en or str(zh), _called(one.tags), f"osm-{one.element[0]}{one.number}", at)
        for one, at in {one.number: (one, at) for one, at in chosen}.values()
        for zh, en in [names(one.tags)]
    )


def _called(tags: Tags) -> frozenset[str]:
    told = (clean(tags.get(key)) for key in ("name", "name:zh", "name:en", "int_name"))
    return frozenset(name.removesuffix("市") for name in told if name)


def country_of(extract: Extract) -> str:
    """Return the code of the country whose boundary the extract holds; empty for none or several.

    Of several that one counts whose capital is a place of the extract.
    """
    here = {one.number for one in extract.points if one.element == "node"}
    codes: dict[str, bool] = {}
    for one in extract.countries:
        if code := one.tags.get("ISO3166-1") or one.tags.get("ISO3166-1:alpha2"):
            codes[code] = codes.get(code, False) or bool(here & set(one.nodes))
    chosen = [code for code, capital in codes.items() if capital] or list(codes)
    return chosen[0] if len(chosen) == 1 else ""


def cities_of(extract: Extract, notes: list[str], core: Sequence[CoreCity] = ()) -> Cities:
    """Return a function that names the city of points by the boundaries in the extract.

    Boundaries that do not close (cut by the edge of the extract) name nothing and are noted. A boundary named like a
    city of `core` that holds its centre is that city's.
    """
    found: list[tuple[str, BaseGeometry]] = []
    mine = {name: city for city in core for name in city.names}
    for one in extract.boundaries:
        own = next((mine[name] for name in sorted(_called(one.tags)) if name in mine), None)
        name = city_of(one.tags) or (own.city if own else None)
        rows = [extract.positions.rows(extract.shapes[way]) for way in one.members if way in extract.shapes]
        lines = [
            shapely.LineString(np.column_stack([extract.positions.lon[row], extract.positions.lat[row]]))
            for row in rows
            if len(row) >= 2 and (row >= 0).all()
        ]
        areas = shapely.get_parts(shapely.polygonize(lines)) if name and lines else np.zeros(0, dtype=object)
        if name and len(areas):
            whole = shapely.union_all(areas)
            if own is None or shapely.intersects_xy(whole, *own.at):
                found.append((name, whole))
        elif name:
            notes.append(f"the boundary of {name} (relation/{one.number}) does not close in this extract")
    if not found:
        notes.append("no city boundary in the extract; the column city stays empty and all counts as mainland")
    tree = shapely.STRtree([area for _, area in found])

    def named(points: Floats) -> list[str | None]:
        cities: list[str | None] = [None] * len(points)
        if found and len(points):
            hits = tree.query(shapely.points(points), predicate="intersects").T
            # Hong Kong and Macau lie in no prefecture, but an untidy boundary may overlap: the smaller wins.
            for point, area in sorted(hits.tolist(), key=lambda hit: (hit[0], -found[hit[1]][1].area)):
                cities[point] = found[area][0]
        return cities

    return named


def station_class(tags: Tags) -> str:
    """Return ``metro`` or ``rail``."""
    metro = tags.get("station") in {"subway", "light_rail", "monorail"} or "yes" in {
        tags.get("subway"), tags.get("light_rail"),
    }  # fmt: skip
    return "metro" if metro and tags.get("train") != "yes" else "rail"


def points_of(
    extract: Extract,
    area: BaseGeometry | None,
    cities: Cities,
    *,
    source: str,
    as_of: str,
    places: Collection[str] = PLACES,
    core: Sequence[CoreCity] = (),
) -> dict[str, tuple[list[Record], list[BaseGeometry]]]:
    """Return records and points of ``stations``, ``places`` (of the kinds asked for), ``ports`` and ``airports``."""
    seat_of = {one.seat: one.city for one in core}
    made: dict[str, tuple[list[Record], list[BaseGeometry]]] = {
        key: ([], []) for key in ("stations", "places", "ports", "airports")
    }
    placed = [(one, at) for one in extract.points if (at := place_of(one, extract)) is not None]
    if area is not None and placed:
        inside = shapely.intersects_xy(area, np.array([at for _, at in placed]))
        placed = [pair for pair, there in zip(placed, inside, strict=True) if there]
    seats = cities(np.array([at for _, at in placed]).reshape(-1, 2))
    for (one, at), city in zip(placed, seats, strict=True):
        layer, kind, columns = _what(one.tags)
        if not layer or (layer == "places" and one.tags["place"] not in places):
            continue
        city = seat_of.get(f"osm-{one.element[0]}{one.number}", city)
        record = common(
            f"osm-{one.element[0]}{one.number}", one.tags, kind, f"{one.element}/{one.number}",
            source=source, as_of=as_of, city=city,
        )  # fmt: skip
        made[layer][0].append(record | opening(one.tags, layer) | columns)
        made[layer][1].append(shapely.Point(at))
    if core:
        _with_parents(*made["places"])
    return made


def _with_parents(places: list[Record], points: list[BaseGeometry]) -> None:
    """Make towns of the parts of cities; those of known population belong to the nearest city or town within reach."""
    wholes = [k for k, one in enumerate(places) if one["level"] in {"prefecture", "town"}]
    tree = shapely.STRtree([points[k] for k in wholes])
    for k, one in enumerate(places):
        if one["level"] != "district":
            continue
        one |= {"level": "town", "kind": "town"}
        near = wholes[int(tree.nearest(points[k]))] if wholes else k
        if (
            wholes
            and one["population"]
            and distance_km(points[k].x, points[k].y, points[near].x, points[near].y) <= _PART_KM
        ):
            one["parent"] = places[near]["id"]


def single_stations(
    records: list[Record], points: list[BaseGeometry], notes: list[str]
) -> tuple[list[Record], list[BaseGeometry]]:
    """Make one of stations of one name and kind near one another: node and building, or one a line.

    The node with the lowest number stays, else the first.
    """
    order = sorted(range(len(records)), key=lambda i: (not records[i]["id"].startswith("osm-n"), i))
    kept: dict[tuple[str, bool], list[int]] = {}
    for i in order:
        name = (records[i]["name_zh"] or records[i]["id"], records[i]["kind"] == "metro")
        here = points[i]
        near = (j for j in kept.get(name, ()) if distance_km(here.x, here.y, points[j].x, points[j].y) <= _SAME_KM)
        if next(near, None) is None:
            kept.setdefault(name, []).append(i)
    chosen = sorted(i for group in kept.values() for i in group)
    if len(chosen) < len(records):
        notes.append(f"stations beside one of the same name, which stands for them: {len(records) - len(chosen)}")
    return [records[i] for i in chosen], [points[i] for i in chosen]


def _what(tags: Tags) -> tuple[str, str, Record]:
    """Return layer, kind and own columns of a tagged thing; an empty layer for what is none of these."""
    if tags.get("railway") in {"station", "halt"}:
        kind = "metro" if station_class(tags) == "metro" else "conventional"
        freight = tags.get("railway:traffic_mode") == "freight" or tags.get("usage") == "freight"
        kind = "freight" if freight else kind
        return "stations", kind, {"line_ids": "", "trains_per_day": None, "passenger": not freight}
    if tags.get("aeroway") in {"aerodrome", "heliport"}:
        iata = clean(tags.get("iata"))
        kind = "heliport" if tags["aeroway"] == "heliport" else "civil" if iata else "general_aviation"
        own = {"iata": iata, "icao": clean(tags.get("icao")), "service": "scheduled" if iata else "general"}
        return "airports", kind, own
    if _is_port(tags):
        unlocode = clean(tags.get("unlocode") or tags.get("ref:unlocode"))
        return "ports", _port_kind(tags), {"port": None, "port_of_entry": None, "unlocode": unlocode}
    if tags.get("place") in _LEVELS:
        return "places", _LEVELS[tags["place"]], _place(tags)
    return "", "", {}


def _is_port(tags: Tags) -> bool:
    return (
        tags.get("amenity") == "ferry_terminal"
        or tags.get("harbour") == "yes"
        or tags.get("industrial") == "port"
        or tags.get("landuse") == "harbour"
        or tags.get("leisure") == "marina"
    )


def _port_kind(tags: Tags) -> str:
    if tags.get("amenity") == "ferry_terminal":
        return "passenger_terminal"
    if tags.get("leisure") == "marina" or tags.get("seamark:harbour:category") == "marina":
        return "yacht"
    return "sea_port_area"


def _place(tags: Tags) -> Record:
    people = number(tags.get("population"))
    year = (tags.get("population:date") or "")[:4]
    other = [clean(tags.get(key)) for key in ("name", "name:en")]
    return {
        "level": _LEVELS[tags["place"]],
        "adcode": "",
        "parent": None,
        "population": people,
        "pop_year": int(year) if people and year.isdigit() and int(year) >= 1900 else None,
        "area_km2": None,
        "aliases": listing(dict.fromkeys(name for name in other if name)),
    }
