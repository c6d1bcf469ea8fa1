"""The numbers of the report: the plan, its kilometres, its years, its promises and what they rest on.

Nothing is computed here that the library does not compute elsewhere; this module gathers. How it is shown is
the business of :mod:`atlas.maps.pages.report`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from atlas.base.words import Words, both
from atlas.data.catalog import Catalog
from atlas.data.parameters import ParameterTable
from atlas.data.region import Region
from atlas.data.register import ISSUED, Change, Register, item_table
from atlas.data.scenario import BUILT_IN, Scenario, load_scenario
from atlas.data.sources import Source
from atlas.data.stamp import facts_date, stamp
from atlas.network.build import Network
from atlas.plan.deciding import Deciding, deciding_trips
from atlas.plan.lengths import corridor_kilometres, stretches, total_kilometres
from atlas.plan.promises import Targets, check_claims, read_targets, summarise_claims, variants
from atlas.travel.comparison import Comparison, compare, seats
from atlas.travel.matrix import od_minutes
from atlas.travel.status import open_features, scenario_difference, scenario_header

__all__ = ["DECIDED_IN", "MATRIX_MODES", "Report", "Step", "link_spans", "make_report", "told_apart"]

#: Modes of which the report prints all pairs of seats and all changes from year to year.
MATRIX_MODES = ("multimodal", "rail")
#: Scenario whose worst trips are taken apart: the year in which the plan ends.
DECIDED_IN = "2030"


@dataclass(frozen=True)
class Step:
    """From one year to the next: what opens, and what that does to the pairs of seats.

    Attributes
    ----------
    opened : DataFrame
        Features open in the later scenario only; see :func:`atlas.travel.status.scenario_difference`. With
        ``name_en``.
    changes
        :func:`atlas.travel.comparison.compare` of all seats, by mode.
    """

    before: Scenario
    after: Scenario
    opened: pd.DataFrame
    changes: dict[str, Comparison]


@dataclass(frozen=True)
class Report:
    """Everything the report says.

    Attributes
    ----------
    region
        What the atlas is of.
    register, targets, parameters, sources
        What was read.
    items, items_at_issue : DataFrame
        :func:`atlas.data.register.item_table`, last known and as of the plan's issue.
    changes
        Items whose status is no longer that of the issue.
    kilometres, cities, corridors : DataFrame
        Kilometres by mode and status, by mode, status and city, and by corridor.
    scenarios
        The years, and what stands above each (:func:`atlas.travel.status.scenario_header`).
    assumed : DataFrame
        Features whose year is assumed by rule, in the scenario ``full``.
    summary, trips : DataFrame
        The promises: :func:`atlas.plan.promises.summarise_claims` and :func:`atlas.plan.promises.check_claims`.
    deciding
        The worst trips of the targets taken apart, in the year the plan ends (or the last there is).
    seats : DataFrame
        ``id``, ``name_zh``, ``name_en`` of the places of the matrix.
    english
        English names of places, stations and junctions by their Chinese ones.
    minutes : ndarray
        (scenarios, modes of :data:`MATRIX_MODES`, seats, seats), NaN where there is no way.
    steps
        Year by year.
    as_of
        Latest date at which a status was looked up.
    hash
        Stamp of the layers and of all scenarios under all parameter sets.
    """

    region: Region
    register: Register
    targets: Targets
    parameters: ParameterTable
    sources: dict[str, Source]
    items: pd.DataFrame
    items_at_issue: pd.DataFrame
    changes: tuple[Change, ...]
    kilometres: pd.DataFrame
    cities: pd.DataFrame
    corridors: pd.DataFrame
    scenarios: tuple[Scenario, ...]
    headers: tuple[dict[str, Any], ...]
    assumed: pd.DataFrame
    summary: pd.DataFrame
    deciding: tuple[Deciding, ...]
    trips: pd.DataFrame
    seats: pd.DataFrame
    english: Mapping[str, str]
    minutes: np.ndarray[Any, np.dtype[np.float64]]
    steps: tuple[Step, ...]
    as_of: str
    hash: str

    @property
    def resolutions(self) -> dict[str, int]:
        """How many items are features, corridors of features, targets, or have a written reason."""
        counts = self.items["resolution"].value_counts()
        return {name: int(counts.get(name, 0)) for name in ("features", "corridor", "target", "reason")}

    def status_by_kind(self, table: pd.DataFrame | None = None) -> pd.DataFrame:
        """Return the number of items by kind (rows) and status (columns) of `items` or another such table."""
        chosen = self.items if table is None else table
        return pd.crosstab(chosen["kind"], chosen["status"])


def make_report(
    catalog: Catalog,
    network: Network,
    scenarios: Sequence[Scenario] | None = None,
    *,
    claims: pd.DataFrame | None = None,
) -> Report:
    """Gather the numbers of the report.

    Parameters
    ----------
    catalog, network
        The layers, plan, parameters and sources, and the network made of the layers.
    scenarios
        In the order of the years; None: the built-in ones.
    claims
        From :func:`atlas.plan.promises.check_claims` for the same scenarios with all readings; None
        computes them.

    Raises
    ------
    PlanError, LayerError, ParameterError
        What is to be read is missing or broken.
    """
    years = tuple(scenarios or (load_scenario(name, table=catalog.parameters) for name in BUILT_IN))
    register, targets = catalog.plan, read_targets(catalog.root / "data" / "plan" / "targets.toml")
    frames = {key: layer.frame for key, layer in catalog.layers().items()}
    trips = check_claims(network, years, targets, readings=["all"]) if claims is None else claims
    summary = summarise_claims(trips)
    decided = [year for year in years if year.name == DECIDED_IN] or list(years[-1:])
    places = frames["places"].set_index("id").loc[list(seats(network)), ["name_zh", "name_en"]].reset_index()
    table = stretches(frames)
    english = {f"{key}/{row[0]}": row[1] for key, frame in frames.items() for row in _names(frame)}
    return Report(
        region=network.region,
        register=register,
        targets=targets,
        parameters=catalog.parameters,
        sources=catalog.sources,
        items=item_table(register, frames),
        items_at_issue=item_table(register, frames, date=ISSUED),
        changes=register.history.changed_since(),
        kilometres=total_kilometres(table),
        cities=total_kilometres(table, ("city", "mode", "status")),
        corridors=corridor_kilometres(table, register),
        scenarios=years,
        headers=tuple(scenario_header(network, scenario) for scenario in years),
        assumed=_assumed(network, years[-1]),
        summary=summary,
        deciding=deciding_trips(network, decided, summary, modes=("multimodal", "rail")),
        trips=trips,
        seats=pd.DataFrame(places),
        english=network.english_names,
        minutes=od_minutes(network, places["id"], places["id"], years, MATRIX_MODES),
        steps=tuple(_step(network, a, b, english) for a, b in pairwise(years)),
        as_of=facts_date(frames.values()),
        hash=stamp(network.hash, [variant for scenario in years for variant in variants(scenario)]),
    )


def _assumed(network: Network, last: Scenario) -> pd.DataFrame:
    table = open_features(network, last)
    return table[table["opens_basis"] == "assumed"].reset_index(drop=True)


def _names(frame: pd.DataFrame) -> list[tuple[str, str]]:
    both = zip(frame["id"], frame["name_zh"], frame["name_en"], strict=True)
    return [(str(name), str(en if isinstance(en, str) and en else zh)) for name, zh, en in both]


def _step(network: Network, before: Scenario, after: Scenario, english: Mapping[str, str]) -> Step:
    difference = scenario_difference(network, before, after)
    opened = difference[(difference["what"] == "feature") & (difference["second"] == "open")]
    # A schematic link from a town to its exit opens with the road it serves and says nothing of its own.
    opened = opened[~opened["name"].str.startswith("highways/acc_")].reset_index(drop=True)
    opened = opened.assign(name_en=[english.get(name, zh) for name, zh in opened[["name", "name_zh"]].to_numpy()])
    opened = told_apart(network, opened, "name")
    changes = {mode: compare(network, before, after, mode=mode) for mode in MATRIX_MODES}
    told = {mode: replace(one, projects=told_apart(network, one.projects, "project")) for mode, one in changes.items()}
    return Step(before, after, opened, told)


def told_apart(network: Network, rows: pd.DataFrame, key: str) -> pd.DataFrame:
    """Give the features that bear the name of another their ends.

    Parameters
    ----------
    network
        What they are of.
    rows
        Table with ``name_zh`` and ``name_en``.
    key
        Its column of ``layer/feature``.
    """
    spans = link_spans(network, dict(zip(rows[key].astype(str), rows["name_zh"].astype(str), strict=True)))
    if not spans:
        return rows
    named = []
    for link, zh, en in rows[[key, "name_zh", "name_en"]].astype(str).to_numpy():
        ends = [Words(name, network.english_names.get(name, name)) for name in spans.get(link, ())]
        named.append(both("figures.span", name=Words(zh, en), start=ends[0], end=ends[1]) if ends else Words(zh, en))
    return rows.assign(name_zh=[one.zh for one in named], name_en=[one.en for one in named])


def link_spans(network: Network, names: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the junctions at the ends of links that bear the name of another, by id: where they can be told.

    Parameters
    ----------
    network
        What the links are of.
    names
        Chinese names by ``layer/feature``.
    """
    many = list(names.values())
    arrays, found = network.arrays, {}
    for link, name in names.items():
        if many.count(name) < 2 or link.startswith("railways/") or link not in arrays.rows_by_id:
            continue
        rows = arrays.rows_by_id[link]
        rows = rows[arrays.role[rows] == "run"]
        pairs = {
            tuple(sorted(pair)) for pair in zip(arrays.tail[rows].tolist(), arrays.head[rows].tolist(), strict=True)
        }
        met = [node for pair in pairs for node in pair]
        ends = sorted((node for node in set(met) if met.count(node) == 1), key=lambda node: network.node_names[node])
        if len(ends) == 2:
            found[link] = [network.node_names[node] for node in ends]
    return found
