"""What decides a verdict: the worst trip of a target taken apart, its longest parts first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import pandas as pd

from atlas.data.scenario import Scenario
from atlas.network.build import Network
from atlas.travel.reach import route
from atlas.ways.told import Leg

__all__ = ["Deciding", "Part", "deciding_trips"]

_KEYS = ("target_id", "reading", "scenario", "mode")
_RIDDEN = ("train", "ferry", "coach")


@dataclass(frozen=True)
class Part:
    """A part of a trip.

    Attributes
    ----------
    kind
        ``access`` (all before the first train, ferry or coach), ``egress`` (all after the last), or the role of a
        leg: ``road``, ``train``, ``ferry``, ``coach``, ``transfer``, ``border``; ``local`` for local roads.
    name_zh, name_en
        The road or line.
    start, end
        Chinese names of its ends.
    minutes
        Minutes, waits and borders inside the leg included.
    place
        Which part of the trip it is, in the order of travel.
    """

    kind: str
    name_zh: str
    name_en: str
    start: str
    end: str
    minutes: float
    place: int = 0


@dataclass(frozen=True)
class Deciding:
    """The worst trip of a reading in one scenario and mode, and its parts, longest first."""

    target_id: str
    reading: str
    scenario: str
    mode: str
    start: str
    end: str
    minutes: float
    parts: tuple[Part, ...]


def deciding_trips(
    network: Network, scenarios: Iterable[Scenario], summary: pd.DataFrame, *, modes: Sequence[str]
) -> tuple[Deciding, ...]:
    """Take apart the worst trip, door to door, of every reading in each scenario and mode.

    Parameters
    ----------
    network
        The network.
    scenarios
        Those to look at; the summary holds them by name.
    summary
        From :func:`atlas.plan.promises.summarise_claims`.
    modes
        Of ``drive``, ``rail`` and ``multimodal``.

    Returns
    -------
    tuple
        In the order of the summary; trips without a way are left out. The parts add up to the minutes.
    """
    by_name = {scenario.name: scenario for scenario in scenarios}
    chosen = summary[
        summary["scenario"].isin(list(by_name)) & summary["mode"].isin(list(modes)) & (summary["measure"] == "door")
    ]
    trips = []
    for row in chosen.to_dict("records"):
        ends = str(row["worst_from_id"]), str(row["worst_to_id"])
        journey = route(network, *ends, by_name[str(row["scenario"])], mode=str(row["mode"]))
        if journey.found:
            parts = tuple(sorted(_parts(journey.legs), key=lambda part: -part.minutes))
            target, reading, scenario, mode = (str(row[name]) for name in _KEYS)
            ends = journey.origin, journey.destination
            trips.append(Deciding(target, reading, scenario, mode, *ends, journey.minutes, parts))
    return tuple(trips)


def _parts(legs: Sequence[Leg]) -> Iterator[Part]:
    ridden = [i for i, leg in enumerate(legs) if leg.role in _RIDDEN]

    def kind(i: int) -> str:
        if ridden and i < ridden[0]:
            return "access"
        if ridden and i > ridden[-1]:
            return "egress"
        return "local" if legs[i].role in ("access", "egress") else legs[i].role

    def piece(i: int) -> int:
        # legs before the first ride, and behind the last, are one piece; every other leg is one of its own
        return {"access": -1, "egress": len(legs)}.get(kind(i), i)

    for place, (_, rows) in enumerate(groupby(range(len(legs)), key=piece)):
        own = list(rows)
        first, last = legs[own[0]], legs[own[-1]]
        minutes = sum(legs[i].minutes for i in own)
        names = first.name_zh, first.name_en or first.name_zh, first.from_name, last.to_name
        yield Part(kind(own[0]), *names, minutes, place)
