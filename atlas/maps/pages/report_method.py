"""The tables of the last chapters of the report: all parameters, and what the data rest on."""

from __future__ import annotations

from atlas.base.words import Words, both, capital, parameter_words, word_table
from atlas.maps.document import Cell, Table, heads
from atlas.plan.summary import Report

__all__ = ["basis_words", "parameter_table", "source_table"]


def parameter_table(report: Report) -> Table:
    """Return all parameters with their three values, unit and source."""
    units = word_table("unit")
    rows = [
        [
            Cell(capital(parameter_words(row.name)), head=True),
            *(Cell(f"{value:g}", kind="number") for value in (row.low, row.central, row.high)),
            Cell(units.get(row.unit, row.unit)),
            Cell(basis_words(row.source)),
        ]
        for row in report.parameters
    ]
    return Table(heads("parameter", "low", "central", "high", "unit", "source"), rows, both("report.parameters"))


def basis_words(source: str) -> Words:
    """Return what a parameter rests on: in Chinese its kind, in English the words of the source, which are English."""
    return Words(both(f"parameter_basis.{_basis(source)}").zh, source)


def _basis(source: str) -> str:
    if source.startswith("fitted"):
        return "fitted_roads" if "drives" in source else "fitted_rail"
    if source.startswith(("definition", "measured")):
        return source.partition(":")[0]
    return "estimate" if "estimate" in source else "published"


def source_table(report: Report) -> Table:
    """Return the sources with publisher, date, licence and address."""
    rows = [
        [
            Cell(Words(source.title_zh or source.title, source.title), head=True),
            Cell(Words(source.publisher_zh or source.publisher, source.publisher)),
            Cell(source.retrieved, kind="number"),
            Cell(word_table("licence").get(source.licence, source.licence)),
            Cell(source.url.removeprefix("https://"), link=source.url),
        ]
        for source in report.sources.values()
    ]
    return Table(heads("source", "publisher", "retrieved", "licence", "address"), rows, both("report.sources_caption"))
