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
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypedDict, Unpack

from atlas.base.doors import Door, did_you_mean
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
    "MODES",
    "PERIODS",
    "Scenario",
    "is_scenario_file",
    "load_scenario",
    "parse_scenario",
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
    "base",
    "name",
    "year",
    "with",
    "without",
    "close",
    "period",
    "boarding",
    "timetable",
    "parameters",
    "set",
)


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

    def __repr__(self) -> str:
        """Return what it is of, in a line."""
        changed = len(self.with_) + len(self.without) + len(self.close) + len(self.overrides)
        rules = f"{self.parameter_set}, {self.period}, {self.boarding}, {self.timetable}"
        return f"<Scenario {self.name}: {self.label}, {rules}, {changed} changes>"

    @property
    def label(self) -> str:
        """The year as text; ``full`` for all, ``full-known`` for all on known courses."""
        if self.year is not None:
            return str(self.year)
        return FULL_KNOWN if self.known_courses else FULL

    @property
    def hash(self) -> str:
        """SHA-256 of what this scenario holds, its name apart."""
        return content_hash(
            self.label,
            *(f"with={x}" for x in sorted(self.with_)),
            *(f"without={x}" for x in sorted(self.without)),
            *(f"close={x}" for x in sorted(self.close)),
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
            raise ScenarioError(f"{where}: unknown key {key!r}{did_you_mean(key, _KEYS)}; keys are {', '.join(_KEYS)}")
    base = str(door.entry(data, "base", (str, int), "2026"))
    if base not in BUILT_IN:
        raise ScenarioError(f"{where}: unknown base {base!r}{did_you_mean(base, BUILT_IN)}")
    scenario = _of_year(base, table)
    ids = {key: _ids(data.get(key, []), key, known_ids, where) for key in ("with", "without", "close")}
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
    return replace(scenario, known_courses=known).but(
        name=_clean(texts["name"] or where),
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
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _whole_year(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ScenarioError(f'{where}: year must be a whole number, "full" or "full-known", is {value!r}')
    return value


def _ids(value: object, key: str, known: Collection[str] | None, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ScenarioError(f"{where}: {key} must be a list of ids in quotes")
    for item in value:
        if known is not None and item not in known:
            raise ScenarioError(
                f"{where}: {key} names {item!r}, which is no feature or plan item{did_you_mean(item, known)}"
            )
    return tuple(value)


def _check_year(year: int | None, where: str) -> None:
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        raise ScenarioError(f"{where}: year {year} lies outside {FIRST_YEAR}-{LAST_YEAR}; use full for all")


def _check_choices(scenario: Scenario) -> None:
    for name, value, choices in (
        ("period", scenario.period, PERIODS),
        ("boarding", scenario.boarding, BOARDING),
        ("timetable", scenario.timetable, TIMETABLES),
        ("parameters", scenario.parameter_set, SETS),
    ):
        if value not in choices:
            raise ScenarioError(
                f"{name} must be one of {', '.join(choices)}, is {value!r}{did_you_mean(value, choices)}"
            )
