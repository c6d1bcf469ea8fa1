"""The tables of the last chapters of the report: all parameters, and what the data rest on."""

from __future__ import annotations

from atlas.base.words import Words, both
from atlas.maps.document import Cell, Table, heads
from atlas.plan.summary import Report

__all__ = ["parameter_table", "source_table"]


def parameter_table(report: Report) -> Table:
    """Return all parameters with their three values, unit and source."""
    rows = [
        [
            Cell(row.name, head=True, code=True),
            *(Cell(f"{value:g}", kind="number") for value in (row.low, row.central, row.high)),
            Cell(row.unit),
            Cell(row.source),
        ]
        for row in report.parameters
    ]
    return Table(heads("parameter", "low", "central", "high", "unit", "source"), rows, both("report.parameters"))


def source_table(report: Report) -> Table:
    """Return the sources with publisher, date and licence."""
    rows = [
        [
            Cell(Words(source.title, source.title), head=True),
            Cell(source.publisher),
            Cell(source.retrieved, kind="number"),
            Cell(source.licence),
        ]
        for source in report.sources.values()
    ]
    return Table(heads("source", "publisher", "retrieved", "licence"), rows, both("report.sources_caption"))
