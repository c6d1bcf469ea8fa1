"""Stations, railways and the services that run on them."""

from __future__ import annotations

import re
from typing import Any

from pyproj import Geod

from atlas.base.tables import SEPARATOR, listing, slots
from recipes.opening import Opening, opening
from recipes.tables import Compiled, Facts, Feature, Left, Point, Row, TableError, known_on, number

_GEOD = Geod(ellps="WGS84")
_BETWEEN = re.compile(r"between ([^-;]+)-([^-; ]+)")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_RECENT = re.compile(r"recent=(\d+)/(\d+)")
# Metres for the table's words; only the first is measured (docs/layers.md), the others are allowances.
_STATION_ERROR_M = {"high": 150.0, "medium": 500.0, "low": 3000.0}
_NO_SITE_ERROR_M = 5000.0
_LINE_RANK = ("high_speed", "intercity", "conventional", "metro")
# Trains that run by the 2026 timetable are counted from the year their lines and stops were open.
_TIMETABLE_YEAR = 2026


def drawn_km(coordinates: tuple[Point, ...]) -> float:
    """Return the geodesic length of a line, km to the metre."""
    lons, lats = zip(*coordinates, strict=True)
    return round(float(_GEOD.line_length(lons, lats)) / 1000, 3)


def without_repeats(path: list[Point]) -> tuple[Point, ...]:
    """Return the course without a point that lies where the one before it does: a bend on a node or station."""
    return tuple(here for at, here in enumerate(path) if not at or here != path[at - 1])


def compile_rail(facts: Facts) -> Compiled:
    """Return the layers stations, railways and rail_services."""
    compiled = Compiled()
    lines = {row["id"]: row for row in facts.rows("rail_lines")}
    stations = {row["id"]: row for row in facts.rows("rail_stations")}
    compiled.join(_stations(facts, stations, lines))
    compiled.join(_railways(facts, stations, lines))
    compiled.join(_services(facts, stations, compiled))
    compiled.join(_frequencies(facts, stations, compiled))
    return compiled


def _stations(facts: Facts, stations: dict[str, dict[str, str]], lines: dict[str, dict[str, str]]) -> Compiled:
    counted = {row["station_id"]: row for row in facts.rows("rail_station_calls")}
    calls = {key: row["trains_per_day"] for key, row in counted.items()}
    lost = [Left("rail_station_calls", key, "no such station") for key in calls if key not in stations]
    features = [_station(facts, row, lines, calls) for row in stations.values()]
    for feature in features:
        # The words of a station tell of its position; its trains tell that it is open.
        row, served = stations[feature.id], counted.get(feature.id, {})
        words = "" if row["status"] == "operating" else row["coord_source"]
        seen = served.get("source_updated") if float(served.get("trains_per_day") or 0) > 0 else None
        feature.properties["status_as_of"] = seen or known_on(row["status"], words, row["opened"])
    return Compiled({"stations": features}, lost)


def _station(facts: Facts, row: Row, lines: dict[str, dict[str, str]], calls: dict[str, str]) -> Feature:
    own = [lines[key] for key in slots(row["lines"]) if key in lines]
    passenger = not own or any(line["passenger"] == "yes" for line in own)
    kinds = {line["kind"] for line in own if line["passenger"] == "yes"}
    kind = next((kind for kind in _LINE_RANK if kind in kinds), "conventional" if passenger else "freight")
    words = row["coord_source"]
    error = _STATION_ERROR_M[row["coord_confidence"]]
    if "exact site not found" in words:
        error = _NO_SITE_ERROR_M
    properties = facts.common("stations", row, kind=kind, status=row["status"], source=words)
    properties |= _station_opening(row, own).columns()
    properties |= {
        "confidence": row["coord_confidence"],
        "geometry_quality": "schematic" if row["coord_confidence"] == "low" else "traced",
        "position_error_m": error,
        "line_ids": listing(line["id"] for line in own if _is_drawn(line)),
        "trains_per_day": number(calls.get(row["id"], "")),
        "passenger": passenger,
    }
    return Feature(properties, ((float(row["lon"]), float(row["lat"])),))


def _is_drawn(line: Row) -> bool:
    """Return whether a line has two stations at least; of one station nothing can be drawn."""
    return SEPARATOR in line["station_ids"]


def _station_opening(row: Row, lines: list[dict[str, str]]) -> Opening:
    """Return the opening of a station: its own date, else that of the first line still to open there."""
    own = opening(row["status"], row["opened"])
    if row["status"] == "operating" or own.opens_basis == "announced":
        return own
    carriers = [opening(line["status"], line["opened_or_expected"]) for line in lines if line["status"] != "operating"]
    dated = [one for one in carriers if one.opens_year is not None]
    return min(dated, key=lambda one: one.opens_year or 0) if dated else own


def _railways(facts: Facts, stations: dict[str, dict[str, str]], lines: dict[str, dict[str, str]]) -> Compiled:
    bends: dict[str, list[dict[str, str]]] = {}
    for row in facts.rows("rail_via_points"):
        bends.setdefault(row["line_id"], []).append(row)
    compiled = Compiled({"railways": []})
    for key, row in lines.items():
        stops = slots(row["station_ids"])
        if not _is_drawn(row):
            compiled.left.append(Left("rail_lines", key, "one station only: no alignment is known, nothing to draw"))
            continue
        path = _path(key, stops, stations, bends.pop(key, []))
        compiled.layers["railways"].append(_railway(facts, row, stops, path, stations))
    for key, rows in bends.items():
        compiled.left += [Left("rail_via_points", f"{key}:{row['seq']}", "its line is not drawn") for row in rows]
    return compiled


def _path(
    line: str, stops: list[str], stations: dict[str, dict[str, str]], bends: list[dict[str, str]]
) -> tuple[Point, ...]:
    """Return the course through the stops, with each bend put between the two stops its note names."""
    after: dict[int, list[Point]] = {}
    names = [stations[stop]["name_zh"] for stop in stops]
    for bend in sorted(bends, key=lambda row: int(row["seq"])):
        found = _BETWEEN.search(bend["note"])
        if found is None or found.group(1) not in names or found.group(2) not in names:
            raise ValueError(f"rail_via_points {line}:{bend['seq']}: its note names no two stations of the line")
        after.setdefault(names.index(found.group(1)), []).append((float(bend["lon"]), float(bend["lat"])))
    path: list[Point] = []
    for place, stop in enumerate(stops):
        path.append((float(stations[stop]["lon"]), float(stations[stop]["lat"])))
        path += after.get(place, [])
    return without_repeats(path)


def _railway(
    facts: Facts, row: Row, stops: list[str], path: tuple[Point, ...], stations: dict[str, dict[str, str]]
) -> Feature:
    cities = list(dict.fromkeys(stations[stop]["city"] for stop in stops))
    traced = len(path) > len(stops)
    confidences = [stations[stop]["coord_confidence"] for stop in stops]
    properties = facts.common("railways", row, kind=row["kind"], status=row["status"], source=row["source"])
    properties["status_as_of"] = known_on(row["status"], row["source"], row["opened_or_expected"])
    properties |= opening(row["status"], row["opened_or_expected"]).columns()
    if row["opened_or_expected"]:
        properties["source_note"] += f"; opening as given: {row['opened_or_expected']}"
    properties |= {
        "city": listing(cities),
        "confidence": row["confidence"],
        "geometry_quality": "traced" if traced else "schematic",
        "position_error_m": max(_STATION_ERROR_M[one] for one in confidences),
        "design_speed_kmh": number(row["design_speed_kmh"]),
        "operating_speed_kmh": number(row["operating_speed_kmh"]),
        "passenger": row["passenger"] == "yes",
        "station_ids": row["station_ids"],
        "published_length_km": number(row["length_km"]),
        "drawn_length_km": drawn_km(path),
        "in_network": True,
    }
    return Feature(properties, path)


def _services(facts: Facts, stations: dict[str, dict[str, str]], so_far: Compiled) -> Compiled:
    by_name = {row["name_zh"]: row for row in stations.values()}
    years = {one.id: one.properties["opens_year"] for key in ("stations", "railways") for one in so_far.layers[key]}
    compiled = Compiled({"rail_services": []})
    for row in facts.rows("rail_services"):
        names = slots(row["pattern_stops"])
        kept = [place for place, name in enumerate(names) if name in by_name]
        dropped = [name for name in names if name not in by_name]
        if len(kept) < 2:
            compiled.left.append(Left("rail_services", row["service_id"], "fewer than two stops with a coordinate"))
            continue
        compiled.left += [
            Left(
                "rail_services",
                f"{row['service_id']}:{name}",
                "stop left out: it has no coordinate in rail_stations",
            )
            for name in dropped
        ]
        compiled.layers["rail_services"].append(_service(facts, row, kept, by_name, years, dropped))
    return compiled


def _service(
    facts: Facts,
    row: Row,
    kept: list[int],
    by_name: dict[str, dict[str, str]],
    years: dict[str, int | None],
    dropped: list[str],
) -> Feature:
    names = slots(row["pattern_stops"])
    stops = [by_name[names[place]] for place in kept]
    path = tuple((float(stop["lon"]), float(stop["lat"])) for stop in stops)
    carriers = [*slots(row["line_ids"]), *(stop["id"] for stop in stops)]
    year = max((years.get(one) or 0 for one in carriers), default=0) or _TIMETABLE_YEAR
    recent = _RECENT.search(row["note"])
    identity = {
        "id": row["service_id"],
        "name_zh": f"{stops[0]['name_zh']}—{stops[-1]['name_zh']}",
        "name_en": f"{stops[0]['name_en']} – {stops[-1]['name_en']}",
    }
    note = f"timetable pages of {row['source_updated']}; {row['note']}".rstrip("; ")
    if dropped:
        note += f"; stop without a coordinate left out: {', '.join(dropped)}"
    properties: dict[str, Any] = facts.common(
        "rail_services", identity, kind="train_service", status="operating", source=note
    )
    properties["status_as_of"] = max(_DAY.findall(row["source_updated"]), default=None)
    properties |= Opening(None, None, "assumed", year).columns()
    properties |= {
        "city": listing(dict.fromkeys(stop["city"] for stop in stops)),
        "confidence": "high",
        "geometry_quality": "schematic",
        "position_error_m": max(_STATION_ERROR_M[stop["coord_confidence"]] for stop in stops),
        "station_ids": listing(stop["id"] for stop in stops),
        "elapsed_min": _picked(row["elapsed_min_median"], kept),
        "elapsed_min_low": _picked(row["elapsed_min_min"], kept),
        "elapsed_min_high": _picked(row["elapsed_min_max"], kept),
        "trains_per_day": number(row["trains_per_day"]),
        "trains_recent": float(recent.group(1)) if recent else None,
        "line_ids": row["line_ids"],
        "category": row["category"],
        "train_numbers": row["train_numbers"],
    }
    return Feature(properties, path)


def _frequencies(facts: Facts, stations: dict[str, dict[str, str]], so_far: Compiled) -> Compiled:
    """Return services known as a frequency: so many trains a day each way, and how long they take."""
    years = {one.id: one.properties["opens_year"] for key in ("stations", "railways") for one in so_far.layers[key]}
    compiled = Compiled({"rail_services": []})
    for row in facts.rows("rail_frequencies"):
        for way in ("f", "b"):
            compiled.layers["rail_services"].append(_frequency(facts, row, way, stations, years))
    return compiled


def _frequency(
    facts: Facts, row: Row, way: str, stations: dict[str, dict[str, str]], years: dict[str, int | None]
) -> Feature:
    keys = slots(row["station_ids"])
    columns = ("elapsed_min", "elapsed_min_low", "elapsed_min_high")
    elapsed = {name: [float(value) for value in slots(row[name])] for name in columns}
    if any(len(minutes) != len(keys) for minutes in elapsed.values()):
        raise TableError(f"rail_frequencies.csv {row['id']}: as many minutes as stations, please")
    if way == "b":
        keys = keys[::-1]
        elapsed = {name: [minutes[-1] - value for value in minutes[::-1]] for name, minutes in elapsed.items()}
    stops = [stations[key] for key in keys]
    carriers = [*slots(row["line_ids"]), *keys]
    identity = {
        "id": f"{row['id']}_{way}",
        "name_zh": f"{stops[0]['name_zh']}—{stops[-1]['name_zh']}",
        "name_en": f"{stops[0]['name_en']} – {stops[-1]['name_en']}",
    }
    trains = number(row["trains_per_day"])
    words = "; ".join(part for part in (row["source"], row["note"]) if part)
    properties: dict[str, Any] = facts.common(
        "rail_services", identity, kind="frequency", status="operating", source=words
    )
    year = max((years.get(one) or 0 for one in carriers), default=0) or _TIMETABLE_YEAR
    properties |= Opening(None, None, "assumed", year).columns()
    properties |= {
        "city": listing(dict.fromkeys(stop["city"] for stop in stops)),
        "confidence": row["confidence"],
        "geometry_quality": "schematic",
        "position_error_m": max(_STATION_ERROR_M[stop["coord_confidence"]] for stop in stops),
        "station_ids": listing(keys),
        **{name: listing(f"{value:g}" for value in minutes) for name, minutes in elapsed.items()},
        "trains_per_day": trains,
        "trains_recent": trains,
        "line_ids": row["line_ids"],
        "category": "",
        "train_numbers": "",
    }
    path = tuple((float(stop["lon"]), float(stop["lat"])) for stop in stops)
    return Feature(properties, path)


def _picked(minutes: str, kept: list[int]) -> str:
    """Return the minutes at the stops kept, counted from the first of them."""
    values = [float(value) for value in slots(minutes)]
    return listing(f"{values[place] - values[kept[0]]:g}" for place in kept)
