"""The words a map page is given, Chinese and English; the page switches between them without reloading."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from atlas.base.words import word_table

__all__ = ["FACTS", "place_words"]

#: Tables of words every map page has, beside the facts.
_TABLES = (
    "ui", "status", "item_status", "item_kind", "plan_basis", "counts", "count_course", "kinds", "groups", "cities",
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


def place_words() -> dict[str, dict[str, list[str]]]:
    """Return the tables of words as a page is given them."""
    tables = {name: word_table(name) for name in _TABLES}
    words = {name: {key: list(pair) for key, pair in table.items()} for name, table in tables.items()}
    return {**words, "facts": {name: list(triple) for name, triple in FACTS.items()}}
