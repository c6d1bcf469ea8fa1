"""The model against measured times: rail by k-fold and line by line, roads one left out at a time.

Each question is a check of its own in the table of errors:

``rail as ridden``, ``rail fastest train``
    The typical and the least minutes between two stations as the atlas's timetable has them, beside the
    calibration table. A check of consistency: both come from the same timetable.
``rail formula, service held out``, ``rail formula, pair held out``
    The run-time formula on services it was not fitted on: whole services, and the pairs of the calibration
    table on trains of the held-out services. This is what lines without a timetable get.
``road``, ``road, fitted on the other rows``
    The measured drives beside the model as shipped, and beside factors fitted without the drive in question.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from atlas.base.errors import LayerError, NetworkError, ScenarioError, UnknownPlaceError
from atlas.base.geodesy import Floats
from atlas.base.tables import SEPARATOR, Row, Table, listed, read_table
from atlas.base.words import Words, both, joined
from atlas.data.scenario import Scenario
from atlas.evidence.calibration import Drive, Formula, Prior, fit_formula, fit_roads, measured_runs, read_priors
from atlas.evidence.trains import direct_trains
from atlas.network.build import Network
from atlas.travel.journey import Journey
from atlas.travel.reach import route
from atlas.travel.trip import Trip

__all__ = ["Validation", "check_times", "summary", "validate", "worst"]

FOLDS = 5
ERROR_COLUMNS = (
    "check", "from_zh", "to_zh", "measured_min", "measured_low_min", "measured_high_min", "modelled_min", "error_min",
    "error", "source", "why", "why_zh",
)  # fmt: skip
#: Tables of measured times: of trains, and of drives.
_TABLES = ("rail_times_calibration.csv", "drive_times_calibration.csv")
_SHIPPED = ("rail as ridden", "rail fastest train", "rail with a change", "rail formula, service held out", "road")
#: A drive whose drawn way is shorter or longer than the measured one by more than this share is compared by pace.
_PARTIAL = 0.2


@dataclass(frozen=True)
class Validation:
    """What came out.

    Attributes
    ----------
    errors : DataFrame
        :data:`ERROR_COLUMNS`, one row a comparison; ``error`` is modelled over measured less one.
    lines : DataFrame
        Leaving out one line at a time: ``line``, ``line_zh``, ``line_en``, ``runs``, ``median_error``,
        ``p90_error``, ``bias`` and the three numbers fitted on the other lines.
    formula
        Fitted on everything, to be compared with the parameters in force.
    road_factors
        Share of the limit by name of parameter, fitted on all drives of the period ``typical``.
    english
        English names of the ends of drives by their Chinese ones, where the table gives them.
    """

    errors: pd.DataFrame
    lines: pd.DataFrame
    formula: Formula
    road_factors: Mapping[str, float]
    english: Mapping[str, str] = field(default_factory=dict)


def validate(
    network: Network,
    scenario: Scenario,
    facts: str | Path,
    railways: pd.DataFrame,
    *,
    folds: int = FOLDS,
) -> Validation:
    """Compare the model with the calibration tables.

    Parameters
    ----------
    network, scenario
        The model as shipped.
    facts
        Folder with ``rail_times_calibration.csv`` and ``drive_times_calibration.csv``.
    railways
        Frame of the layer ``railways``, for line speeds.
    folds
        Into how many parts the services are dealt, by turns in the order of their ids.

    Returns
    -------
    Validation
        Modelled against measured minutes, row by row and in sums.

    Raises
    ------
    LayerError
        A calibration row names an unknown station or place, or has no positive time.

    Examples
    --------
    >>> found = atlas.validate(network, now, catalog.root / "data" / "facts", catalog.layer("railways").frame)
    >>> 0.5 < found.road_factors["road_factor_typical_expressway"] < 1
    True
    """
    folder = Path(facts)
    if not any((folder / name).is_file() for name in _TABLES):
        raise LayerError(
            f"this atlas has no measured times to compare with: {folder} holds neither {' nor '.join(_TABLES)}; "
            "give your own with --trains and --drives"
        )
    runs = measured_runs(network, scenario, railways)
    pairs = _read_pairs(network, folder / _TABLES[0])
    held = runs.assign(modelled=_held_out(runs, folds))
    rail = [*_ridden(network, scenario, pairs), _by_service(network, held), _by_pair(network, held, pairs)]
    roads, factors = _roads(network, scenario, folder)
    errors = pd.concat([*rail, roads], ignore_index=True)
    lines, formula = _by_lines(network, runs), fit_formula(runs)
    return Validation(errors[list(ERROR_COLUMNS)], lines, formula, factors, _english(folder / _TABLES[1]))


def _english(path: Path) -> dict[str, str]:
    """English names of the ends of drives by their Chinese ones; none where there is no table of drives."""
    records = _records(path, ()) if path.is_file() else ()
    ends = [(one.get(f"{end}_place", ""), one.get(f"{end}_en", "")) for one in records for end in ("from", "to")]
    return {zh: en for zh, en in ends if en}


def check_times(
    network: Network, scenario: Scenario, *, trains: str | Path | None = None, drives: str | Path | None = None
) -> pd.DataFrame:
    """Compare the model as shipped with measured times of one's own; nothing is fitted.

    Parameters
    ----------
    network, scenario
        The model.
    trains
        CSV as ``rail_times_calibration.csv``: ``from_station_zh``, ``to_station_zh``, ``minutes_fastest`` and, may be
        empty, ``minutes_typical`` in the train.
    drives
        CSV as ``drive_times_calibration.csv``: ``from_place``, ``to_place``, ``minutes_low``, ``minutes_high`` door to
        door. ``from_node`` and ``to_node`` may name nodes of the network; without them the places are looked up like
        any other. ``km``, ``period``, ``without`` and ``set`` are read where given.

    Returns
    -------
    DataFrame
        :data:`ERROR_COLUMNS`, one row a comparison.

    Raises
    ------
    LayerError
        A row names an unknown station or place, or has no positive time.
    """
    frames = []
    if trains is not None:
        frames += list(_ridden(network, scenario, _read_pairs(network, Path(trains))))
    if drives is not None:
        rows = [one.row for one in _driven_rows(network, scenario, Path(drives))]
        frames.append(pd.DataFrame(rows, columns=list(ERROR_COLUMNS)))
    known = [frame for frame in frames if len(frame)]
    return pd.concat(known, ignore_index=True) if known else pd.DataFrame(columns=list(ERROR_COLUMNS))


def summary(errors: pd.DataFrame) -> pd.DataFrame:
    """Return one row a check: how many, median and 90th percentile of absolute and relative error, signed bias."""
    rows = []
    for check, group in errors.groupby("check", sort=False):
        minutes, relative = group["error_min"].to_numpy(dtype=float), group["error"].to_numpy(dtype=float)
        rows.append(
            {
                "check": check,
                "pairs": len(group),
                "median_error_min": float(np.median(np.abs(minutes))),
                "p90_error_min": float(np.quantile(np.abs(minutes), 0.9)),
                "median_error": float(np.median(np.abs(relative))),
                "p90_error": float(np.quantile(np.abs(relative), 0.9)),
                "bias": float(np.median(relative)),
            }
        )
    return pd.DataFrame(rows)


def worst(errors: pd.DataFrame, count: int = 10) -> pd.DataFrame:
    """Return the comparisons of the model as shipped with the largest relative error, greatest first."""
    shipped = errors[errors["check"].isin(_SHIPPED)]
    order = shipped["error"].abs().sort_values(ascending=False, kind="stable").index[:count]
    return shipped.loc[order].reset_index(drop=True)


def _held_out(runs: pd.DataFrame, folds: int) -> Floats:
    """Minutes of each run by the formula fitted on the services of the other folds."""
    fold = {name: i % folds for i, name in enumerate(sorted(set(runs["service"])))}
    part = runs["service"].map(fold).to_numpy()
    modelled = np.zeros(len(runs))
    for k in range(folds):
        held = part == k
        if held.any() and (~held).any():
            modelled[held] = fit_formula(runs[~held]).minutes(runs[held])
    return modelled


def _by_service(network: Network, held: pd.DataFrame) -> pd.DataFrame:
    names = network.node_names
    ends = [(names[int(a)], names[int(b)]) for a, b in zip(held["tail"], held["head"], strict=True)]
    taken: dict[tuple[str, str], list[float]] = {}
    for pair, minutes in zip(ends, held["run_min"], strict=True):
        taken.setdefault(pair, []).append(float(minutes))
    usual = {pair: float(np.median(minutes)) for pair, minutes in taken.items()}
    rows = []
    for service, group in held.groupby("service", sort=True):
        start, end = names[int(group["tail"].iloc[0])], names[int(group["head"].iloc[-1])]
        measured = float(group["run_min"].sum())
        off = group.iloc[int(np.argmax(np.abs(group["modelled"] - group["run_min"])))]
        row = _row("rail formula, service held out", start, end, measured, measured, measured, group["modelled"].sum())
        rows.append(row | _why(str(service), *_stretch(network, off, usual), runs=len(group)))
    return pd.DataFrame(rows)


def _why(source: str, reason: str, facts: Mapping[str, object], **more: object) -> dict[str, str]:
    """Return the columns that say where a comparison comes from and why it is off."""
    words = both(f"reason.{reason}", **facts, **more)
    return {"source": source, "why": words.en, "why_zh": words.zh}


def _named(network: Network, name: str) -> Words:
    return Words(name, network.english_names.get(name, name))


def _stretch(network: Network, run: pd.Series, usual: Mapping[tuple[str, str], float]) -> tuple[str, dict[str, object]]:
    """Return where a service departs most from the formula, and whether other trains do so too."""
    a, b = network.node_names[int(run["tail"])], network.node_names[int(run["head"])]
    seen, made, km, speed = (float(run[name]) for name in ("run_min", "modelled", "km", "line_speed_kmh"))
    median = usual[a, b]
    facts: dict[str, object] = {"start": _named(network, a), "end": _named(network, b)}
    facts |= {"seen": seen, "made": made, "km": km, "speed": speed, "usual": median}
    if abs(seen - median) > 0.2 * median:
        return "stretch_this", facts
    return "stretch_slow" if seen > made else "stretch_fast", facts


def _by_pair(network: Network, held: pd.DataFrame, pairs: Sequence[_Pair]) -> pd.DataFrame:
    """Pairs of the calibration table on the held-out services: modelled and measured minutes of the same trains."""
    names = network.node_names
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for _, group in held.groupby("service", sort=True):
        stops = [names[int(group["tail"].iloc[0])], *(names[int(row)] for row in group["head"])]
        measured = np.concatenate([[0.0], np.cumsum(group["run_min"])])
        modelled = np.concatenate([[0.0], np.cumsum(group["modelled"])])
        for i, k in itertools.combinations(range(len(stops)), 2):
            both = float(measured[k] - measured[i]), float(modelled[k] - modelled[i])
            found.setdefault((stops[i], stops[k]), []).append(both)
    rows = []
    for pair in pairs:
        trains = found.get((pair.start, pair.end))
        if trains:
            seen, made = (float(np.median(column)) for column in zip(*trains, strict=True))
            row = _row("rail formula, pair held out", pair.start, pair.end, seen, pair.fastest, pair.typical, made)
            rows.append(row | _why(pair.source, "patterns", {"count": len(trains)}))
    return pd.DataFrame(rows, columns=list(ERROR_COLUMNS))


def _by_lines(network: Network, runs: pd.DataFrame) -> pd.DataFrame:
    """Leave out one line at a time; errors of the minutes that each service spends on it."""
    first = runs["lines"].str.split(SEPARATOR).str[0]
    rows = []
    for line in sorted(set(first)):
        held = (first == line).to_numpy()
        if held.all():
            continue
        formula = fit_formula(runs[~held])
        both = runs[held].assign(modelled=formula.minutes(runs[held])).groupby("service")[["modelled", "run_min"]].sum()
        error = (both["modelled"] / both["run_min"] - 1.0).to_numpy(dtype=np.float64)
        name_zh, name_en = network.names_of("railways", str(line))
        rows.append(
            {
                "line": line,
                "line_zh": name_zh,
                "line_en": name_en,
                "runs": int(held.sum()),
                "median_error": float(np.median(np.abs(error))),
                "p90_error": float(np.quantile(np.abs(error), 0.9)),
                "bias": float(np.median(error)),
                "speed_factor": formula.speed_factor,
                "acceleration_ms2": formula.acceleration_ms2,
                "dwell_min": formula.dwell_min,
            }
        )
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class _Pair:
    """A row of the rail calibration table."""

    start: str
    end: str
    fastest: float
    typical: float
    source: str
    note: str


def _read_pairs(network: Network, path: Path) -> list[_Pair]:
    nodes = network.nodes
    known = set(nodes.loc[nodes["kind"] == "stop", "name_zh"])
    pairs = []
    for record in _records(path, ("from_station_zh", "to_station_zh", "minutes_fastest", "minutes_typical")):
        start, end = record["from_station_zh"], record["to_station_zh"]
        for name in (start, end):
            if name not in known:
                record.refuse(f"unknown station {name[:40]!r}; name a station of the layer stations")
        fastest = _positive(record, "minutes_fastest")
        typical = _positive(record, "minutes_typical") if record["minutes_typical"] else fastest
        pairs.append(_Pair(start, end, fastest, typical, record.get("source", ""), record.get("note", "")))
    return pairs


def _ridden(network: Network, scenario: Scenario, pairs: Sequence[_Pair]) -> Iterator[pd.DataFrame]:
    """Yield the pairs against the median train that calls at both stations, and against the fastest one.

    A pair that no direct train joins is compared with the minutes in the trains of the fastest way.
    """
    rides = direct_trains(network)
    typical, fastest, changed = [], [], []
    for pair in pairs:
        trains = rides.get((pair.start, pair.end))
        if trains is None:
            changed.append(_with_a_change(network, scenario, pair))
            continue
        count, least, most = trains.trains_per_day, trains.fastest_min, trains.slowest_min
        facts = {"count": count, "least": least, "most": most, "note": pair.note}
        reason = _why(pair.source, "trains", facts)
        ends = pair.start, pair.end
        row = _row("rail as ridden", *ends, pair.typical, pair.fastest, pair.typical, trains.typical_min)
        typical.append(row | reason)
        row = _row("rail fastest train", *ends, pair.fastest, pair.fastest, pair.fastest, least)
        fastest.append(row | reason)
    for rows in (typical, fastest, changed):
        if rows:
            yield pd.DataFrame(rows, columns=list(ERROR_COLUMNS))


def _with_a_change(network: Network, scenario: Scenario, pair: _Pair) -> dict[str, Any]:
    journey = route(network, f"{pair.start}站", f"{pair.end}站", scenario, mode="rail")
    if not journey.found:
        raise NetworkError(f"no train leads from {pair.start} to {pair.end} in {scenario.name}")
    where = joined([_named(network, leg.to_name) for leg in journey.legs if leg.role == "train"])
    ridden = dict(journey.parts)["in_vehicle"]
    row = _row("rail with a change", pair.start, pair.end, pair.typical, pair.fastest, pair.typical, ridden)
    return row | _why(pair.source, "change", {"where": where})


@dataclass(frozen=True)
class _Driven:
    """A measured drive beside the model's, and what the fit needs of it."""

    row: dict[str, Any]
    journey: Journey
    scenario: Scenario
    scale: float


def _driven_rows(network: Network, scenario: Scenario, path: Path) -> list[_Driven]:
    """Compare the drives of a table with the model as shipped."""
    found = []
    for record in _records(path, ("from_place", "to_place", "minutes_low", "minutes_high")):
        low, high = (_positive(record, name) for name in ("minutes_low", "minutes_high"))
        if low > high:
            record.refuse(f"minutes_low {low:g} is more than minutes_high {high:g}")
        try:
            journey, chosen = _driven(network, scenario, record)
        except (NetworkError, ScenarioError, UnknownPlaceError) as fault:
            raise LayerError(f"{path} line {record.line}: {fault}") from fault
        known_km = _positive(record, "km") if record.get("km") else journey.length_km
        partial = abs(known_km / journey.length_km - 1.0) > _PARTIAL and dict(journey.parts)["border"] == 0.0
        scale = known_km / journey.length_km if partial else 1.0
        modelled = (journey.minutes - dict(journey.parts)["border"]) * scale
        facts = {"km": journey.length_km, "known_km": known_km, "conditions": record.get("conditions", "")}
        facts |= {name: record.get(name, "") for name in ("reading", "reading_zh")}
        row = _row("road", record["from_place"], record["to_place"], (low + high) / 2.0, low, high, modelled)
        reason = _why(record.get("source", ""), "drive_pace" if partial else "drive", facts)
        found.append(_Driven(row | reason, journey, chosen, scale))
    return found


def _roads(network: Network, scenario: Scenario, folder: Path) -> tuple[pd.DataFrame, dict[str, float]]:
    """Compare the drives with the model as shipped and with factors fitted on the other drives."""
    priors = read_priors(folder / "road_priors.csv")
    compared = _driven_rows(network, scenario, folder / _TABLES[1])
    fitted = [one for one in compared if one.scenario.period == "typical"]
    drives = [_drive(one.journey, one.scenario, priors, one.row["measured_min"], one.scale) for one in fitted]
    left = []
    for i, (one, drive) in enumerate(zip(fitted, drives, strict=True)):
        ratios = fit_roads(drives[:i] + drives[i + 1 :], priors)
        made, measured = drive.minutes(ratios), one.row["measured_min"]
        change = {"check": "road, fitted on the other rows", "modelled_min": made, "error_min": made - measured}
        left.append(one.row | change | {"error": made / measured - 1.0})
    ratios = fit_roads(drives, priors)
    factors = {prior.parameter: prior.expected * ratios[prior.parameter] for prior in priors}
    rows = [*(one.row for one in compared), *left]
    return pd.DataFrame(rows, columns=list(ERROR_COLUMNS)), factors


def _driven(network: Network, scenario: Scenario, record: Row) -> tuple[Journey, Scenario]:
    """Return the model's way between the ends of a row, and the scenario it was searched in."""
    start, end = (record.get(f"{which}_node") or record[f"{which}_place"] for which in ("from", "to"))
    for which, node in (("from", start), ("to", end)):
        if record.get(f"{which}_node") and node not in network.row_of:
            raise NetworkError(f"{which}_node {node!r} is no node of the network")
    chosen = scenario.but(
        close=listed(record.get("without", "")),
        period=record.get("period") or None,
        overrides=_settings(record),
    )
    journey = route(network, start, end, chosen, mode="drive")
    if not journey.found or journey.length_km <= 0:
        raise NetworkError(f"no road from {start} to {end}")
    return journey, chosen


def _drive(journey: Journey, scenario: Scenario, priors: Sequence[Prior], measured_min: float, scale: float) -> Drive:
    """Split a journey's minutes by the factor they depend on, at the factors expected before the fit."""
    network = journey.network
    minutes = Trip(network, scenario, "drive").minutes
    arrays = network.arrays
    by_parameter = {prior.parameter: 0.0 for prior in priors}
    class_of = {kind: prior for prior in priors for kind in prior.classes}
    fixed = 0.0
    for row in journey.edge_rows:
        prior = class_of.get(str(arrays.speed_class[row]))
        if arrays.role[row] == "border":
            continue
        if prior is None or arrays.role[row] != "run":
            fixed += float(minutes[row])
        else:
            now = scenario.value(prior.parameter.replace("_typical_", f"_{scenario.period}_"))
            by_parameter[prior.parameter] += float(minutes[row]) * now / prior.expected
    return Drive(measured_min, by_parameter, fixed, scale)


def _settings(record: Row) -> dict[str, float]:
    settings = {}
    for part in listed(record.get("set", "")):
        name, _, value = part.partition("=")
        try:
            settings[name] = float(value)
        except ValueError:
            record.refuse(f"{part[:40]!r} is not parameter=number")
    return settings


def _row(check: str, start: str, end: str, measured: float, low: float, high: float, modelled: float) -> dict[str, Any]:
    """Return a comparison; a time within the measured range has its error from the middle all the same."""
    return {
        "check": check,
        "from_zh": start,
        "to_zh": end,
        "measured_min": measured,
        "measured_low_min": low,
        "measured_high_min": high,
        "modelled_min": float(modelled),
        "error_min": float(modelled) - measured,
        "error": float(modelled) / measured - 1.0,
    }


def _records(path: Path, columns: Sequence[str]) -> Table:
    table = read_table(path, columns, what=", the calibration table,")
    if not len(table):
        raise LayerError(f"{path}: no rows below the headings; write one measured time a row")
    return table


def _positive(row: Row, name: str) -> float:
    """Return a measured time or distance, more than nothing and less than the Earth is round."""
    value = row.number(name, low=0, high=50_000)
    if not value:
        row.refuse(f"{name} must be a number greater than 0, is {row[name]}")
    return value
