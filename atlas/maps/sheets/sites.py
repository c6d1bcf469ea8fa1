"""What projects do for ports, airports and hubs: what pages and papers show of it."""

from __future__ import annotations

from atlas.base.words import both, capital, joined, word_table
from atlas.face.decisions import Decisions
from atlas.maps.charts import Bar, Figure, bar_chart
from atlas.maps.document import Cell, Table, heads
from atlas.maps.sheets.figures import heads_cell, named, said_people

__all__ = ["site_figures"]

#: Bars of a figure; its table has all.
_MOST = 6


def site_figures(found: Decisions) -> list[Figure]:
    """Return what projects do for ports, airports and hubs: a figure a kind."""
    figures = []
    for kind, words in word_table("site_kind").items():
        rows = found.of(found.sites, "kind_of_site", kind)
        bars = [
            Bar(
                named(row), row["first_in"], said_people(row["first_in"]), more=row["last_in"],
                more_said=said_people(row["last_in"]),
            )
            for row in sorted(rows, key=lambda row: -max(row["first_in"], row["last_in"]))[:_MOST]
        ]  # fmt: skip
        title = both("figures.sites", kind=words, limit=found.facts["limit_min"])
        table = Table(
            heads("project", "first_in", "last_in"),
            [[Cell(named(row), head=True), heads_cell(row["first_in"]), heads_cell(row["last_in"])] for row in rows],
            capital(both("figures.sites_caption", kind=words)),
        )
        if not rows:
            figures.append(Figure(title, None, note=both("figures.none")))
            continue
        # who asks what a project does here is told when it does nothing
        idle = [named(row) for row in found.projects if row["project"] not in {one["project"] for one in rows}]
        note = both("figures.sites_idle", names=joined(idle)) if idle else None
        legend = [both("figures.alone"), both("figures.last")]
        figures.append(Figure(title, bar_chart(title, bars, legend=legend), table, note))
    return figures
