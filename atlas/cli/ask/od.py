"""`atlas od`: times between very many places, or what each of them reaches, in chunks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atlas.base.errors import ImportDataError, ScenarioError
from atlas.cli.options import mode_option, scenario_options, session_option, talk_options, within_option
from atlas.cli.output import tell
from atlas.cli.session import EVERY_S, Choice, Session

if TYPE_CHECKING:
    from atlas.bulk.question import Question
    from atlas.data.places import Place

__all__ = ["command", "question_of"]

_MOST_PLACES = 1_000_000


@click.command(name="od")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder of the chunks; what is there stays."
)
@click.option(
    "--from", "origins", default="places", metavar="WHICH", help="`places`, `cells`, or a CSV: place, or lon and lat."
)
@click.option("--to", "destinations", default="places", metavar="WHICH", help="As --from.")
@click.option(
    "--kind",
    type=click.Choice(["times", "access"]),
    default="times",
    show_default=True,
    help="Minutes of all pairs, or what each origin reaches.",
)
@within_option
@click.option("--limit", type=click.FloatRange(0, min_open=True), help="Leave out pairs of more minutes.")
@mode_option
@scenario_options
@click.option("--chunk", type=click.IntRange(1), help="Origins a chunk. Default: by the number of destinations.")
@click.option(
    "--engine", type=click.Choice(["local", "dask"]), default="local", show_default=True, help="Who does the work."
)
@click.option("--scheduler", default="", metavar="ADDRESS", help="A Dask scheduler at work, as tcp://host:8786.")
@click.option("--workers", type=click.IntRange(1, 4096), help="Dask processes on this machine. Default: one a core.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["parquet", "csv"]),
    default="parquet",
    show_default=True,
    help="Of the chunks; a CSV has its hash and key in a data package beside.",
)
@click.option("--overwrite", is_flag=True, help="Start anew where the folder holds another question.")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    output: Path,
    origins: str,
    destinations: str,
    kind: str,
    within: tuple[float, ...],
    limit: float | None,
    mode: str,
    choice: Choice,
    chunk: int | None,
    engine: str,
    scheduler: str,
    workers: int | None,
    form: str,
    overwrite: bool,
) -> None:
    """Write the times between very many places, or what each of them reaches, chunk by chunk.

    Each chunk is a file, there whole or not at all; the same command after a kill goes on with what is
    missing. Pairs that cannot be travelled are left out. `access` counts the destinations within each cut-off, of cells
    their residents too, and names the nearest.

    \b
    Example:
      atlas od -o od
      atlas od --from cells --kind access --format csv -o access
      atlas od --from towns.csv --to towns.csv --engine dask -o towns
    """
    from atlas.bulk.folder import open_folder
    from atlas.bulk.hands import by_dask, here

    if engine == "local" and (scheduler or workers):
        raise click.UsageError("--scheduler and --workers are for --engine dask")
    if scheduler and workers:
        raise click.UsageError("a scheduler has its own workers: leave --workers out")
    question = question_of(session, origins, destinations, kind, within, limit, mode, choice)
    facts = {"from": origins, "to": destinations, "mode": mode, "scenario": session.scenario(choice).name}
    folder = open_folder(output, question, size=chunk, facts=facts, form=form, anew=overwrite)
    missing = folder.missing()
    sizes = {"origins": len(question.origins), "destinations": len(question.destinations), "chunks": folder.chunks}
    tell("answer.od_asked", **sizes, missing=len(missing), mb=question.worker_mb)
    if missing:
        begun = said = time.monotonic()
        if engine == "dask":
            work = by_dask(question, folder, missing, scheduler=scheduler, workers=workers)
        else:
            work = here(question, folder, missing)
        for done, (number, content) in enumerate(work, start=1):
            folder.put(number, content)
            now = time.monotonic()
            if now - said >= EVERY_S:
                said, left = now, (now - begun) / done * (len(missing) - done)
                tell("answer.od_progress", done=done, total=len(missing), left=_told(left))
    tell("answer.od_done", path=output, **sizes)


def question_of(
    session: Session,
    origins: str,
    destinations: str,
    kind: str,
    within: tuple[float, ...],
    limit: float | None,
    mode: str,
    choice: Choice,
) -> Question:
    """Return what is asked; see the command.

    Raises
    ------
    ImportDataError
        A list of places cannot be read.
    ScenarioError
        Cells are asked for where the network has no land.
    UnknownPlaceError, NetworkError
        A place is not known, or lies too far from the network.
    """
    from atlas.bulk.question import Question, points_of_cells, points_of_nodes
    from atlas.data.stamp import stamp
    from atlas.travel.reach import locate_all
    from atlas.travel.trip import Trip

    scenario = session.scenario(choice)
    asked = {which: _places(session, which) for which in (origins, destinations) if which != "cells"}
    named = [place for places in asked.values() for place in places]
    network = session.network
    if named:
        tell("answer.joining", count=len(named))
        network, rows, _ = locate_all(session.network, named, named[:1])
        begin = 0
        places_at = {}
        for which, places in asked.items():
            places_at[which] = rows[begin : begin + len(places)]
            begin += len(places)
    points = {which: points_of_nodes(network, places_at[which]) for which in asked}
    if "cells" in (origins, destinations):
        if session.network.barrier is None:
            raise ScenarioError("cells need the layer land, which this atlas has not; ask for places")
        people = session.population.people[0]
        points["cells"] = points_of_cells(Trip(session.network, scenario, mode), session.access, people)
    if limit is None:
        limit = within[-1] if kind == "access" else float("inf")
    cutoffs = within if kind == "access" else ()
    graph = Trip(network, scenario, mode).graph
    about = stamp(session.network.hash, [scenario])
    return Question(graph, points[origins], points[destinations], kind, limit, cutoffs, about)


def _places(session: Session, which: str) -> list[str | Place]:
    """Return the places a word or file stands for."""
    from atlas.base.tables import read_table

    if which == "places":
        kinds = session.network.node_column("kind")
        names = session.network.node_column("node_id")
        return [str(name) for name, of in zip(names, kinds, strict=True) if of == "place"]
    if not Path(which).exists():
        raise ImportDataError(f"{which}: no such file; give `places`, `cells` or a CSV with a column place")
    table = read_table(which, (), error=ImportDataError, what=", the list of places,", most_rows=_MOST_PLACES)
    if "place" not in table.columns and not {"lon", "lat"} <= set(table.columns):
        raise ImportDataError(f"{which}: has neither a column place nor lon and lat")
    if not len(table):
        raise ImportDataError(f"{which}: holds no place; write one a line")
    if "place" in table.columns:
        return [row.needed("place") for row in table]
    return [f"{row.number('lon'):.7f},{row.number('lat'):.7f}" for row in table]


def _told(seconds: float) -> str:
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
