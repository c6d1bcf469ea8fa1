"""What templates show of decisions: every figure of worth, sites, gaps, closures, events and corridors, made once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atlas.base.words import Words, both, joined
from atlas.face.decisions import Decisions, Row
from atlas.maps.charts import Figure
from atlas.maps.document import Table
from atlas.maps.pictures import event_picture
from atlas.maps.sheets import closures, figures
from atlas.maps.sheets.fair import fairness_figures
from atlas.maps.sheets.sites import site_figures
from atlas.network.build import Network

__all__ = ["Decided", "decided", "resilience_finding"]


@dataclass(frozen=True)
class Decided:
    """Figures and tables by what they are of; see :mod:`atlas.maps.sheets.figures`."""

    worth: Figure
    cities: list[Figure]
    interactions: Table
    sites: list[Figure]
    switches: Table
    fairness: list[Figure]
    gaps: Table
    links: list[Figure]
    events: Figure
    event_maps: list[tuple[str, Figure]]
    unmapped: Words | None
    corridors: list[Figure]
    since: str
    weighed_in: str
    event_in: str


def decided(found: Decisions, network: Network, *, link: bool = True) -> Decided:
    """Return all figures.

    Parameters
    ----------
    found, network
        What was gathered, and the network it was gathered on, for maps and names.
    link
        Whether the explorer and the atlas stand beside the page, to be linked to.
    """
    region, facts = network.region, found.facts
    seat = region.core[0].seat if region.core else ""
    missing = list(dict.fromkeys(Words(*name) for event in found.events for name in event["unmapped"]))
    return Decided(
        worth=figures.worth_figure(found, seat, link=link),
        cities=figures.city_figures(found, region, link=link),
        interactions=figures.interaction_table(found),
        sites=site_figures(found),
        switches=figures.switch_table(found),
        fairness=fairness_figures(found),
        gaps=figures.gap_table(found),
        links=[closures.link_figure(found, name, seat, link=link) for name in facts["critical_in"]],
        events=closures.event_chart(found),
        event_maps=[
            (str(event["id"]), closures.event_figure(found, event, region, seat, _picture(network, event), link=link))
            for event in found.events
        ],
        unmapped=both("figures.unmapped", names=joined(missing)) if missing else None,
        corridors=closures.corridor_figures(found, link=link),
        since=facts["since"],
        weighed_in=facts["weighed_in"],
        event_in=facts["event_in"],
    )


def _picture(network: Network, event: Row) -> str:
    counties = [row for row in event["counties"] if row["dropped"] >= 1 or row["cut"] >= 1]
    greatest = max((max(row["dropped"], row["cut"]) for row in counties), default=1.0)
    circles = [
        (
            str(row["county"]), (str(row["name_zh"]), _county(str(row["name_en"]))), row["dropped"] / greatest,
            row["cut"] / greatest,
        )
        for row in sorted(counties, key=lambda row: -max(row["dropped"], row["cut"]))
    ]  # fmt: skip
    label = both("figures.map_of", name=Words(str(event["name_zh"]), str(event["name_en"])))
    return event_picture(network, [row["feature"] for row in event["closed"]], circles, label)


def _county(name: str) -> str:
    for ending in (" District", " County", " City"):
        name = name.removesuffix(ending)
    return name


def resilience_finding(found: Decisions) -> Words:
    """Say in a sentence or two what breaks most in each year ranked, and the event that takes most people away."""
    told = []
    for name in found.facts["critical_in"]:
        row = found.of(found.links, "scenario", name)[0]
        told.append(both("resilience.finding_year", year=name, **_loss(row)))
    if found.events:
        told.append(both("resilience.finding_event", year=found.facts["event_in"], **_loss(found.events[0])))
    return closures.sentences(told)


def _loss(row: Mapping[str, Any]) -> dict[str, Any]:
    people = float(row["people_lost"])
    return {
        "name": Words(str(row["name_zh"]), str(row["name_en"])),
        "people": Words(f"{people / 1e4:,.1f} 万", f"{people / 1e3:,.0f} thousand"),
    }
