"""What OpenStreetMap's tags mean in the atlas's columns.

Meanings are those of the OpenStreetMap wiki; what a tag does not say stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from atlas.base.errors import ImportDataError
from atlas.data.scenario import BASE_YEAR

__all__ = [
    "CLASSES",
    "DEFAULT_CLASSES",
    "POSITION_ERROR_M",
    "Tags",
    "city_of",
    "classes_of",
    "common",
    "direction",
    "names",
    "number",
    "opening",
    "road_kind",
    "speed_kmh",
    "structure",
]

Tags = Mapping[str, str]
#: Road classes, highest first; a class brings its links (``motorway_link``) with it.
CLASSES = (
    "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street",
)  # fmt: skip
DEFAULT_CLASSES = CLASSES[:4]
#: How far an OpenStreetMap node may be off, metres: an allowance for the shift of the imagery traced from,
#: which nobody states; not a measurement.
POSITION_ERROR_M = 20.0
_ASSUMED_YEAR = {"under_construction": 2030}
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph|knots)?")
_KMH = {"mph": 1.609344, "knots": 1.852}
_CJK = re.compile(r"[\u3400-\u9fff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_NATIONAL = re.compile(r"G\d{3}")
_PROVINCIAL = re.compile(r"[SXY]\d{3}")
_SIDES = {"HK": "香港", "CN-HK": "香港", "MO": "澳门", "CN-MO": "澳门"}


def classes_of(text: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the road classes a user asked for.

    Parameters
    ----------
    text
        Names joined by commas; ``secondary+`` means that class and all above it. None: motorway to
        secondary.

    Raises
    ------
    ImportDataError
        A name is no class.

    Examples
    --------
    >>> classes_of("primary+")
    ('motorway', 'trunk', 'primary')
    """
    if text is None:
        return DEFAULT_CLASSES
    asked = [part.strip() for part in (text.split(",") if isinstance(text, str) else text) if part.strip()]
    chosen: set[str] = set()
    for part in asked:
        name = part.removesuffix("+")
        if name not in CLASSES:
            raise ImportDataError(
                f"no road class {name!r}; there are {', '.join(CLASSES)} (and {CLASSES[3]}+ for all above)"
            )
        chosen |= set(CLASSES[: CLASSES.index(name) + 1]) if part.endswith("+") else {name}
    if not chosen:
        raise ImportDataError(f"no road class given; there are {', '.join(CLASSES)}")
    return tuple(name for name in CLASSES if name in chosen)


def clean(text: str | None) -> str | None:
    """Return `text` without control characters and outer spaces; None for nothing."""
    return (_CONTROL.sub(" ", text).strip() or None) if text else None


def names(tags: Tags) -> tuple[str | None, str | None]:
    """Return the Chinese (else the local) name and the English one.

    A name without Chinese characters stands in both when no English one is tagged, so that what has a
    name shows one.
    """
    local = clean(tags.get("name"))
    chinese = clean(tags.get("name:zh") or tags.get("name:zh-Hans") or tags.get("name:zh-Hant")) or local
    english = clean(tags.get("name:en") or tags.get("int_name"))
    if english is None and local and not _CJK.search(local):
        english = local
    return chinese, english


def number(text: str | None) -> float | None:
    """Return a plain positive number, None for anything else."""
    try:
        value = float((text or "").strip())
    except ValueError:
        return None
    return value if 0 < value < 1e9 else None


def speed_kmh(tags: Tags) -> float | None:
    """Return ``maxspeed`` in km/h; of several, or of the two directions, the lowest; None for no number."""
    values = []
    told = [tags.get(key) or "" for key in ("maxspeed", "maxspeed:forward", "maxspeed:backward")]
    for part in re.split(r"[;|]", ";".join(told)):
        found = _SPEED.fullmatch(part.strip().lower())
        if found and float(found[1]) > 0:
            values.append(round(float(found[1]) * _KMH.get(found[2] or "", 1.0), 1))
    return min(values) if values else None


def direction(tags: Tags) -> int:
    """Return 1 for travel as drawn only, -1 for against the drawing only, 0 for both."""
    told = tags.get("oneway", "")
    if told in {"yes", "1", "true"}:
        return 1
    if told in {"-1", "reverse"}:
        return -1
    implied = tags.get("highway") == "motorway" or tags.get("junction") in {"roundabout", "circular"}
    return 1 if implied and told not in {"no", "0", "false", "reversible", "alternating"} else 0


def structure(tags: Tags) -> str:
    """Return ``bridge``, ``tunnel`` or ``surface``."""
    if tags.get("tunnel", "no") not in {"no", "culvert"}:
        return "tunnel"
    return "bridge" if tags.get("bridge", "no") != "no" else "surface"


def road_class(tags: Tags) -> str:
    """Return the class a road has, or will have when it is built; links count as links."""
    told = tags.get("highway", "")
    return tags.get(told, "") if told in {"construction", "proposed"} else told


def road_kind(tags: Tags) -> str:
    """Return the atlas's kind of a road from its class and number.

    A motorway is an expressway; below it, G and three digits is a national road, S, X or Y and three
    digits a provincial (county, township) one; a trunk road without such a number is an urban
    expressway.
    """
    told = road_class(tags)
    refs = [part.strip().upper() for part in (tags.get("ref") or "").split(";")]
    if told.endswith("_link"):
        return "access"
    if told == "motorway":
        return "expressway_bridge" if structure(tags) == "bridge" else "expressway"
    if told in {"trunk", "primary", "secondary", "tertiary"}:
        if any(_NATIONAL.fullmatch(ref) for ref in refs):
            return "national_road"
        if any(_PROVINCIAL.fullmatch(ref) for ref in refs):
            return "provincial_road"
    if told == "trunk":
        return "urban_expressway"
    return "arterial" if told in {"primary", "secondary", "tertiary"} else "access"


def opening(tags: Tags, kind_key: str) -> dict[str, Any]:
    """Return status and the columns of opening of a way tagged by `kind_key` (``highway``, ``railway``)."""
    told = tags.get(kind_key, "")
    status = {"construction": "under_construction", "proposed": "planned"}.get(told, "operating")
    started = (tags.get("start_date") or "").strip()
    dated = bool(_DATE.fullmatch(started)) and int(started[:4]) >= 1900 and status == "operating"
    announced = re.fullmatch(r"(20\d\d)(-.*)?", (tags.get("opening_date") or "").strip())
    if dated:
        columns = {"opened": started, "expected_open": None, "opens_basis": "fact", "opens_year": int(started[:4])}
    elif status == "operating":
        columns = {"opened": None, "expected_open": None, "opens_basis": "unknown", "opens_year": BASE_YEAR}
    elif announced:
        year = int(announced[1])
        columns = {"opened": None, "expected_open": year, "opens_basis": "announced", "opens_year": year}
    else:
        assumed = _ASSUMED_YEAR.get(status)
        columns = {"opened": None, "expected_open": assumed, "opens_basis": "assumed", "opens_year": assumed}
    return {"status": status, **columns}


def common(
    name: str, tags: Tags, kind: str, element: str, *, source: str, as_of: str, city: str | None
) -> dict[str, Any]:
    """Return the contract's columns of one element, but for status and opening."""
    chinese, english = names(tags)
    return {
        "id": name,
        "name_zh": chinese,
        "name_en": english,
        "kind": kind,
        "status_as_of": as_of,
        "checked_on": None,
        "plan_ids": "",
        "city": city,
        "source": source,
        "source_note": f"OpenStreetMap {element}",
        "confidence": "medium",
        "geometry_quality": "traced",
        "position_error_m": POSITION_ERROR_M,
    }


def city_of(tags: Tags) -> str | None:
    """Return the city a boundary relation stands for, named as the atlas names it; None for no city."""
    for key in ("ISO3166-2", "ISO3166-1", "ISO3166-1:alpha2"):
        if tags.get(key) in _SIDES:
            return _SIDES[tags[key]]
    if tags.get("admin_level") != "5":
        return None
    chinese, _ = names(tags)
    return chinese.removesuffix("市") if chinese and _CJK.search(chinese) else None
