"""Palette, type scale, line forms and time ramp: one definition for pages, GIS styles and legends.

Colours are ``#rrggbb``; lengths are CSS pixels at the map's opening scale. Modes are told apart by colour
and by form (ticks, casing, symbol), status by the form of the line alone, so that both survive a grey print
and the common colour-vision deficiencies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from atlas.base.words import word_table

__all__ = [
    "BASEMAPS",
    "GROUND",
    "STATUS_FORM",
    "STATUS_WORDS",
    "TIME_RAMP",
    "LineForm",
    "Symbol",
    "band_of",
    "css_variables",
    "status_form",
    "symbol_of",
    "tokens",
]

#: What may lie under a map: nothing but the page, or tiles of one of these.
BASEMAPS = ("builtin", "osm", "tianditu", "amap", "xyz", "pmtiles")

#: Paper, ink and what lies between.
GROUND: dict[str, str] = {
    "sea": "#dfe9ef",
    "land": "#f6f4ee",
    "shore": "#b7cad4",
    "river": "#cfdfe8",
    "boundary": "#b9b3a6",
    "road": "#b5ad9f",
    "text": "#1f2a33",
    "secondary": "#556370",
    "panel": "#ffffff",
    "hairline": "#d9d5cb",
    "accent": "#0b5cad",
    "focus": "#b3450a",
    "mark": "#f2b705",
    "edge": "#8a949d",
    "hover": "#e8f0f7",
    "unreached": "#c3bdb0",
    "blank": "#f0eee8",
}

#: Verdicts on a promise, as ink on paper and on white.
VERDICT: dict[str, str] = {"inside": "#14663a", "borderline": "#7a5200", "outside": "#9a1f18"}

#: Names on the map, darker than what they name so that they read on land and sea.
LABEL_INK: dict[str, str] = {
    "ports": "#0b5a54",
    "airports": "#334155",
    "stations": "#0a4a8c",
    "highways": "#8f2f08",
    "railways": "#0a4a8c",
    "water": "#3f6f8c",
    "energy": "#7a4800",
    "water_works": "#124e62",
    "digital": "#7d123e",
    "platforms": "#33500f",
}

#: System fonts only: a page asks nothing of the net.
FONT_STACK = '"Noto Sans SC","Noto Sans CJK SC","PingFang SC","Microsoft YaHei","Segoe UI",sans-serif'

#: Type scale in px: small print, text, heading, title.
TYPE_PX: dict[str, int] = {"small": 12, "text": 14, "heading": 18, "title": 28}


@dataclass(frozen=True)
class LineForm:
    """How a status is drawn.

    Attributes
    ----------
    key
        ``solid``, ``long``, ``short``, ``dotdash``, ``dots``, ``sparse``, ``pairs`` or ``specks``.
    dash
        On and off lengths in multiples of the line's width; empty for solid.
    filled
        Whether a point of this status is filled.
    """

    key: str
    dash: tuple[float, ...]
    filled: bool


_SOLID = LineForm("solid", (), True)
_LONG = LineForm("long", (5.0, 2.2), False)
_SHORT = LineForm("short", (2.4, 1.8), False)
_DOT_DASH = LineForm("dotdash", (2.4, 1.7, 0.1, 1.7), False)
_DOTS = LineForm("dots", (0.1, 2.1), False)
_SPARSE = LineForm("sparse", (0.1, 4.4), False)
_PAIRS = LineForm("pairs", (0.1, 1.8, 0.1, 4.6), False)
_SPECKS = LineForm("specks", (0.9, 5.2), False)

#: Status → form of the line: solid what runs, long dashes what is built, short ones what is prepared, dots the rest.
#: No two are alike, so that each can be told in grey.
STATUS_FORM: dict[str, LineForm] = {
    "operating": _SOLID,
    "under_construction": _LONG,
    "preliminary": _SHORT,
    "study": _DOT_DASH,
    "planned": _DOTS,
    "concept": _SPARSE,
    "reserved": _PAIRS,
    "unknown": _SPECKS,
}

#: Status → (Chinese, English).
STATUS_WORDS: Mapping[str, tuple[str, str]] = word_table("status")


@dataclass(frozen=True)
class Symbol:
    """How the features of one layer and kind are drawn.

    Attributes
    ----------
    color
        Ink.
    width
        Line width or symbol size, px.
    form
        Lines: ``plain``, ``cased``, ``ticked`` or ``double``; points: ``dot``, ``ring``, ``anchor``, ``plane``,
        ``square``, ``diamond``, ``drop``, ``cross``.
    min_zoom
        Web map zoom from which it is drawn.
    alpha
        Opacity.
    """

    color: str
    width: float
    form: str
    min_zoom: float = 0.0
    alpha: float = 1.0


_RAIL, _EXPRESSWAY, _ROAD, _LINK, _PORT, _AIR = "#0b5cad", "#c2410c", "#8a6d3b", "#7a3e9d", "#0f766e", "#334155"

#: ``layer/kind`` or ``layer`` → symbol; the more exact key wins.
SYMBOLS: dict[str, Symbol] = {
    "railways": Symbol(_RAIL, 2.0, "ticked"),
    "railways/high_speed": Symbol(_RAIL, 2.8, "ticked"),
    "railways/intercity": Symbol(_RAIL, 2.2, "ticked"),
    "railways/conventional": Symbol(_RAIL, 1.5, "ticked"),
    "railways/metro": Symbol(_RAIL, 1.5, "plain", 8.5),
    "railways/freight": Symbol("#4f6b88", 1.3, "ticked", 8.5),
    "rail_services": Symbol(_RAIL, 0.9, "plain", 0.0, 0.3),
    "stations": Symbol(_RAIL, 3.4, "ring", 8.5),
    "stations/high_speed": Symbol(_RAIL, 4.2, "ring"),
    "stations/freight": Symbol("#4f6b88", 2.8, "ring", 10.0),
    "highways": Symbol(_ROAD, 1.2, "plain", 8.0),
    "highways/expressway": Symbol(_EXPRESSWAY, 2.1, "cased"),
    "highways/expressway_bridge": Symbol(_EXPRESSWAY, 3.2, "cased"),
    "highways/urban_expressway": Symbol("#d0662f", 1.6, "cased", 8.0),
    "highways/access": Symbol(_ROAD, 0.8, "plain", 10.0, 0.8),
    "ordinary_roads": Symbol(GROUND["road"], 0.6, "plain"),
    "interchanges": Symbol("#7d6546", 1.9, "dot", 10.5),
    "cross_border_links": Symbol(_LINK, 2.8, "double"),
    "ferries": Symbol(_PORT, 1.4, "plain", 0.0, 0.8),
    "ferries/coach": Symbol(_LINK, 1.4, "plain", 0.0, 0.8),
    "ports": Symbol(_PORT, 7.0, "anchor", 8.5),
    "airports": Symbol(_AIR, 8.0, "plane"),
    "airports/general_aviation": Symbol(_AIR, 6.0, "plane", 9.0),
    "airports/heliport": Symbol(_AIR, 5.5, "plane", 9.5),
    "places": Symbol("#1f2a33", 2.0, "dot", 10.5),
    "places/prefecture": Symbol("#1f2a33", 4.0, "square"),
    "places/sar": Symbol("#1f2a33", 4.0, "square"),
    "places/district": Symbol("#1f2a33", 2.6, "dot"),
    "places/county": Symbol("#1f2a33", 2.6, "dot"),
    "places/county_city": Symbol("#1f2a33", 2.6, "dot"),
    "energy": Symbol("#9a5b00", 4.6, "diamond"),
    "water_works": Symbol("#155e75", 4.6, "drop"),
    "digital": Symbol("#9d174d", 4.4, "cross"),
    "platforms": Symbol("#3f6212", 3.6, "square"),
    "land": Symbol(GROUND["land"], 0.7, "plain"),
    "water": Symbol(GROUND["river"], 0.5, "plain"),
}
_ANY = Symbol("#475569", 1.8, "plain")


@dataclass(frozen=True)
class TimeBand:
    """One step of the time ramp: minutes above ``from_min`` up to and including ``to_min``."""

    from_min: float
    to_min: float
    color: str
    width: float


#: Minutes: dark = near, and wide = near, so that the ramp reads in grey as well; the lightest is 3:1 on land.
TIME_RAMP: tuple[TimeBand, ...] = (
    TimeBand(0.0, 30.0, "#0b3954", 4.6),
    TimeBand(30.0, 60.0, "#175f76", 3.6),
    TimeBand(60.0, 90.0, "#2a8094", 2.6),
    TimeBand(90.0, 120.0, "#4894a3", 1.8),
)

#: Two scenarios compared; gained and lost also differ by the way they are hatched.
CHANGE: dict[str, str] = {"gained": "#2a9d4a", "lost": "#b3261e", "kept": "#8b949c"}


def status_form(status: str) -> LineForm:
    """Return the form of `status`; that of ``unknown`` for one that is not listed."""
    return STATUS_FORM.get(status, _SPECKS)


def symbol_of(layer: str, kind: str | None = None) -> Symbol:
    """Return the symbol of a layer's kind, of the layer, or a plain one."""
    return SYMBOLS.get(f"{layer}/{kind}") or SYMBOLS.get(layer) or _ANY


def band_of(minutes: float) -> TimeBand | None:
    """Return the band of the ramp that holds `minutes`, None beyond the last."""
    return next((band for band in TIME_RAMP if minutes <= band.to_min), None)


def css_variables() -> str:
    """Return the tokens as a CSS rule ``:root{--sea:…}``."""
    pairs = [*((f"--{k}", v) for k, v in GROUND.items()), *((f"--{k}", v) for k, v in CHANGE.items())]
    pairs += [(f"--{verdict}", ink) for verdict, ink in VERDICT.items()]
    pairs += [(f"--type-{name}", f"{size}px") for name, size in TYPE_PX.items()]
    pairs += [(f"--band-{i}", band.color) for i, band in enumerate(TIME_RAMP)]
    pairs += [("--rail", _RAIL), ("--road", _EXPRESSWAY), ("--link", _LINK), ("--font", FONT_STACK)]
    return ":root{" + ";".join(f"{key}:{value}" for key, value in pairs) + "}"


def tokens() -> dict[str, Any]:
    """Return every token as plain JSON values, for the scripts of a page."""
    return {
        "ground": GROUND,
        "font": FONT_STACK,
        "type": TYPE_PX,
        "status": {key: asdict(form) for key, form in STATUS_FORM.items()},
        "ramp": [asdict(band) for band in TIME_RAMP],
        "change": CHANGE,
        "labels": LABEL_INK,
    }
