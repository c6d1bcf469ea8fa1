"""The plan's promises of travel time, computed: minutes beside the words.

Definitions stand in ``data/plan/targets.toml`` and are printed with every result. Nothing is tuned: the same
three parameter sets that serve every other result decide how firm a verdict is.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from atlas.base.doors import Door, nearest
from atlas.base.errors import PlanError
from atlas.base.tables import read_table
from atlas.data.catalog import Catalog
from atlas.data.parameters import SETS
from atlas.data.region import find_root
from atlas.data.scenario import Scenario
from atlas.data.stamp import stamp
from atlas.network.build import Network
from atlas.travel.matrix import od_minutes
from atlas.travel.reach import od_matrix
from atlas.ways.heap import TOLERANCE_MIN

__all__ = [
    "CLAIM_COLUMNS", "MEASURES", "Reading", "Section", "Target", "Targets", "check_claims", "claims_matrix", "judge",
    "judged_variants", "known_targets", "read_sections", "read_targets", "summarise_claims", "variants",
]  # fmt: skip

#: Modes and what is measured in each. ``station``: from the departure of the first train to the arrival of the last.
MEASURES: tuple[tuple[str, str], ...] = (
    ("drive", "door"),
    ("rail", "door"),
    ("rail", "station"),
    ("multimodal", "door"),
)
CLAIM_COLUMNS = (
    "target_id", "plan_id", "title_zh", "title_en", "section", "reading", "definition", "definition_zh",
    "limit_min", "limit_basis", "band_min", "from_id", "from_zh", "to_id", "to_zh", "scenario", "year", "mode",
    "measure", "variant", "parameter_set", "period", "minutes", "margin_min", "within", "verdict", "stability", "hash",
)  # fmt: skip
_PAIRS = ("each", "nearest")
Pair = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Section:
    """A section of the plan as its table of contents has it: number, title, first and last page."""

    number: str
    title_zh: str
    title_en: str
    page_from: int
    page_to: int


def read_sections(folder: str | Path) -> dict[str, Section]:
    """Read ``sections.csv``, the plan's table of contents, by number; empty where there is none.

    Raises
    ------
    PlanError
        The table is broken, or a page is no number.
    """
    path = Path(folder) / "sections.csv"
    if not path.is_file():
        return {}
    columns = ("section", "title_zh", "title_en", "page_from", "page_to")
    sections = {}
    for row in read_table(path, columns, error=PlanError, what=", the plan's table of contents,"):
        pages = (row.whole(name, low=0, high=100_000) for name in ("page_from", "page_to"))
        sections[row["section"]] = Section(row["section"], row["title_zh"], row["title_en"], *pages)
    return sections


@dataclass(frozen=True)
class Reading:
    """One way to read a target: from where to where.

    ``pairs`` is ``each`` (every origin with every destination) or ``nearest`` (every origin with the
    nearest destination). Ids are those of the layer ``places``; a place is never paired with itself.
    """

    id: str
    pairs: str
    origins: tuple[str, ...]
    destinations: tuple[str, ...]
    about_zh: str
    about_en: str
    default: bool = False

    def trips(self) -> Iterator[Pair]:
        """Yield each origin with the destinations among which the quickest counts."""
        for origin in self.origins:
            others = tuple(place for place in self.destinations if place != origin)
            if self.pairs == "nearest":
                yield origin, others
            else:
                yield from ((origin, (place,)) for place in others)


@dataclass(frozen=True)
class Target:
    """A promise of the plan with its limit in minutes and the readings it allows."""

    id: str
    plan_id: str
    title_zh: str
    title_en: str
    section: str
    wording: str
    limit_min: float
    limit_basis: str
    readings: tuple[Reading, ...]
    limit_basis_zh: str = ""

    @property
    def default(self) -> Reading:
        """The reading used when none is asked for."""
        return next(reading for reading in self.readings if reading.default)

    def chosen(self, names: Sequence[str]) -> tuple[Reading, ...]:
        """Return the readings named, the default one when this target has none of them."""
        if "all" in names:
            return self.readings
        return tuple(reading for reading in self.readings if reading.id in names) or (self.default,)


@dataclass(frozen=True)
class Targets:
    """All targets, how close to a limit a time counts as borderline, and the plan's table of contents."""

    items: tuple[Target, ...]
    band_min: float
    band_basis: str
    sections: Mapping[str, Section] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Target]:
        return iter(self.items)

    @property
    def ends(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Ids of all places from which, and to which, any reading asks, each once."""
        readings = [reading for target in self.items for reading in target.readings]
        return (
            tuple(dict.fromkeys(place for reading in readings for place in reading.origins)),
            tuple(dict.fromkeys(place for reading in readings for place in reading.destinations)),
        )

    def only(self, ids: Sequence[str]) -> Targets:
        """Return the targets named; raise PlanError, with the nearest, for one that is not there."""
        known = [target.id for target in self.items]
        for name in ids:
            if name not in known:
                near = nearest(name, known, cutoff=0.4) or known
                raise PlanError(f"no target {name!r}; there are {', '.join(near)}")
        return replace(self, items=tuple(target for target in self.items if target.id in ids))

    def check_readings(self, names: Sequence[str]) -> None:
        """Raise PlanError, with the nearest, when a reading is asked for that no target has."""
        known = {"all", *(reading.id for target in self.items for reading in target.readings)}
        for name in names:
            if name not in known:
                near = nearest(name, sorted(known), cutoff=0.4) or sorted(known)
                raise PlanError(f"no target has the reading {name!r}; there are {', '.join(near)}")


def read_targets(path: str | Path) -> Targets:
    """Read ``targets.toml``.

    Parameters
    ----------
    path
        The file; an atlas keeps it as ``data/plan/targets.toml``.

    Returns
    -------
    Targets
        In the order of the file.

    Raises
    ------
    PlanError
        The file is missing or no TOML, an entry is missing, a limit is not positive, or a target has not
        exactly one default reading.

    Examples
    --------
    >>> targets = atlas.read_targets(catalog.root / "data" / "plan" / "targets.toml")
    >>> sum(reading.default for reading in targets.items[0].readings)
    1
    """
    path = Path(path)
    try:
        raw = Door(path, PlanError, ", the definitions of the targets,", largest_mb=1).toml()
        targets = tuple(_target(item) for item in raw["target"])
        band_min, basis = float(raw["band_min"]), str(raw["band_basis"])
    except PlanError:
        raise
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as reason:
        raise PlanError(f"{path}: an entry is missing or of the wrong type: {reason}") from reason
    for target in targets:
        if sum(reading.default for reading in target.readings) != 1:
            raise PlanError(f"{path}: target {target.id} needs exactly one reading with default = true")
        if not target.limit_min > 0 or any(reading.pairs not in _PAIRS for reading in target.readings):
            raise PlanError(f"{path}: target {target.id} needs limit_min > 0 and pairs = {' or '.join(_PAIRS)}")
    if not band_min >= 0:
        raise PlanError(f"{path}: band_min must be 0 or more, is {band_min}")
    return Targets(targets, band_min, basis, read_sections(path.parent))


def known_targets(catalog: Catalog) -> Targets | None:
    """Return the targets of an atlas that has them and all their places; None for any other."""
    path = catalog.root / "data" / "plan" / "targets.toml"
    targets = read_targets(path) if path.is_file() else None
    named = {p for target in targets or () for one in target.readings for p in (*one.origins, *one.destinations)}
    return targets if named and named <= set(catalog.layer("places").frame["id"].astype(str)) else None


def _target(raw: Mapping[str, Any]) -> Target:
    readings = tuple(
        Reading(
            id=str(reading["id"]),
            pairs=str(reading["pairs"]),
            origins=tuple(map(str, reading["from"])),
            destinations=tuple(map(str, reading["to"])),
            about_zh=str(reading["about_zh"]),
            about_en=str(reading["about_en"]),
            default=bool(reading.get("default", False)),
        )
        for reading in raw["reading"]
    )
    texts = {name: str(raw[name]) for name in ("id", "plan_id", "title_zh", "title_en", "section", "wording")}
    basis = str(raw["limit_basis"])
    return Target(
        **texts,
        limit_min=float(raw["limit_min"]),
        limit_basis=basis,
        readings=readings,
        limit_basis_zh=str(raw.get("limit_basis_zh", basis)),
    )


def variants(scenario: Scenario) -> tuple[Scenario, ...]:
    """Return `scenario` under the favourable, central and adverse parameters, named apart."""
    return tuple(scenario.but(name=f"{scenario.name} · {which}", parameter_set=which) for which in SETS)


def judged_variants(scenario: Scenario) -> dict[str, Scenario]:
    """Return the variants a verdict rests on: the three parameter sets, and the other traffic period.

    The last, ``period``, is the scenario at peak under its own parameters; in typical traffic where the scenario
    itself is at peak.
    """
    by_set = {variant.parameter_set: variant for variant in variants(scenario)}
    other = "typical" if scenario.period == "peak" else "peak"
    return {**by_set, "period": scenario.but(name=f"{scenario.name} · {other}", parameter_set="central", period=other)}


def claims_matrix(network: Network, scenarios: Iterable[Scenario], targets: Targets) -> pd.DataFrame:
    """Return the OD matrix of all places the targets name, for every variant of every scenario.

    See :func:`atlas.travel.reach.od_matrix`; modes drive, rail and multimodal. The parts of a time are given for
    rail alone, where station to station needs them, and are NaN elsewhere.
    """
    every = [variant for scenario in scenarios for variant in judged_variants(scenario).values()]
    starts, ends = targets.ends
    if not starts:
        raise PlanError(
            "this atlas promises nothing: its data/plan/targets.toml holds no [[target]]; see docs/howto/region.md"
        )
    by_rail = od_matrix(network, starts, ends, every, ["rail"])
    others = tuple(dict.fromkeys(mode for mode, _ in MEASURES if mode != "rail"))
    minutes = od_minutes(network, starts, ends, every, others)
    pairs = by_rail[["from_id", "to_id", "from_zh", "to_zh"]].iloc[: len(starts) * len(ends)]
    whole = [
        pairs.assign(scenario=variant.name, mode=mode, travel_time_min=minutes[i, k].ravel())
        for i, variant in enumerate(every)
        for k, mode in enumerate(others)
    ]
    return pd.concat([by_rail, *whole], ignore_index=True)


def check_claims(
    network: Network,
    scenarios: Iterable[Scenario],
    targets: Targets | None = None,
    *,
    readings: Sequence[str] = (),
    matrix: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return one row a target, reading, trip, scenario, mode, measure and variant.

    Parameters
    ----------
    network
        The network.
    scenarios
        One a year, each run under its variants (:func:`judged_variants`); single parameters a scenario overrides
        stay.
    targets
        The definitions, from :func:`read_targets`; None: those of the atlas at hand.
    readings
        Ids of readings to use where a target has them; ``all`` for all; empty for the defaults.
    matrix
        From :func:`claims_matrix` for the same network, scenarios and targets; None computes it.

    Returns
    -------
    DataFrame
        :data:`CLAIM_COLUMNS`. ``minutes`` and ``margin_min`` (limit less minutes) are NaN where there is no
        way. ``within`` belongs to the row; ``verdict`` and ``stability`` to the four rows of a claim:
        see :func:`judge`. ``hash`` is that of the layers and the row's own scenario.

    Raises
    ------
    PlanError
        A reading that no target has.
    UnknownPlaceError
        A target names a place that the network does not have.

    Examples
    --------
    >>> claims = atlas.check_claims(network, [now])
    >>> set(claims["verdict"]) <= {"inside", "borderline", "outside"}
    True
    """
    targets = read_targets(find_root() / "data" / "plan" / "targets.toml") if targets is None else targets
    targets.check_readings(readings)
    chosen = tuple(scenarios)
    if matrix is None:
        matrix = claims_matrix(network, chosen, targets)
    times = _times(matrix)
    rows = []
    for scenario in chosen:
        judged = judged_variants(scenario)
        stamps = {name: stamp(network.hash, [variant]) for name, variant in judged.items()}
        rows += [
            {**row, "scenario": scenario.name, "year": scenario.year, "hash": stamps[row["variant"]]}
            for target in targets
            for reading in target.chosen(readings)
            for trip, way in itertools.product(reading.trips(), MEASURES)
            for row in _claim(judged, target, reading, trip, way, times, targets.band_min)
        ]
    frame = pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))
    frame["year"] = frame["year"].astype("Int64")
    return frame


Times = dict[tuple[str, str, str, str], dict[str, Any]]


def _times(matrix: pd.DataFrame) -> Times:
    rows: list[dict[Any, Any]] = matrix.to_dict("records")
    return {(row["scenario"], row["mode"], row["from_id"], row["to_id"]): row for row in rows}


def _minutes(row: Mapping[str, Any], measure: str, scenario: Scenario) -> float:
    """Minutes of one trip; station to station leaves out local travel and the way into the first station."""
    if measure == "door":
        return float(row["travel_time_min"])
    outside = row["access_min"] + row["egress_min"] + scenario.value("rail_station_entry_min")
    return float(row["travel_time_min"] - outside)


def _claim(
    judged: Mapping[str, Scenario],
    target: Target,
    reading: Reading,
    trip: Pair,
    way: tuple[str, str],
    times: Times,
    band_min: float,
) -> list[dict[str, Any]]:
    (origin, ends), (mode, measure) = trip, way
    rows = []
    for name, variant in judged.items():
        found = [times[variant.name, mode, origin, end] for end in ends]
        minutes = np.array([_minutes(row, measure, variant) for row in found])
        best = int(np.argmin(np.where(np.isnan(minutes), np.inf, minutes)))
        rows.append(
            {
                "target_id": target.id, "plan_id": target.plan_id, "title_zh": target.title_zh,
                "title_en": target.title_en, "section": target.section, "reading": reading.id,
                "definition": reading.about_en, "definition_zh": reading.about_zh, "limit_min": target.limit_min,
                "limit_basis": target.limit_basis, "band_min": band_min, "from_id": origin,
                "from_zh": found[best]["from_zh"], "to_id": ends[best], "to_zh": found[best]["to_zh"],
                "mode": mode, "measure": measure,
                "variant": name, "parameter_set": variant.parameter_set, "period": variant.period,
                "minutes": minutes[best], "margin_min": target.limit_min - minutes[best],
            }
        )  # fmt: skip
    margins = {row["variant"]: row["margin_min"] for row in rows}
    verdict, stability = judge(margins, band_min)
    for row in rows:
        row |= {"within": bool(row["margin_min"] >= -TOLERANCE_MIN), "verdict": verdict, "stability": stability}
    return rows


def judge(margins: Mapping[str, float], band_min: float) -> tuple[str, str]:
    """Return verdict and stability of a claim from its margins under the parameter sets and in the other period.

    Parameters
    ----------
    margins
        Limit less minutes, by ``favourable``, ``central``, ``adverse`` and, may be, ``period``; NaN where there is
        no way.
    band_min
        How close to the limit a time is borderline.

    Returns
    -------
    verdict, stability
        ``borderline`` when the central margin is within the band or the variants disagree on which side of the
        limit the time lies; else ``inside`` or ``outside``. ``robust inside`` when all of them are inside,
        ``robust outside`` when none is, else ``borderline``.
    """
    within = {name: bool(margin >= -TOLERANCE_MIN) for name, margin in margins.items()}
    stability = {0: "robust outside", len(within): "robust inside"}.get(sum(within.values()), "borderline")
    central = margins["central"]
    if stability == "borderline" or abs(central) <= band_min + TOLERANCE_MIN:
        return "borderline", stability
    return ("inside" if within["central"] else "outside"), stability


def summarise_claims(claims: pd.DataFrame) -> pd.DataFrame:
    """Return one row a target, reading, scenario, mode and measure: the verdict on the target as a whole.

    A target holds as far as its worst trip does: ``outside`` if any trip is, else ``borderline`` if any is,
    else ``inside``. Times are those of the worst trip under the central parameters.
    """
    keys = ("target_id", "reading", "scenario", "mode", "measure")
    groups: dict[tuple[str, ...], list[dict[Any, Any]]] = {}
    for row in claims[claims["variant"] == "central"].to_dict("records"):
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    rows = []
    for group in groups.values():
        worst = min(group, key=lambda row: -math.inf if math.isnan(row["margin_min"]) else row["margin_min"])
        told = {name: [row[name] for row in group] for name in ("verdict", "stability")}
        found = {
            name: next((x for x in order if x in told[name]), "")
            for name, order in (
                ("verdict", ("outside", "borderline", "inside")),
                ("stability", ("robust outside", "borderline", "robust inside")),
            )
        }
        rows.append(
            {
                **{name: worst[name] for name in ("target_id", "plan_id", "title_zh", "title_en", "reading")},
                **{name: worst[name] for name in ("definition", "definition_zh", "limit_min", "limit_basis")},
                **{name: worst[name] for name in ("scenario", "year", "mode", "measure")},
                "trips": len(group),
                "inside": told["verdict"].count("inside"),
                "borderline": told["verdict"].count("borderline"),
                "outside": told["verdict"].count("outside"),
                "worst_from_id": worst["from_id"],
                "worst_to_id": worst["to_id"],
                "worst_from_zh": worst["from_zh"],
                "worst_to_zh": worst["to_zh"],
                "minutes": worst["minutes"],
                "margin_min": worst["margin_min"],
                **found,
            }
        )
    return pd.DataFrame(rows)
