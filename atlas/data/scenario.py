"""A scenario: which year, which projects, which closures, which parameters. A frozen value.

A scenario file is short TOML::

    base = "2026"                 # 2023, 2026, 2030, 2035, full or full-known
    name = "2030 without the link"
    year = 2030
    with = ["s77"]                # feature or plan ids opened whatever their year
    without = ["szy"]             # projects that are not built
    close = ["hmh"]               # features shut (storm, works)
    period = "typical"            # free, typical or peak
    boarding = "planned"          # planned or headway
    timetable = "ordinary"        # ordinary or peak day
    parameters = "central"        # favourable, central or adverse

    [set]
    local_speed_kmh = 30

    [[link]]                      # a link of one's own; a point is lon and lat, or the id of a node
    kind = "rail"                 # road or rail
    speed_kmh = 250
    headway_min = 30              # of a railway
    points = ["stn/yangjiang", [112.6, 22.0], "stn/zhuhai"]

    [[link]]
    kind = "road"
    class = "expressway"          # of a road
    speed_kmh = 100
    points = [[113.55, 22.25], [112.6, 22.0]]
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, TypedDict, Unpack

from atlas.base.doors import Door, as_written, did_you_mean, name_fault
from atlas.base.errors import ScenarioError, only_known
from atlas.base.files import content_hash
from atlas.data.parameters import SETS, ParameterSet, ParameterTable, read_parameters
from atlas.data.region import find_root

__all__ = [
    "BASE_YEAR",
    "BOARDING",
    "BUILT_IN",
    "FIRST_YEAR",
    "FULL",
    "FULL_KNOWN",
    "LAST_YEAR",
    "LINK_CLASSES",
    "MODES",
    "PERIODS",
    "DrawnLink",
    "Scenario",
    "is_scenario_file",
    "load_scenario",
    "parse_scenario",
    "refuse_contradiction",
    "scenario_text",
]

FULL, FULL_KNOWN = "full", "full-known"
BUILT_IN: dict[str, int | None] = {
    "2023": 2023, "2026": 2026, "2030": 2030, "2035": 2035, FULL_KNOWN: None, FULL: None,
}  # fmt: skip
Mode = Literal["drive", "rail", "multimodal"]
#: What may be travelled by: a car alone, trains with the way to and from them, or the faster of both.
MODES: tuple[Mode, ...] = ("drive", "rail", "multimodal")
PERIODS = ("free", "typical", "peak")
BOARDING = ("planned", "headway")
TIMETABLES = ("ordinary", "peak")
FIRST_YEAR, LAST_YEAR = 2023, 2035
#: What is in use and undated counts from this year on.
BASE_YEAR = FIRST_YEAR
_KEYS = (
    "base", "name", "year", "with", "without", "close", "period", "boarding", "timetable", "parameters", "set", "link",
)  # fmt: skip
#: Classes a road of one's own may have, and the limit it has unless one is given, km/h: usual ones of ``highways``.
LINK_CLASSES = {"expressway": 100, "urban_expressway": 80, "national_road": 80, "arterial": 60}
#: Least and most speed of a road and of a railway of one's own, km/h; headway, minutes; points; links of a scenario.
LINK_SPEEDS: dict[str, tuple[float, float]] = {"road": (5.0, 150.0), "rail": (20.0, 400.0)}
_HEADWAYS = (1.0, 240.0)
_MOST_POINTS, _MOST_LINKS = 60, 20
#: Hours a day over which a headway is kept: what a headway means in trains a day.
_TRAIN_HOURS = 16.0


@dataclass(frozen=True)
class DrawnLink:
    """A road or railway of the user's own: no feature of any layer, and in a network only where a scenario names it.

    Attributes
    ----------
    kind
        ``road`` or ``rail``; of a railway each point is a stop.
    points
        From one end to the other, each (lon, lat) in degrees or the id of a node (``stn/zhuhai``).
    speed_kmh
        Limit of the road, line speed of the railway.
    road_class
        One of :data:`LINK_CLASSES`; of a road.
    headway_min
        Minutes from train to train, each way; of a railway.
    """

    kind: str
    points: tuple[str | tuple[float, float], ...]
    speed_kmh: float
    road_class: str = ""
    headway_min: float = 0.0

    @property
    def id(self) -> str:
        """What it is called in the network, of what it is: two scenarios that draw the same share it."""
        told = (self.kind, repr(self.points), repr(self.speed_kmh), self.road_class, repr(self.headway_min))
        return f"own-{content_hash(*told)[:10]}"

    @property
    def trains_per_day(self) -> float:
        """Trains a day, each way."""
        return _TRAIN_HOURS * 60.0 / self.headway_min


class Changes(TypedDict, total=False):
    """What a scenario may be told apart by: :meth:`Scenario.but`; what is not named, or None, stays as it is.

    A year of None is that of ``full``; ``with_``, ``without`` and ``close`` name features or items of the plan.
    """

    name: str | None
    year: int | str | None
    with_: Iterable[str]
    without: Iterable[str]
    close: Iterable[str]
    parameter_set: str | None
    overrides: Mapping[str, float] | None
    period: str | None
    boarding: str | None
    timetable: str | None


@dataclass(frozen=True)
class Scenario:
    """Everything that turns a network into minutes.

    Attributes
    ----------
    name
        What the reader sees.
    year
        Features whose ``opens_year`` is at most this are in; None is ``full``: all of the plan that carries.
    known_courses
        Whether lines of which only the ends are known are left out (``full-known``).
    links
        Roads and railways of the user's own; a network takes them in by :func:`atlas.with_links`.
    with_, without, close
        Feature ids (``hmh``, or ``highways/hmh``) or plan ids opened, left out, shut.
    parameter_set
        ``favourable``, ``central`` or ``adverse``.
    overrides
        Single parameters replaced, as (name, value), sorted by name.
    parameters
        The values in force.
    period, boarding, timetable
        Road period, rail boarding policy, and whether the ordinary or the peak day's trains run.
    """

    name: str
    year: int | None
    parameters: ParameterSet
    with_: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    close: frozenset[str] = frozenset()
    parameter_set: str = "central"
    overrides: tuple[tuple[str, float], ...] = ()
    period: str = "typical"
    boarding: str = "planned"
    timetable: str = "ordinary"
    table: ParameterTable | None = None
    known_courses: bool = False
    links: tuple[DrawnLink, ...] = ()

    def __repr__(self) -> str:
        """Return what it is of, in a line."""
        changed = len(self.with_) + len(self.without) + len(self.close) + len(self.overrides) + len(self.links)
        rules = f"{self.parameter_set}, {self.period}, {self.boarding}, {self.timetable}"
        return f"<Scenario {self.name}: {self.label}, {rules}, {changed} changes>"

    @property
    def label(self) -> str:
        """The year as text; ``full`` for all, ``full-known`` for all on known courses."""
        if self.year is not None:
            return str(self.year)
        return FULL_KNOWN if self.known_courses else FULL

    @cached_property
    def hash(self) -> str:
        """SHA-256 of what this scenario holds, its name apart."""
        return content_hash(
            self.label,
            *(f"with={x}" for x in sorted(self.with_)),
            *(f"without={x}" for x in sorted(self.without)),
            *(f"close={x}" for x in sorted(self.close)),
            *(f"link={x.id}" for x in self.links),
            self.period,
            self.boarding,
            self.timetable,
            self.parameters.hash,
        )

    def value(self, parameter: str) -> float:
        """Return one parameter's value in force."""
        return self.parameters.value(parameter)

    def but(self, **changes: Unpack[Changes]) -> Scenario:
        """Return this scenario with the changes named (:class:`Changes`); sets of ids are added to those it has."""
        only_known(changes, Changes)
        chosen = changes.get("parameter_set") or self.parameter_set
        merged = dict(self.overrides) | dict(changes.get("overrides") or {})
        parameters = self.parameters
        if changes.get("parameter_set") is not None or changes.get("overrides"):
            if self.table is None:
                raise ScenarioError("this scenario was made without a parameter table; none to choose from")
            parameters = self.table.chosen(chosen, merged)
        new_year = changes.get("year", "same")
        new_year = self.year if new_year == "same" else new_year
        if isinstance(new_year, str):
            raise ScenarioError(f"year must be a number or None, is {new_year!r}")
        changed = replace(
            self,
            name=changes.get("name") or self.name,
            year=new_year,
            with_=self.with_ | frozenset(changes.get("with_", ())),
            without=self.without | frozenset(changes.get("without", ())),
            close=self.close | frozenset(changes.get("close", ())),
            parameter_set=chosen,
            overrides=tuple(sorted(merged.items())),
            parameters=parameters,
            period=changes.get("period") or self.period,
            boarding=changes.get("boarding") or self.boarding,
            timetable=changes.get("timetable") or self.timetable,
        )
        _check_choices(changed)
        return changed


def load_scenario(
    source: str | int | Path | Scenario = "2026",
    *,
    table: ParameterTable | None = None,
    known_ids: Collection[str] | None = None,
) -> Scenario:
    """Return the scenario that `source` names or holds.

    Parameters
    ----------
    source
        A built-in name (``2023``, ``2026``, ``2030``, ``2035``, ``full``, ``full-known``), any year from 2023 to 2035,
        the path of a TOML file, or TOML text. A `Scenario` is returned as it is.
    table
        The parameter table; None reads the one of the atlas itself.
    known_ids
        Feature and plan ids that may be named; None checks none.

    Returns
    -------
    Scenario
        Frozen; its hash tells it from every other.

    Raises
    ------
    ScenarioError
        No such scenario or file, broken TOML, an unknown key or id (with the nearest), or a year outside
        2023 to 2035.

    Examples
    --------
    >>> load_scenario("2030").year
    2030
    >>> load_scenario("full").year is None
    True
    """
    if isinstance(source, Scenario):
        return source
    rows = table if table is not None else read_parameters(find_root() / "data" / "parameters.csv")
    text = str(source)
    if text in BUILT_IN or (text.isascii() and text.isdecimal() and len(text) <= 9):
        return _of_year(text, rows)
    if "=" in text and not is_scenario_file(text):
        return parse_scenario(text, table=rows, known_ids=known_ids, where="scenario text")
    path = Path(text)
    if not is_scenario_file(text):
        raise ScenarioError(
            f"no scenario {text!r}: neither a built-in name ({', '.join(BUILT_IN)}), a year "
            f"{FIRST_YEAR}-{LAST_YEAR}, nor a file" + did_you_mean(text, BUILT_IN)
        )
    content = Door(path, ScenarioError, ", a scenario,", largest_mb=1, streams=True).text()
    return parse_scenario(content, table=rows, known_ids=known_ids, where=str(path))


#: Entries that are texts, and what stands when they are left out.
_TEXTS = {"name": "", "parameters": "central", "period": "typical", "boarding": "planned", "timetable": "ordinary"}


def _clean(name: str) -> str:
    """A name without control characters: it stands in tables, pages and on terminals."""
    return "".join(" " if ord(sign) < 32 or 127 <= ord(sign) < 160 else sign for sign in name)


def is_scenario_file(text: str) -> bool:
    """Whether `text` is the path of a file or of a pipe; a path may hold a ``=``, TOML text may not be one."""
    try:
        return "\n" not in text and Path(text).exists() and not Path(text).is_dir()
    except (OSError, ValueError):
        return False


def _of_year(text: str, table: ParameterTable) -> Scenario:
    year = BUILT_IN[text] if text in BUILT_IN else int(text)
    _check_year(year, "scenario")
    return Scenario(name=text, year=year, parameters=table.chosen(), table=table, known_courses=text == FULL_KNOWN)


def parse_scenario(
    text: str,
    *,
    table: ParameterTable,
    known_ids: Collection[str] | None = None,
    where: str = "scenario",
) -> Scenario:
    """Return the scenario that TOML `text` describes. See :func:`load_scenario`."""
    door = Door(Path(where), ScenarioError)
    data = door.parsed_toml(text)
    for key in data:
        if key not in _KEYS:
            raise ScenarioError(
                f"{where}: unknown key {as_written(key)}{did_you_mean(key, _KEYS)}; keys are {', '.join(_KEYS)}"
            )
    base = str(door.entry(data, "base", (str, int), "2026"))
    if base not in BUILT_IN:
        raise ScenarioError(f"{where}: unknown base {as_written(base)}{did_you_mean(base, BUILT_IN)}")
    scenario = _of_year(base, table)
    ids = {key: _ids(data.get(key, []), key, known_ids, where) for key in ("with", "without", "close")}
    refuse_contradiction(where, ids["with"], ids["without"])
    overrides = data.get("set", {})
    if not isinstance(overrides, dict):
        raise ScenarioError(f"{where}: [set] must be a table of parameter = number")
    texts = {key: door.entry(data, key, str, usual) for key, usual in _TEXTS.items()}
    year: int | None = scenario.year
    known = scenario.known_courses
    if "year" in data:
        whole = data["year"] in (FULL, FULL_KNOWN)
        year, known = None if whole else _whole_year(data["year"], where), data["year"] == FULL_KNOWN
        _check_year(year, where)
    return replace(scenario, known_courses=known, links=_links(data.get("link", []), where)).but(
        name=_clean(texts["name"] or where[-100:]),
        year=year,
        with_=ids["with"],
        without=ids["without"],
        close=ids["close"],
        parameter_set=texts["parameters"],
        overrides=overrides,
        period=texts["period"],
        boarding=texts["boarding"],
        timetable=texts["timetable"],
    )


def refuse_contradiction(where: str, added: Iterable[str], left_out: Iterable[str]) -> None:
    """Refuse, with a ScenarioError, what one scenario puts in (`added`) and leaves out; closing is none."""
    if both := ", ".join(map(repr, sorted({*added} & {*left_out}))):
        raise ScenarioError(f"{where}: {both} stands in with and in without at once; keep it in one of them")


def scenario_text(scenario: Scenario) -> str:
    """Return `scenario` as TOML that :func:`parse_scenario` reads back with the same hash.

    Every key is written, so that the file says all that it stands for.
    """
    base = scenario.label if scenario.label in BUILT_IN else "2026"
    year = _quoted(scenario.label) if scenario.year is None else scenario.label
    lines = [f"base = {_quoted(base)}", f"name = {_quoted(scenario.name)}", f"year = {year}"]
    for key, ids in (("with", scenario.with_), ("without", scenario.without), ("close", scenario.close)):
        lines.append(f"{key} = [{', '.join(map(_quoted, sorted(ids)))}]")
    for key, value in (
        ("period", scenario.period),
        ("boarding", scenario.boarding),
        ("timetable", scenario.timetable),
        ("parameters", scenario.parameter_set),
    ):
        lines.append(f"{key} = {_quoted(value)}")
    lines += ["", "[set]", *(f"{name} = {value!r}" for name, value in scenario.overrides)]
    for link in scenario.links:
        points = ", ".join(_quoted(p) if isinstance(p, str) else f"[{p[0]!r}, {p[1]!r}]" for p in link.points)
        own = f"class = {_quoted(link.road_class)}" if link.kind == "road" else f"headway_min = {link.headway_min!r}"
        lines += ["", "[[link]]", f"kind = {_quoted(link.kind)}", own, f"speed_kmh = {link.speed_kmh!r}"]
        lines.append(f"points = [{points}]")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _whole_year(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ScenarioError(f'{where}: year must be a whole number, "full" or "full-known", is {as_written(value)}')
    return value


def _ids(value: object, key: str, known: Collection[str] | None, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ScenarioError(f"{where}: {key} must be a list of ids in quotes")
    for item in value:
        if known is not None and item not in known:
            raise ScenarioError(
                f"{where}: {key} names {as_written(item)}, which is no feature or plan item{did_you_mean(item, known)}"
            )
    return tuple(value)


def _links(value: object, where: str) -> tuple[DrawnLink, ...]:
    """Read the tables ``[[link]]``."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ScenarioError(f"{where}: links of your own are tables, each headed [[link]]")
    if len(value) > _MOST_LINKS:
        raise ScenarioError(f"{where}: {len(value)} links of your own; at most {_MOST_LINKS} are taken")
    return tuple(_link(one, f"{where}: [[link]] {number}") for number, one in enumerate(value, start=1))


def _link(raw: Mapping[str, object], where: str) -> DrawnLink:
    kind = raw.get("kind", "road")
    if kind not in LINK_SPEEDS:
        raise ScenarioError(f"{where}: kind must be road or rail, is {as_written(kind)}")
    own = "class" if kind == "road" else "headway_min"
    keys = ("kind", own, "speed_kmh", "points")
    for key in raw:
        if key not in keys:
            raise ScenarioError(
                f"{where}: unknown key {as_written(key)}{did_you_mean(key, keys)}; a {kind} has {', '.join(keys)}"
            )
    points = raw.get("points")
    if not isinstance(points, list) or not 2 <= len(points) <= _MOST_POINTS:
        raise ScenarioError(
            f"{where}: points must be a list of 2 to {_MOST_POINTS} points, [lon, lat] or the id of a node"
        )
    placed = tuple(_point(one, where) for one in points)
    if kind == "rail":
        speed = _number(raw, "speed_kmh", LINK_SPEEDS["rail"], where)
        return DrawnLink("rail", placed, speed, headway_min=_number(raw, "headway_min", _HEADWAYS, where))
    chosen = raw.get("class", "arterial")
    if not isinstance(chosen, str) or chosen not in LINK_CLASSES:
        near = did_you_mean(str(chosen), LINK_CLASSES)
        raise ScenarioError(f"{where}: class must be one of {', '.join(LINK_CLASSES)}, is {as_written(chosen)}{near}")
    speed = _number({"speed_kmh": LINK_CLASSES[chosen], **raw}, "speed_kmh", LINK_SPEEDS["road"], where)
    return DrawnLink("road", placed, speed, road_class=chosen)


def _number(raw: Mapping[str, object], key: str, bounds: tuple[float, float], where: str) -> float:
    value = raw.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not bounds[0] <= value <= bounds[1]:
        raise ScenarioError(
            f"{where}: {key} must be a number from {bounds[0]:g} to {bounds[1]:g}, is {as_written(value)}"
        )
    return float(value)


def _point(value: object, where: str) -> str | tuple[float, float]:
    if isinstance(value, str) and value:
        return value
    if isinstance(value, list) and len(value) == 2 and all(type(one) in (int, float) for one in value):
        lon, lat = value
        if abs(lon) <= 180 and abs(lat) <= 90:
            return float(lon), float(lat)
    raise ScenarioError(f"{where}: a point is [lon, lat] in degrees or the id of a node, is {as_written(value)}")


def _check_year(year: int | None, where: str) -> None:
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        raise ScenarioError(f"{where}: year {year} lies outside {FIRST_YEAR}-{LAST_YEAR}; use full for all")


def _check_choices(scenario: Scenario) -> None:
    if fault := name_fault(scenario.name):
        raise ScenarioError(f"the name {as_written(scenario.name)} {fault}")
    for name, value, choices in (
        ("period", scenario.period, PERIODS),
        ("boarding", scenario.boarding, BOARDING),
        ("timetable", scenario.timetable, TIMETABLES),
        ("parameters", scenario.parameter_set, SETS),
    ):
        if value not in choices:
            raise ScenarioError(
                f"{name} must be one of {', '.join(choices)}, is {as_written(value)}{did_you_mean(value, choices)}"
            )
