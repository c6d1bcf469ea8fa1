"""`atlas compare`: what changes from one scenario to another."""

from __future__ import annotations

from dataclasses import replace

import click

from atlas.base.words import Words, both
from atlas.cli.names import PLACE_NAME
from atlas.cli.options import (
    changes_options,
    format_options,
    mode_option,
    session_option,
    talk_options,
    to_here_option,
    within_option,
)
from atlas.cli.output import Answer, Column, Sink, emit, rows_of, tell, tell_assumed
from atlas.cli.session import Choice, Session

__all__ = ["command"]

#: What stands for every place of the atlas, as in `atlas od`.
EVERY_PLACE = "places"

_PAIRS = (
    Column("from_zh", "from"),
    Column("to_zh", "to"),
    Column("before_min", "before", decimals=0),
    Column("after_min", "after", decimals=0),
    Column("saved_min", "saved", decimals=0),
    Column("crossing", "crossing"),
    Column("why_zh", "why"),
)
_PROJECTS = (
    Column("project", "project"),
    Column("name_zh", "name"),
    Column("opens_year", "from"),
    Column("opens_basis", "basis"),
    Column("pairs", "pairs on it"),
    Column("pairs_slower_without", "slower without"),
    Column("minutes_lost_without", "min lost", decimals=0),
    Column("crossings_lost_without", "crossings lost"),
)
_PLACES = (
    Column("from_zh", "from"),
    Column("cutoff_min", "within", decimals=0),
    Column("change", "change"),
    Column("to_zh", "place"),
    Column("people", "people", decimals=0),
)
_TOTALS = (
    Column("from_zh", "from"),
    Column("cutoff_min", "within", decimals=0),
    Column("places_before", "places before"),
    Column("places_after", "after"),
    Column("people_before", "people before", decimals=0),
    Column("people_after", "after", decimals=0),
    Column("people_gained", "gained", decimals=0),
    Column("people_lost", "lost", decimals=0),
)
_SHOWN = {"pairs": _PAIRS, "projects": _PROJECTS, "places": _PLACES, "totals": _TOTALS}


@click.command(name="compare")
@click.argument("before")
@click.argument("after")
@click.option("--origin", "origins", multiple=True, type=PLACE_NAME, help="May be repeated. Default: all seats.")
@click.option(
    "--to",
    "destinations",
    multiple=True,
    type=PLACE_NAME,
    help="May be repeated; `places` is every place. Default: all seats.",
)
@to_here_option
@mode_option
@within_option
@click.option("--show", type=click.Choice(list(_SHOWN)), default="pairs", show_default=True, help="Which table.")
@changes_options
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    before: str,
    after: str,
    origins: tuple[str, ...],
    destinations: tuple[str, ...],
    to_here: bool,
    mode: str,
    within: tuple[float, ...],
    show: str,
    changes: Choice,
    sink: Sink,
) -> None:
    """Compare the scenario BEFORE with AFTER: pairs that change, and the projects that did it.

    BEFORE and AFTER are years or scenario files. What --with and --close name changes AFTER alone; parameters, traffic
    and boarding change both. --show chooses the table; JSON holds all of them.

    \b
    Example:
      atlas compare 2023 2030 --origin 阳江
      atlas compare 2023 2035 --show projects
      atlas compare 2026 2026 --close hzmb_zh
      atlas compare 2026 2035 --origin 江门 --to places --show places
      atlas compare 2026 2035 --origin 珠海 --to-here --show totals
      atlas compare 2026 2035 --origin 江门 --mode rail --format json
    """
    from atlas.travel.comparison import compare

    driven = replace(changes, with_=(), close=())
    old, new = (
        session.scenario(replace(made, year=told.year, scenario=told.scenario))
        for made, told in ((driven, session.choice_of(before)), (changes, session.choice_of(after)))
    )
    found = compare(
        session.network,
        old,
        new,
        origins or None,
        destinations=_ends(session, destinations),
        mode=mode,
        cutoffs_min=within,
        towards=to_here,
    )
    tables = {name: rows_of(getattr(found, name)) for name in _SHOWN}
    assumed = session.assumed(old, new)
    tell("compare.counts", before=old.name, after=new.name, mode=both(f"mode.{mode}"), pairs=len(found.pairs))
    tell_assumed(assumed)
    for row in tables["projects"][:5]:
        facts = {
            "project": row["project"],
            "year": row["opens_year"],
            "basis": both(f"opens_basis.{row['opens_basis']}"),
        }
        name, slower = Words(row["name_zh"], row["name_en"]), row["pairs_slower_without"]
        tell("compare.project", name=name, pairs=row["pairs"], slower=slower, **facts)
    about = {
        "before": old.name,
        "after": new.name,
        "mode": mode,
        "towards": to_here,
        "cutoffs_min": list(within),
        "assumed_features": assumed,
        "hash": found.hash,
        **{name: rows for name, rows in tables.items() if name != show and sink.chosen == "json"},
    }
    emit(Answer(_SHOWN[show], tables[show], about, show), sink)


def _ends(session: Session, named: tuple[str, ...]) -> list[str] | None:
    """Return what was named, every place of the layer for the word `places`; None: the seats."""
    if EVERY_PLACE not in named:
        return list(named) or None
    every = session.network.place_layer.frame["id"].astype(str)
    return [*every, *(name for name in named if name != EVERY_PLACE)]
