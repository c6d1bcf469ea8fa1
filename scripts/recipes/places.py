"""Cities, counties and towns, with the names they answer to."""

from __future__ import annotations

import re
from typing import Any

from atlas.base.tables import listing
from recipes.opening import BASE_YEAR, Opening
from recipes.tables import Compiled, Facts, Feature, Left, Row, number, point, whole

# Longest first: 特别行政区 before 区.
_SUFFIXES_ZH = ("特别行政区", "街道", "市", "区", "县", "镇", "乡")
_SUFFIXES_EN = (" Subdistrict", " District", " County", " Town", " SAR")
_ERROR_M = {"high": 1000.0, "medium": 1000.0, "low": 2000.0}
_NO_COORDINATE = "no coordinate known"


def slug(name: str) -> str:
    """Return `name` in lower-case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("'", "")).strip("-")


def short_names(name_zh: str, name_en: str) -> list[str]:
    """Return the names without what says city, county, town or the like."""
    names = [name_zh.removesuffix(suffix) for suffix in _SUFFIXES_ZH if name_zh.endswith(suffix)][:1]
    names += [name_en.removesuffix(suffix) for suffix in _SUFFIXES_EN if name_en.endswith(suffix)][:1]
    return [name for name in names if len(name) > 1]


def compile_places(facts: Facts) -> Compiled:
    """Return the layer places: administrative seats, then towns, in order of code."""
    units = facts.rows("admin_units")
    towns = facts.rows("towns")
    extra: dict[str, list[str]] = {}
    for row in facts.rows("place_aliases"):
        extra.setdefault(row["adcode"], []).append(row["alias"])
    cities = _cities(units)
    compiled = Compiled({"places": []})
    taken: set[str] = set()
    for table, rows in (("admin_units", units), ("towns", towns)):
        for row in rows:
            place = _unit(row) if table == "admin_units" else _town(row)
            if place["where"] is None:
                compiled.left.append(Left(table, place["adcode"], place["why"]))
                continue
            key = slug(place["name_en"])
            place["id"] = f"{key}-{place['adcode']}" if key in taken else key
            taken.add(place["id"])
            names = extra.get(place["adcode"], [])
            compiled.layers["places"].append(_feature(facts, place, cities[place["adcode"][:4]], names))
    return compiled


def _cities(units: list[dict[str, str]]) -> dict[str, str]:
    """Return the city's short name by the first four digits of a code."""
    heads = [row for row in units if row["level"] in {"prefecture", "sar"}]
    return {row["adcode"][:4]: short_names(row["name_zh"], "")[0] for row in heads}


def _unit(row: Row) -> dict[str, Any]:
    # The census of 2020 covers every unit, so its figures add up; a later one goes into the note.
    later = (
        f"; later: {row['population_2022_or_later']} in {row['pop_year']}" if row["population_2022_or_later"] else ""
    )
    census = row["population_2020"]
    return {
        "adcode": row["adcode"],
        "name_zh": row["name_zh"],
        "name_en": row["name_en"],
        "level": row["level"],
        "parent": row["parent"],
        "where": point(row, "seat_lon", "seat_lat"),
        "why": f"{_NO_COORDINATE}: a zone, no administrative unit",
        "population": number(census),
        "pop_year": 2020 if census else None,
        "area_km2": number(row["area_km2"]),
        "source": row["source"] + later,
        "confidence": row["confidence"],
        "checked_on": row["checked_on"],
    }


def _town(row: Row) -> dict[str, Any]:
    return {
        "adcode": row["id"],
        "name_zh": row["name_zh"],
        "name_en": row["name_en"],
        "level": "town",
        "parent": row["county_adcode"],
        "where": point(row),
        "why": f"{_NO_COORDINATE}: not in GeoNames",
        "population": number(row["population"]),
        "pop_year": whole(row["pop_year"]),
        "area_km2": None,
        "source": row["source"],
        "confidence": row["confidence"],
        "checked_on": row["checked_on"],
    }


def _feature(facts: Facts, place: dict[str, Any], city: str, extra: list[str]) -> Feature:
    aliases = [*short_names(place["name_zh"], place["name_en"]), *extra]
    known = {place["name_zh"], place["name_en"]}
    identity = {key: place[key] for key in ("id", "name_zh", "name_en", "checked_on")} | {"city": city}
    properties = facts.common("places", identity, kind=place["level"], status="unknown", source=place["source"])
    properties |= Opening(None, None, "unknown", BASE_YEAR).columns()
    properties |= {
        # A place is neither open nor shut; it stood when the plan was written.
        "status_as_of": None,
        "confidence": place["confidence"],
        "geometry_quality": "schematic" if place["confidence"] == "low" else "traced",
        "position_error_m": _ERROR_M[place["confidence"]],
        "level": place["level"],
        "adcode": place["adcode"],
        "parent": place["parent"] or None,
        "population": place["population"],
        "pop_year": place["pop_year"],
        "area_km2": place["area_km2"],
        "aliases": listing(dict.fromkeys(name for name in aliases if name not in known)),
    }
    return Feature(properties, (place["where"],))
