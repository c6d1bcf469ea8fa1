"""What the parameters are fitted with: run times of trains, pace of roads.

Both fits are small and documented in ``docs/model.md``; the numbers in force stand in ``data/parameters.csv``,
and :mod:`atlas.evidence.accuracy` tests that they are those fitted here.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from atlas.base.errors import ParameterError
from atlas.base.geodesy import Floats, Ints
from atlas.base.tables import listed, read_table
from atlas.data.scenario import Scenario
from atlas.network.build import Network
from atlas.travel.minutes import run_minutes

__all__ = ["Drive", "Formula", "Prior", "fit_formula", "fit_roads", "measured_runs", "read_priors"]

# Bounds and start of speed factor, acceleration (m/s²) and dwell (min): no train of the timetable stops for
# less than a minute, none runs above its line's speed.
_BOUNDS = ([0.4, 0.05, 1.0], [1.0, 1.0, 5.0])
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


def fit_formula(runs: pd.DataFrame) -> Formula:
    """Fit the formula by least squares over all pairs of stops of each service, with soft weight on large errors.

    What is asked of the formula is the time between two stations, near ones and far ones. A pair's error is
    counted in minutes and every service as a whole counts once, however many stops it has.

    Parameters
    ----------
    runs
        ``service`` (the runs of one following each other), ``km``, ``line_speed_kmh``, ``run_min``.
    """
    first, last, measured, weight = _pairs_of_stops(runs)

    def error(x: Floats) -> Floats:
        clock = np.concatenate([[0.0], np.cumsum(Formula(*x).minutes(runs))])
        relative = (clock[last] - clock[first]) / measured - 1.0
        # the loss 2 s² (√(1 + (e/s)²) − 1) with s = 0.1, as residuals whose squares it is
        soft = 0.1 * np.sqrt(2.0 * (np.sqrt(1.0 + (relative / 0.1) ** 2) - 1.0))
        return np.asarray(weight * np.copysign(soft, relative), dtype=np.float64)

    found = least_squares(error, _START, bounds=_BOUNDS)
    return Formula(*(float(value) for value in found.x))


def _pairs_of_stops(runs: pd.DataFrame) -> tuple[Ints, Ints, Floats, Floats]:
    """Return first run, run after the last, measured minutes and weight of every pair of stops of each service."""
    clock = np.concatenate([[0.0], np.cumsum(runs["run_min"].to_numpy(dtype=np.float64))])
    names = runs["service"].to_numpy(dtype=object)
    starts = np.concatenate([[0], np.nonzero(names[1:] != names[:-1])[0] + 1, [len(names)]])
    firsts, lasts, weights = [], [], []
    for begin, end in itertools.pairwise(starts.tolist()):
        i, k = np.triu_indices(end - begin + 1, 1)
        minutes = clock[begin + k] - clock[begin + i]
        firsts.append(begin + i)
        lasts.append(begin + k)
        weights.append(minutes / np.sqrt((minutes**2).sum()))
    first, last = np.concatenate(firsts), np.concatenate(lasts)
    return first, last, clock[last] - clock[first], np.concatenate(weights)


def measured_runs(network: Network, scenario: Scenario, railways: pd.DataFrame) -> pd.DataFrame:
    """Return runs between two stops of measured services, where the formula has what it needs.

    Services that run over a line of unknown speed, or where no track is drawn between two of their stops, are
    left out whole: the formula would be fed a guess.

    Parameters
    ----------
    network, scenario
        The model as shipped; the scenario gives ``rail_detour_schematic``.
    railways
        Frame of the layer ``railways``, for line speeds.

    Returns
    -------
    DataFrame
        ``service``, ``lines``, ``tail`` and ``head`` (rows of ``network.nodes``), ``km`` charged,
        ``line_speed_kmh``, ``run_min``.
    """
    edges = network.edges
    arrays = network.arrays
    # A frequency's minutes are told, not read off a timetable: nothing is fitted to them.
    rows = np.nonzero((arrays.role == "ride") & ~np.isnan(arrays.run_min) & (arrays.speed_class != "frequency"))[0]
    detour = np.where(arrays.schematic[rows], scenario.value("rail_detour_schematic"), 1.0)
    speeds = railways.set_index("id")
    chosen = speeds["operating_speed_kmh"].fillna(speeds["design_speed_kmh"])
    speed = {str(line): float(value) for line, value in chosen.items() if not math.isnan(value)}
    runs = pd.DataFrame(
        {
            "service": edges["feature_id"].to_numpy()[rows],
            "lines": edges["line_ids"].to_numpy()[rows],
            "tail": arrays.tail[rows],
            "head": arrays.head[rows],
            "km": arrays.length_km[rows] * detour,
            "run_min": arrays.run_min[rows],
        }
    )
    runs["line_speed_kmh"] = [_speed_over(str(lines), speed) for lines in runs["lines"]]
    joins = network.joins
    untracked = set(joins.loc[joins["kind"] == "no_track", "feature_id"])
    unusable = runs["line_speed_kmh"].isna() | ~(runs["run_min"] > 0) | ~(runs["km"] > 0)
    left_out = set(runs.loc[unusable, "service"]) | untracked
    return runs[~runs["service"].isin(left_out)].reset_index(drop=True)


def _speed_over(lines: str, speed: Mapping[str, float]) -> float:
    """Harmonic mean of the speeds of the lines run over; NaN when one is not known."""
    speeds = [speed.get(line, math.nan) for line in listed(lines)]
    return len(speeds) / sum(1.0 / value for value in speeds) if speeds else math.nan


@dataclass(frozen=True)
class Prior:
    """What is expected of a speed factor before any drive is measured.

    Attributes
    ----------
    parameter
        Name in the parameter table.
    classes
        Road classes (``speed_class``) that use it.
    expected
        Share of the limit.
    spread
        Standard deviation of its logarithm.
    """

    parameter: str
    classes: tuple[str, ...]
    expected: float
    spread: float


@dataclass(frozen=True)
class Drive:
    """A measured drive, and the model's minutes of it by what they depend on.

    Attributes
    ----------
    measured_min
        Middle of what was measured.
    by_parameter
        Minutes at the expected factor, by the name of the factor.
    fixed_min
        Minutes that depend on no factor of the fit: ramps, local streets.
    scale
        Kilometres measured over kilometres drawn, where only part of the way is drawn; else 1.
    """

    measured_min: float
    by_parameter: Mapping[str, float]
    fixed_min: float
    scale: float = 1.0

    def minutes(self, ratios: Mapping[str, float]) -> float:
        """Return minutes when each factor is `ratios` times the expected one."""
        moving = sum(minutes / ratios.get(name, 1.0) for name, minutes in self.by_parameter.items())
        return (moving + self.fixed_min) * self.scale


#: Standard deviation of the logarithm of a measured drive about the model: what a single press report,
#: rounded to five minutes and driven on one day, is worth.
DRIVE_SPREAD = 0.12


def fit_roads(drives: Sequence[Drive], priors: Sequence[Prior], *, spread: float = DRIVE_SPREAD) -> dict[str, float]:
    """Return each factor over its expected value: the most probable ones given the drives.

    Least squares on logarithms, the priors counted as observations of 1 with their own spread; with no drive
    the result is 1 everywhere, and a class no drive used stays where it was expected.

    Parameters
    ----------
    drives
        Measured drives of one period.
    priors
        The factors to fit.
    spread
        Standard deviation of the logarithm of one drive's error.
    """
    names = [prior.parameter for prior in priors]
    spreads = np.array([prior.spread for prior in priors])

    def error(logs: Floats) -> Floats:
        ratios = dict(zip(names, np.exp(logs).tolist(), strict=True))
        misfit = [math.log(drive.minutes(ratios) / drive.measured_min) / spread for drive in drives]
        return np.concatenate([np.array(misfit, dtype=np.float64), logs / spreads])

    found = least_squares(error, np.zeros(len(names)))
    return dict(zip(names, np.exp(found.x).tolist(), strict=True))


def read_priors(path: str | Path) -> tuple[Prior, ...]:
    """Read ``road_priors.csv``: ``parameter``, ``classes`` (``;`` joined), ``expected``, ``spread``, ``source``.

    Raises
    ------
    ParameterError
        The file cannot be read, or a value is not a number greater than 0.
    """
    priors = []
    for row in read_table(path, ("parameter", "classes", "expected", "spread"), error=ParameterError):
        expected, spread = (row.number(name, low=0, high=1e6) for name in ("expected", "spread"))
        if not (expected > 0 and spread > 0):
            row.refuse("expected and spread must be greater than 0")
        priors.append(Prior(row["parameter"], row.items_of("classes"), expected, spread))
    return tuple(priors)
