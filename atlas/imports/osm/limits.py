"""Speed limits that a sign does not give but the law of a country does: ``CN:urban``, ``DE:rural``, ``walk``.

The table ``limits.csv`` holds them with the law they stand in, as it is generally known; nobody has compared the rows
with the laws' texts.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from atlas.base.errors import ImportDataError
from atlas.base.tables import parse_table

__all__ = ["country_limits", "implied_kmh"]

_ZONE = re.compile(r"([a-z]{2}(?:-[a-z]{2,3})?):(?:zone:?)?(\d{1,3})")
#: Countries whose zones are told in miles an hour.
_MILES = {"gb", "us"}


@cache
def _limits() -> dict[tuple[str, str], tuple[float, str]]:
    name = "limits.csv"
    text = resources.files("atlas.imports.osm").joinpath(name).read_text("utf-8")
    table = parse_table(text, ("country", "zone", "kmh", "source"), where=name, error=ImportDataError)
    return {(row["country"].lower(), row["zone"]): (row.number("kmh"), row["source"]) for row in table}


def country_limits(country: str) -> dict[str, tuple[float, str]]:
    """Return the limits that hold in a country where no sign says another, km/h and the law, by kind of road.

    >>> country_limits("FI")["urban"], country_limits("XX")
    ((50.0, 'Tieliikennelaki 729/2018'), {})
    """
    return {zone: told for (place, zone), told in _limits().items() if place == country.lower()}


def implied_kmh(text: str) -> float | None:
    """Return the limit that a rule's name stands for, km/h; None for a rule the table does not hold.

    A part of a country (``BE-VLG``) without a row of its own follows the country.

    >>> implied_kmh("CN:urban"), implied_kmh("GB:zone20"), implied_kmh("walk"), implied_kmh("XX:urban")
    (50.0, 32.2, 7.0, None)
    """
    told = text.strip().lower()
    zone = _ZONE.fullmatch(told)
    if zone:
        return round(float(zone[2]) * (1.609344 if zone[1][:2] in _MILES else 1.0), 1) or None
    country, colon, rule = told.partition(":")
    if not colon:
        country, rule = "*", told
    for place in (country, country.partition("-")[0]):
        if (place, rule) in _limits():
            return _limits()[place, rule][0]
    return None
