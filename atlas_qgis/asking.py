"""Asking an atlas service, and its answers as rows: the standard library alone, so that it runs without QGIS too."""

import json
import urllib.error
import urllib.parse
import urllib.request

USUAL = "http://127.0.0.1:8000"
MODES = ("multimodal", "drive", "rail")
SECONDS = 120
LARGEST = 128_000_000

AREA_FIELDS = (
    ("origin", str), ("origin_zh", str), ("mode", str), ("scenario", str), ("cutoff_min", float), ("area_km2", float),
)  # fmt: skip
ROUTE_FIELDS = (
    ("origin", str), ("destination", str), ("mode", str), ("scenario", str), ("travel_time_min", float),
    ("length_km", float), ("legs", str),
)  # fmt: skip
MATRIX_FIELDS = (
    ("from_id", str), ("to_id", str), ("from_zh", str), ("to_zh", str), ("scenario", str), ("mode", str),
    ("travel_time_min", float), ("access_min", float), ("wait_min", float), ("in_vehicle_min", float),
    ("transfer_min", float), ("border_min", float), ("egress_min", float),
)  # fmt: skip
#: Pairs asked for at a time: an address holds some thousand signs.
BLOCK = 40


class Refused(Exception):
    """The service does not answer; the message says why and what to do."""


def ask(service, path, asked):
    """Return the JSON that a path of the service answers to the pairs `asked`; None and empty values are left out.

    Raises
    ------
    Refused
        The service is not there, refuses, or answers what is no JSON.
    """
    base = service.strip().rstrip("/")
    if urllib.parse.urlsplit(base).scheme not in ("http", "https"):
        raise Refused(f"{service!r} is no address of a service; give one such as {USUAL}")
    query = urllib.parse.urlencode([(name, str(value)) for name, value in asked if value not in (None, "")])
    request = urllib.request.Request(f"{base}{path}?{query}", headers={"Accept": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            body = answer.read(LARGEST + 1)
    except urllib.error.HTTPError as error:
        raise Refused(told(error.read(100_000), error.code)) from error
    except OSError as error:
        raise Refused(f"nothing answers at {base} ({error}); start the service with: atlas serve") from error
    if len(body) > LARGEST:
        raise Refused(f"the answer has more than {LARGEST // 1_000_000} MB; ask for less")
    try:
        return json.loads(body)
    except ValueError as error:
        raise Refused(f"{base} answers what is no JSON; is it an atlas service?") from error


def told(body, status):
    """Return what a refusal says: its detail, its remedy and the names that come near."""
    try:
        problem = json.loads(body)
        words = [problem["detail"], problem["remedy"], ", ".join(problem.get("candidates", []))]
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"the service answers {status}"
    return "; ".join(word for word in words if word)


def names(text):
    """Return the places of a text, one a line or parted by semicolons."""
    parts = text.replace("\n", ";").replace("；", ";").split(";")
    return [part.strip() for part in parts if part.strip()]


def wkt(geometry):
    """Return a GeoJSON geometry as WKT; empty for none."""
    if not geometry or not geometry["coordinates"]:
        return ""
    kind = geometry["type"]
    depth = {"Point": 0, "LineString": 1, "MultiPoint": 1, "Polygon": 2, "MultiLineString": 2, "MultiPolygon": 3}[kind]

    def written(part, level):
        if level == 0:
            return f"{part[0]!r} {part[1]!r}"
        return "(" + ", ".join(written(one, level - 1) for one in part) + ")"

    inner = written(geometry["coordinates"], depth)
    return f"{kind.upper()} {inner if depth else f'({inner})'}"


def row(fields, values):
    """Return the values of a row in the order of its fields, each of its type or None."""
    found = [values.get(name) for name, _ in fields]
    return [None if value is None else kind(value) for value, (_, kind) in zip(found, fields)]  # noqa: B905  (QGIS 3.22 comes with Python 3.7 too)


def routes(service, origin, destination, mode="multimodal", year="2026"):
    """Yield the way from one place to another: row and WKT; nothing where there is no way."""
    answer = ask(service, "/route", [("from", origin), ("to", destination), ("mode", mode), ("year", year)])
    legs = " > ".join(f"{leg['name_zh'] or leg['role']} {leg['minutes']:.0f}" for leg in answer["legs"])
    for feature in answer["features"]:
        yield row(ROUTE_FIELDS, {**answer["about"], "legs": legs}), wkt(feature["geometry"])


def areas(service, origins, within="60,120", mode="multimodal", year="2026", stopped=lambda: False):
    """Yield the areas within reach of each of `origins`: row and WKT."""
    for origin in origins:
        if stopped():
            return
        asked = [("origin", origin), ("within", within), ("mode", mode), ("year", year)]
        for feature in ask(service, "/isochrone", asked)["features"]:
            yield row(AREA_FIELDS, feature["properties"]), wkt(feature["geometry"])


def times(service, origins, destinations, mode="multimodal", year="2026", stopped=lambda: False):
    """Yield the times of all pairs, row by row."""
    for start in range(0, len(origins), BLOCK):
        for end in range(0, len(destinations), BLOCK):
            if stopped():
                return
            asked = [("from", one) for one in origins[start : start + BLOCK]]
            asked += [("to", one) for one in destinations[end : end + BLOCK]]
            for found in ask(service, "/matrix", [*asked, ("mode", mode), ("year", year)])["times"]:
                yield row(MATRIX_FIELDS, found)
