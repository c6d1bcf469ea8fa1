"""The words a map page is given, Chinese and English; the page switches between them without reloading."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from atlas.base.words import Words, both, say_in, word_table
from atlas.data.region import Region

__all__ = ["FACTS", "city_words", "place_words", "region_lead", "region_title"]

#: Tables of words every map page has, beside the facts.
_TABLES = (
    "ui", "status", "item_status", "item_kind", "plan_basis", "counts", "count_course", "kinds", "groups",
)  # fmt: skip

#: Units of the columns shown as facts on a card that have one.
_UNITS: Mapping[str, str] = MappingProxyType(
    {
        "published_length_km": "km",
        "drawn_length_km": "km",
        "speed_limit_kmh": "km/h",
        "design_speed_kmh": "km/h",
        "operating_speed_kmh": "km/h",
        "minutes_low": "min",
        "minutes": "min",
        "minutes_high": "min",
        "area_km2": "km²",
        "position_error_m": "m",
    }
)
#: Columns shown as facts on a card: name → (Chinese, English, unit).
FACTS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {name: (*words, _UNITS.get(name, "")) for name, words in word_table("facts").items()}
)


def place_words(region: Region) -> dict[str, dict[str, list[str]]]:
    """Return the tables of words as a page is given them."""
    tables = {name: word_table(name) for name in _TABLES}
    words = {name: {key: list(pair) for key, pair in table.items()} for name, table in tables.items()}
    cities = {zh: [zh, en] for zh, en in region.cities.items()}
    return {**words, "cities": cities, "facts": {name: list(triple) for name, triple in FACTS.items()}}


def city_words(region: Region, city: str) -> Words:
    """Return what a city is called; its name in both where the region tells no English one."""
    return Words(city, region.cities.get(city, city))


def region_title(region: Region) -> Words:
    """Return the title of the region's atlas."""
    if not (region.name_zh or region.title_zh):
        return both("start.title")
    named = Words(
        say_in("zh", "start.title_of", region=region.name_zh), say_in("en", "start.title_of", region=region.name_en)
    )
    return Words(region.title_zh or named.zh, region.title_en or named.en)


def region_lead(region: Region) -> Words:
    """Return what the start page says the atlas holds."""
    common = both("start.lead")
    return Words(region.lead_zh or common.zh, region.lead_en or common.en)
