"""The model against measured times: rail by k-fold and line by line, roads one left out at a time.

Three questions, each with its own table of errors:

``rail ridden``
    The minutes between two stations as the atlas gives them where trains of a published timetable run: the
    patterns are ridden as they are. A check of consistency with the pairs of the calibration table.
``rail formula``
    The run-time formula on services it has not seen: fitted on the services of the other folds (or of the
    other lines), summed over the stops of each service held out. This is what lines without a timetable get.
``road``
    The seven measured drives, each compared with the model as shipped; and again with one factor on all road
    minutes fitted on the other six, which shows how much of the error is a common bias.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import least_squares

from atlas.errors import LayerError, NetworkError, ParameterError
from atlas.network import Network
from atlas.rail import run_minutes
from atlas.reach import route
from atlas.scenario import Scenario

__all__ = ["ERROR_COLUMNS", "FOLDS", "Formula", "Validation", "fit_formula", "summary", "validate", "worst"]

FOLDS = 5
ERROR_COLUMNS = (
    "check", "from_zh", "to_zh", "measured_min", "measured_low_min", "measured_high_min", "modelled_min", "error_min",
    "error", "source", "why",
)  # fmt: skip
Floats = NDArray[np.float64]
_BOUNDS = ([0.4, 0.1, 0.3], [1.0, 1.0, 5.0])
_START = [0.85, 0.4, 2.0]


@dataclass(frozen=True)
class Formula:
    """The run-time formula's three numbers."""

    speed_factor: float
    acceleration_ms2: float
    dwell_min: float

    def minutes(self, runs: pd.DataFrame) -> Floats:
        """Return minutes of `runs` (``km``, ``line_speed_kmh``)."""
        return run_minutes(
            runs["km"].to_numpy(dtype=np.float64),
            runs["line_speed_kmh"].to_numpy(dtype=np.float64),
            speed_factor=self.speed_factor,
            acceleration_ms2=self.acceleration_ms2,
            dwell_min=self.dwell_min,
        )


@dataclass(frozen=True)
class Validation:
    """What came out.

    Attributes
    ----------
    errors : DataFrame
        :data:`ERROR_COLUMNS`, one row a comparison; ``error`` is modelled over measured less one.
    lines : DataFrame
        Leaving out one line at a time: ``line``, ``runs``, ``median_error``, ``p90_error``, ``bias`` and the
        three numbers fitted on the other lines.
    formula
        Fitted on everything, to be compared with the parameters in force.
    """

    errors: pd.DataFrame
    lines: pd.DataFrame
    formula: Formula


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

    Raises
    ------
    LayerError
        A calibration row names an unknown station or place, or has no positive time.
    """
    folder = Path(facts)
    runs = _measured_runs(network, scenario, railways)
    rail = pd.concat(
        [_ridden(network, scenario, folder / "rail_times_calibration.csv"), _by_folds(network, runs, folds)],
        ignore_index=True,
    )
    roads = _roads(network, scenario, folder / "drive_times_calibration.csv")
    errors = pd.concat([rail, roads], ignore_index=True)
    return Validation(errors[list(ERROR_COLUMNS)], _by_lines(runs), fit_formula(runs))


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
    shipped = errors[~errors["check"].str.contains("fitted on the other rows")]
    order = shipped["error"].abs().sort_values(ascending=False, kind="stable").index[:count]
    return shipped.loc[order].reset_index(drop=True)


def fit_formula(runs: pd.DataFrame) -> Formula:
    """Fit the formula by least squares on the relative errors of whole services, with soft weight on large ones.

    What is asked of the formula is the time between two stations, most of them several stops apart; single
    runs are rounded to the minute and carry the timetable's allowances unevenly.

    Parameters
    ----------
    runs
        ``service``, ``km``, ``line_speed_kmh``, ``run_min``.
    """
    services, number = np.unique(runs["service"].to_numpy(dtype=object), return_inverse=True)
    measured = np.bincount(number, weights=runs["run_min"].to_numpy(dtype=np.float64), minlength=len(services))

    def error(x: Floats) -> Floats:
        return np.asarray(
            np.bincount(number, weights=Formula(*x).minutes(runs), minlength=len(services)) / measured - 1.0
        )

    found = least_squares(error, _START, bounds=_BOUNDS, loss="soft_l1", f_scale=0.1)
    return Formula(*(float(value) for value in found.x))


def _measured_runs(network: Network, scenario: Scenario, railways: pd.DataFrame) -> pd.DataFrame:
    """Runs between two stops of measured services: kilometres charged, line speed, minutes."""
    edges = network.edges
    arrays = network.arrays
    rows = np.nonzero((arrays.role == "ride") & ~np.isnan(arrays.run_min))[0]
    km = np.where(
        arrays.schematic[rows], arrays.length_km[rows] * scenario.value("rail_detour_schematic"), arrays.length_km[rows]
    )
    speeds = railways.set_index("id")
    chosen = speeds["operating_speed_kmh"].fillna(speeds["design_speed_kmh"])
    speed = {str(line): float(value) for line, value in chosen.items()}
    runs = pd.DataFrame(
        {
            "service": edges["feature_id"].to_numpy()[rows],
            "lines": edges["line_ids"].to_numpy()[rows],
            "tail": arrays.tail[rows],
            "head": arrays.head[rows],
            "km": km,
            "run_min": arrays.run_min[rows],
        }
    )
    default = scenario.value("rail_speed_default_kmh")
    runs["line_speed_kmh"] = [_speed_over(str(lines), speed, default) for lines in runs["lines"]]
    return runs[(runs["run_min"] > 0) & (runs["km"] > 0)].reset_index(drop=True)


def _speed_over(lines: str, speed: Mapping[str, float], default: float) -> float:
    """Harmonic mean of the speeds of the lines run over, those of unknown speed left out."""
    speeds = [speed.get(line, float("nan")) for line in lines.split(";") if line]
    known = [value for value in speeds if not np.isnan(value)] or [default]
    return len(known) / sum(1.0 / value for value in known)


def _by_folds(network: Network, runs: pd.DataFrame, folds: int) -> pd.DataFrame:
    """Each service by the formula fitted on the services of the other folds."""
    services = sorted(set(runs["service"]))
    fold = {name: i % folds for i, name in enumerate(services)}
    part = runs["service"].map(fold).to_numpy()
    modelled = np.zeros(len(runs))
    for k in range(folds):
        held = part == k
        if held.any() and (~held).any():
            modelled[held] = fit_formula(runs[~held]).minutes(runs[held])
    names = network.node_names
    rows = []
    for service, group in runs.assign(modelled=modelled).groupby("service", sort=True):
        start, end = names[int(group["tail"].iloc[0])], names[int(group["head"].iloc[-1])]
        measured = float(group["run_min"].sum())
        worst = group.iloc[int(np.argmax(np.abs(group["modelled"] - group["run_min"])))]
        stretch = f"{names[int(worst['tail'])]}—{names[int(worst['head'])]}"
        why = (
            f"{len(group)} runs; most of it between {stretch}: {worst['run_min']:.0f} min measured over "
            f"{worst['km']:.0f} km, {worst['modelled']:.0f} by the formula"
        )
        row = _row("rail formula, service held out", start, end, measured, measured, measured, group["modelled"].sum())
        rows.append(row | {"source": str(service), "why": why})
    return pd.DataFrame(rows)


def _by_lines(runs: pd.DataFrame) -> pd.DataFrame:
    """Leave out one line at a time."""
    first = runs["lines"].str.split(";").str[0]
    rows = []
    for line in sorted(set(first)):
        held = (first == line).to_numpy()
        if held.all():
            continue
        formula = fit_formula(runs[~held])
        error = formula.minutes(runs[held]) / runs.loc[held, "run_min"].to_numpy() - 1.0
        rows.append(
            {
                "line": line,
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


def _ridden(network: Network, scenario: Scenario, path: Path) -> pd.DataFrame:
    """Pairs of the calibration table against the median train that calls at both stations."""
    rides = _pairs_of_services(network)
    stations = {name: True for (a, b) in rides for name in (a, b)}
    nodes = network.nodes
    known = set(nodes.loc[nodes["kind"] == "stop", "name_zh"])
    rows = []
    for line, record in _records(path, ("from_station_zh", "to_station_zh", "minutes_fastest", "minutes_typical")):
        start, end = record["from_station_zh"], record["to_station_zh"]
        for name in (start, end):
            if name not in known and name not in stations:
                raise LayerError(f"{path} line {line}: unknown station {name!r}; name a station of the layer stations")
        fastest = _minutes(record, "minutes_fastest", path, line)
        typical = _minutes(record, "minutes_typical", path, line) if record["minutes_typical"] else fastest
        found = rides.get((start, end), [])
        if not found:
            continue
        modelled = float(np.median(found))
        row = _row("rail as ridden", start, end, typical, fastest, typical, modelled)
        why = f"{len(found)} trains of the timetable call at both, {min(found):.0f} to {max(found):.0f} min"
        rows.append(row | {"source": record.get("source", ""), "why": why})
    return pd.DataFrame(rows)


def _pairs_of_services(network: Network) -> dict[tuple[str, str], list[float]]:
    """Minutes from stop to stop of every measured service, by the names of the stations."""
    arrays, names = network.arrays, network.node_names
    found: dict[tuple[str, str], list[float]] = {}
    rows = np.nonzero((arrays.role == "ride") & ~np.isnan(arrays.run_min))[0]
    by_service: dict[str, list[int]] = {}
    for row in rows.tolist():
        by_service.setdefault(str(arrays.feature_id[row]), []).append(row)
    for ridden in by_service.values():
        stops = [names[int(arrays.tail[ridden[0]])], *(names[int(arrays.head[row])] for row in ridden)]
        elapsed = np.concatenate([[0.0], np.cumsum(arrays.run_min[ridden])])
        for i in range(len(stops)):
            for k in range(i + 1, len(stops)):
                found.setdefault((stops[i], stops[k]), []).append(float(elapsed[k] - elapsed[i]))
    return found


def _roads(network: Network, scenario: Scenario, path: Path) -> pd.DataFrame:
    needed = ("from_place", "to_place", "minutes_low", "minutes_high", "from_node", "to_node")
    rows = []
    for line, record in _records(path, needed):
        low, high = (_minutes(record, name, path, line) for name in ("minutes_low", "minutes_high"))
        for name in ("from_node", "to_node"):
            if record[name] not in network.row_of:
                raise LayerError(f"{path} line {line}: {name} {record[name]!r} is no node of the network")
        chosen = scenario.but(
            close=[one for one in record.get("without", "").split(";") if one],
            period=record.get("period") or None,
            overrides=_settings(record.get("set", ""), path, line),
        )
        journey = route(network, record["from_node"], record["to_node"], chosen, mode="drive")
        if not journey.found:
            raise NetworkError(f"{path} line {line}: no road from {record['from_node']} to {record['to_node']}")
        modelled = journey.minutes - dict(journey.parts)["border"]
        known_km = float(record["km"]) if record.get("km") else journey.length_km
        why = f"{journey.length_km:.0f} km; {record.get('reading', '')}"
        if abs(known_km / journey.length_km - 1.0) > 0.2 and dict(journey.parts)["border"] == 0.0:
            modelled *= known_km / journey.length_km
            why += f"; the pace is compared, over {known_km:g} km"
        measured = (low + high) / 2.0
        row = _row("road", record["from_place"], record["to_place"], measured, low, high, modelled)
        rows.append(row | {"source": record.get("source", ""), "why": f"{record.get('conditions', '')}; {why}"})
    frame = pd.DataFrame(rows)
    modelled_min = frame["modelled_min"].to_numpy(dtype=np.float64)
    measured_min = frame["measured_min"].to_numpy(dtype=np.float64)
    ratio = np.log(modelled_min / measured_min)
    others = (ratio.sum() - ratio) / max(len(ratio) - 1, 1)
    fitted = modelled_min / np.exp(others)
    left = frame.assign(
        check="road, one factor fitted on the other rows",
        modelled_min=fitted,
        error_min=fitted - measured_min,
        error=fitted / measured_min - 1.0,
    )
    return pd.concat([frame, left], ignore_index=True)


def _settings(text: str, path: Path, line: int) -> dict[str, float]:
    settings = {}
    for part in filter(None, text.split(";")):
        name, _, value = part.partition("=")
        try:
            settings[name] = float(value)
        except ValueError as reason:
            raise ParameterError(f"{path} line {line}: {part!r} is not parameter=number") from reason
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


def _records(path: Path, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            rows = [{k: (v or "").strip() for k, v in row.items() if k} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as reason:
        raise LayerError(f"{path}, the calibration table, cannot be read: {reason}") from reason
    if missing:
        raise LayerError(f"{path}: columns missing: {', '.join(missing)}")
    return list(enumerate(rows, start=2))


def _minutes(record: Mapping[str, str], name: str, path: Path, line: int) -> float:
    try:
        value = float(record[name])
    except ValueError:
        value = float("nan")
    if not value > 0:
        raise LayerError(f"{path} line {line}: {name} must be minutes greater than 0, is {record[name]!r}")
    return value
