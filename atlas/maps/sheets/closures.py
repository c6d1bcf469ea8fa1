"""Figures and tables of what breaks the network, of events and of corridors; for pages and the report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from atlas.base.words import Words, both, capital, joined
from atlas.data.region import Region
from atlas.face.decisions import Decisions, Row
from atlas.maps.charts import Bar, Figure, bar_chart, stack_chart
from atlas.maps.document import Cell, Table, heads, number
from atlas.maps.sheets.figures import LEAST_SAID, closed_link, heads_cell, link_words, minutes_cell, named, said_people
from atlas.maps.words import city_words

__all__ = ["corridor_figures", "event_chart", "event_figure", "link_figure", "sentences"]

#: Bars of a ranking; its table holds more.
_LINKS = 10
#: So many closures fit into an address.
_LINKED = 80


def link_figure(found: Decisions, name: str, seat: str = "", *, link: bool = True) -> Figure:
    """Return the links of a year whose closure loses most people."""
    rows = found.of(found.links, "scenario", name)
    bars = [
        Bar(
            link_words(found, row), row["people_lost"], said_people(row["people_lost"]), more=_cut(row),
            more_said=both("figures.cut_people", people=said_people(_cut(row))) if _cut(row) else None,
            link=closed_link(seat, (row["link"],), name, link),
        )
        for row in rows[:_LINKS]
    ]  # fmt: skip
    title = both("figures.links", year=name)
    table = Table(
        heads("rank", "link", "people_lost", "people_cut", "people_delayed", "person_hours", "pairs_lost", "pairs_cut",
              "pairs_delayed"),
        [
            [
                number(row["rank"]), Cell(link_words(found, row), head=True),
                *(heads_cell(row[key]) for key in _PEOPLE),
                Cell(Words(f"{row['person_hours'] / 1e4:,.1f}", f"{row['person_hours'] / 1e3:,.0f}"), kind="number"),
                *(number(row[key]) for key in ("pairs_lost", "pairs_cut", "pairs_delayed")),
            ]
            for row in rows
        ],
        both("figures.links_caption", year=name),
    )  # fmt: skip
    legend = [both("figures.dropped", limit=found.facts["limit_min"])]
    if any(map(_cut, rows[:_LINKS])):
        legend.append(both("figures.cut_legend"))
    return Figure(title, bar_chart(title, bars, legend=legend), table)


_PEOPLE = ("people_lost", "people_cut", "people_delayed")


def _cut(row: Row) -> float:
    """People cut off, as a bar draws them: too few to be said are none."""
    return float(row["people_cut"]) if row["people_cut"] >= LEAST_SAID else 0.0


def event_chart(found: Decisions) -> Figure:
    """Return all events by what they lose."""
    bars = [
        Bar(
            capital(named(row)), row["people_lost"], said_people(row["people_lost"]), more=_cut(row),
            more_said=both("figures.cut_people", people=said_people(_cut(row))) if _cut(row) else None,
        )
        for row in found.events
    ]  # fmt: skip
    title = both("figures.events", year=found.facts["event_in"])
    table = Table(
        heads("event", "basis", "closures", "people_lost", "people_cut", "people_delayed", "pairs_lost", "pairs_cut"),
        [
            [
                Cell(capital(named(row)), head=True, link=f"#{row['id']}"), Cell(both(f"event_basis.{row['basis']}")),
                number(len({one["feature"] for one in row["closed"]})), *(heads_cell(row[key]) for key in _PEOPLE),
                number(row["pairs_lost"]), number(row["pairs_cut"]),
            ]
            for row in found.events
        ],
        both("figures.events_caption"),
    )  # fmt: skip
    legend = [both("figures.dropped", limit=found.facts["limit_min"]), both("figures.cut_legend")]
    return Figure(title, bar_chart(title, bars, legend=legend), table)


def event_figure(found: Decisions, event: Row, region: Region, seat: str, picture: str, *, link: bool = True) -> Figure:
    """Return one event: the map of who drops out, and the counties in a table."""
    counties = [row for row in event["counties"] if row["dropped"] >= 1 or row["cut"] >= 1]
    rows = [
        [
            Cell(named(row), head=True), Cell(city_words(region, row["city"])),
            *(heads_cell(row[key]) for key in ("people", "inside_before", "inside_after", "dropped", "cut")),
            minutes_cell(row["minutes_before"], 0), minutes_cell(row["minutes_after"], 0),
        ]
        for row in counties
    ]  # fmt: skip
    closed = list(dict.fromkeys(row["feature"] for row in event["closed"]))
    names = heads(
        "county", "city", "residents", "inside_before", "inside_after", "dropped", "cut", "min_before", "min_after"
    )
    table = Table(names, rows, both("figures.counties", limit=found.facts["limit_min"])) if rows else None
    who = [
        both(f"figures.who_{what}", counties=_who(some, what))
        for what in ("dropped", "cut")
        if (some := _most(counties, what))
    ]
    note = sentences([*(who or [both("figures.nobody")]), _when(event)])
    address = closed_link(seat, closed, found.facts["event_in"], link and len(closed) <= _LINKED)
    return Figure(capital(named(event)), None, table, note, picture, address)


def sentences(parts: Sequence[Words]) -> Words:
    """Return sentences one after the other, in English with a space between."""
    return Words("".join(part.zh for part in parts), " ".join(part.en for part in parts))


def _most(counties: Iterable[Row], what: str) -> list[Row]:
    """The counties that lose most, of those whose people are not said as nought."""
    return sorted((row for row in counties if row[what] >= LEAST_SAID), key=lambda row: -row[what])[:4]


def _who(counties: Iterable[Row], what: str) -> Words:
    return joined([both("figures.county", name=named(row), people=said_people(row[what])) for row in counties])


def _when(event: Row) -> Words:
    if event["basis"] == "assumed":
        return both("figures.assumed")
    begun, ended = (str(event[key]).replace("T", " ") for key in ("from", "until"))
    return both("figures.when", begun=begun, ended=ended) if ended else both("figures.begun", begun=begun)


def corridor_figures(found: Decisions, *, link: bool = True) -> list[Figure]:
    """Return a card a corridor: kilometres over the years, gains, what may not fail, ports and airports."""
    kinds = {name: both(f"line.{name}") for name in ("railway", "expressway", "road")}
    until, since = found.facts["weighed_in"], found.facts["since"]
    figures = []
    for card in found.cards:
        years: dict[str, dict[str, float]] = {}
        for row in found.of(found.by_year, "corridor", card["corridor"]):
            known = years.setdefault(str(row["year"]), dict.fromkeys(kinds, 0.0))
            known[row["mode"] if row["mode"] in kinds else "road"] += row["km"]
        rows = [(Words(name, name), parts, both("figures.km", km=sum(parts.values()))) for name, parts in years.items()]
        lines = [
            ("card_km", both("figures.km_of", use=card["km_in_use"], km=card["km"], year=until)),
            ("card_people", said_people(card["people_gain"])),
            ("card_pairs", both("figures.pairs", pairs=card["pairs_gain"])),
            ("card_minutes", both("figures.min", minutes=card["minutes_gain"])),
            ("card_ports", Words(card["ports_zh"] or "—", card["ports_en"] or "—")),
            ("card_airports", Words(card["airports_zh"] or "—", card["airports_en"] or "—")),
        ]
        cells = [[Cell(both(f"figures.{name}"), head=True), Cell(value)] for name, value in lines]
        cells += [
            [
                Cell(both("figures.card_critical", rank=row["rank"]), head=True),
                Cell(both("figures.card_loses", name=link_words(found, row), people=said_people(row["people_lost"]))),
            ]
            for row in found.of(found.card_links, "corridor", card["corridor"])[:3]
        ]
        title = named(card)
        table = Table(heads("fact", "amount"), cells, both("figures.card_caption", year=until, since=since))
        address = f"atlas.html#p={card['corridor']}" if link else ""
        figures.append(Figure(title, stack_chart(title, rows, kinds), table, link=address, place="atlas"))
    return figures
