"""`atlas validate`: the model against measured times."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atlas.base.words import Words, both
from atlas.cli.options import format_options, scenario_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit, file_form, rows_of, tell, tongue
from atlas.cli.session import Choice, Session

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["command"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_SUMMARY = (
    Column("check", "check"),
    Column("pairs", "pairs"),
    Column("median_error_min", "median, min"),
    Column("p90_error_min", "P90, min"),
    Column("median_percent", "median, %"),
    Column("p90_percent", "P90, %"),
    Column("bias_percent", "bias, %"),
)


@click.command(name="validate")
@click.option("--page", type=click.Path(dir_okay=False, path_type=Path), help="Write the validation page too.")
@click.option("--trains", type=_FILE, help="Measured train times of your own, in place of the calibration tables.")
@click.option("--drives", type=_FILE, help="Measured drives of your own, in place of the calibration tables.")
@scenario_options
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session, page: Path | None, trains: Path | None, drives: Path | None, choice: Choice, sink: Sink
) -> None:
    """Compare the model with the calibration tables.

    Rail: station pairs as ridden, and the run-time formula on services and pairs it was not fitted on. Roads: the
    measured drives, and again with speed factors fitted on the other drives. The ten worst are named with a
    reason; JSON and CSV hold every comparison.

    Tables of your own are compared with the model as shipped, and nothing is fitted: CSV with the columns
    from_station_zh, to_station_zh, minutes_fastest, minutes_typical (minutes in the train) or from_place, to_place,
    minutes_low, minutes_high (door to door).

    \b
    Example:
      atlas validate
      atlas validate --format json
      atlas validate --drives my-drives.csv --trains my-trains.csv
    """
    from atlas.base.files import write_text
    from atlas.data.checks import require_valid, trains_off_their_lines
    from atlas.data.stamp import stamp
    from atlas.evidence.accuracy import check_times, validate
    from atlas.maps.pages.validation import draw_validation

    if page is not None:
        file_form(page, None, ("html",), usual="html", overwrite=sink.overwrite)
    catalog = session.catalog
    scenario = session.scenario(choice)
    about: dict[str, Any] = {
        "scenario": scenario.name,
        "hash": stamp(session.network.hash, [scenario]),
        "parameters": dict(scenario.parameters.values),
    }
    if trains or drives:
        if page is not None:
            raise click.UsageError("--page shows the calibration tables; leave it out with --trains and --drives")
        _answer(check_times(session.network, scenario, trains=trains, drives=drives), about, sink)
        return
    require_valid(tuple(trains_off_their_lines(catalog.layers())))
    found = validate(session.network, scenario, session.folder / "data" / "facts", catalog.layer("railways").frame)
    about |= {
        "lines_left_out": rows_of(found.lines),
        "formula_fitted": vars(found.formula),
        "road_factors_fitted": dict(found.road_factors),
    }
    _answer(found.errors, about, sink)
    if page is not None:
        write_text(
            page,
            draw_validation(found, hash=str(about["hash"]), lang=tongue(), english=session.network.english_names),
            overwrite=sink.overwrite,
        )
        tell("answer.wrote", path=page)


def _answer(errors: pd.DataFrame, about: dict[str, Any], sink: Sink) -> None:
    """Say the ten worst with their reasons, and give the summary or every comparison."""
    from atlas.evidence.accuracy import summary, worst

    for row in rows_of(worst(errors)):
        minutes = {"measured": row["measured_min"], "modelled": row["modelled_min"], "error": 100 * row["error"]}
        ends = {"start": row["from_zh"], "end": row["to_zh"]}
        check = both(f"check.{row['check']}")
        tell("answer.worst", check=check, why=Words(row["why_zh"], row["why"]), **ends, **minutes)
    if sink.chosen == "csv":
        emit(Answer(_SUMMARY, rows_of(errors), {"hash": about["hash"]}, "errors"), sink)
        return
    rows = [
        {**row, **{f"{name}_percent": 100 * row[key] for name, key in _PERCENT.items()}}
        for row in rows_of(summary(errors))
    ]
    emit(Answer(_SUMMARY, rows, about | {"errors": rows_of(errors)} if sink.chosen == "json" else {}, "summary"), sink)


_PERCENT = {"median": "median_error", "p90": "p90_error", "bias": "bias"}
