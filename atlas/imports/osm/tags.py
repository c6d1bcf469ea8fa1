"""What OpenStreetMap's tags mean in the atlas's columns.

Meanings are those of the OpenStreetMap wiki; what a tag does not say stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from atlas.base.errors import ImportDataError
from atlas.base.tables import slots
from atlas.data.scenario import BASE_YEAR
from atlas.imports.osm.limits import implied_kmh

__all__ = [
    "BARRIERS",
    "CLASSES",
    "DEFAULT_CLASSES",
    "POSITION_ERROR_M",
    "TRAFFIC",
    "Tags",
    "barrier_of",
    "car_access",
    "city_of",
    "classes_of",
    "clean",
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
#: Whose traffic a rule is about, the most specific first: a car obeys the first that is told.
TRAFFIC = ("motorcar", "motor_vehicle", "vehicle", "access")
#: What shuts a road to an ordinary car, and what lets it in at the ends of a trip only.
_SHUT = frozenset({
    "no", "private", "agricultural", "forestry", "emergency", "military", "official", "permit",
    "psv", "bus", "taxi", "hov", "hgv", "goods", "restricted", "use_sidepath", "dismount", "foot", "bicycle", "none",
})  # fmt: skip
_ENDS = frozenset({"destination", "customers", "delivery", "residents", "resident"})
#: Says nothing: the next, less specific rule holds.
_UNTOLD = frozenset({"", "unknown", "fixme"})
#: What stands in a road and whether it stops a car that is not told to pass; a gate does when it is locked.
BARRIERS = {
    "bollard": True, "block": True, "jersey_barrier": True, "cycle_barrier": True, "motorcycle_barrier": True,
    "chain": True, "log": True, "debris": True, "turnstile": True, "full-height_turnstile": True, "stile": True,
    "kissing_gate": True, "wicket_gate": True, "horse_stile": True, "bus_trap": True, "sump_buster": True,
    "planter": True, "bar": True, "barrier_board": True, "guard_rail": True, "spikes": True, "ditch": True,
    "gate": False, "lift_gate": False, "swing_gate": False, "sliding_gate": False, "sliding_beam": False,
    "hampshire_gate": False, "sally_port": False, "entrance": False, "border_control": False, "toll_booth": False,
    "checkpoint": False, "rope": False, "tank_trap": True, "coupure": False, "flood_wall": False, "yes": False,
}  # fmt: skip
_FORTH, _BACK = frozenset({"yes", "1", "true"}), frozenset({"-1", "reverse"})
_ASSUMED_YEAR = {"under_construction": 2030}
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph|knots)?")
_KMH = {"mph": 1.609344, "knots": 1.852}
#: Where a rule may stand in the place of a number.
_RULES = ("maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic")
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


def car_access(tags: Tags, way: str = "") -> tuple[str, str]:
    """Return whether a car may pass, ``yes``, ``ends`` (to reach something there) or ``no``, and the value told.

    ``motorcar`` stands over ``motor_vehicle``, that over ``vehicle``, that over ``access``; of several values the most
    open one holds.

    Parameters
    ----------
    tags
        Of a way or a node.
    way
        ``:forward`` or ``:backward`` for what is told of one direction alone.

    Examples
    --------
    >>> car_access({"motor_vehicle": "no", "motorcar": "yes"}), car_access({"access": "customers"})
    (('yes', 'yes'), ('ends', 'customers'))
    """
    for key in TRAFFIC:
        told = [value for part in slots(tags.get(key + way, "")) if (value := part.strip()) not in _UNTOLD]
        if told:
            for answer, values in (("yes", set(told) - _SHUT - _ENDS), ("ends", _ENDS & set(told))):
                if found := [value for value in told if value in values]:
                    return answer, found[0]
            return "no", told[0]
    return "yes", ""


def barrier_of(tags: Tags) -> str:
    """Return what stops cars at a node; empty where they pass.

    What its own tags say of cars comes first: ``bollard`` with ``motor_vehicle=yes`` is open, ``gate`` with
    ``access=private`` shut.

    >>> barrier_of({"barrier": "bollard"}), barrier_of({"barrier": "gate"})
    ('bollard', '')
    """
    kind = tags.get("barrier", "")
    if kind not in BARRIERS:
        return ""
    passes, told = car_access(tags)
    if told:
        return "" if passes == "yes" else f"{kind}, {told}"
    if tags.get("locked") == "yes":
        return f"{kind}, locked"
    return kind if BARRIERS[kind] else ""


def speed_kmh(tags: Tags) -> float | None:
    """Return ``maxspeed`` in km/h; of several, or of the two directions, the lowest; None where none is told.

    A rule (``CN:urban``) stands for the limit that the law of its country gives.
    """
    for keys in (("maxspeed", "maxspeed:forward", "maxspeed:backward"), _RULES):
        told = [part for key in keys for part in re.split(r"[;|]", tags.get(key) or "")]
        values = [value for part in told if (value := _one_speed(part.strip().lower())) is not None]
        if values:
            return min(values)
    return None


def _one_speed(text: str) -> float | None:
    found = _SPEED.fullmatch(text)
    if not found:
        return implied_kmh(text)
    return round(float(found[1]) * _KMH.get(found[2] or "", 1.0), 1) if float(found[1]) > 0 else None


def direction(tags: Tags) -> int:
    """Return 1 for travel as drawn only, -1 for against the drawing only, 0 for both.

    ``oneway:motorcar`` stands over ``oneway:motor_vehicle``, that over ``oneway:vehicle``, that over ``oneway``; a road
    closed to cars one way (``motor_vehicle:backward=no``) is travelled the other. A motorway, one that is being built
    too, and a roundabout are one-way unless something else is told.
    """
    shut = [car_access(tags, way)[0] == "no" for way in (":backward", ":forward")]
    if shut[0] != shut[1]:
        return 1 if shut[0] else -1
    keys = [f"oneway:{name}" for name in TRAFFIC[:3]] + ["oneway"]
    told = next((value for key in keys if (value := tags.get(key, "").strip())), "")
    if told in _FORTH:
        return 1
    if told in _BACK:
        return -1
    implied = road_class(tags) == "motorway" or tags.get("junction") in {"roundabout", "circular"}
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
    refs = [part.strip().upper() for part in slots(tags.get("ref") or "")]
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
