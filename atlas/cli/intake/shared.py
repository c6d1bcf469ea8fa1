"""How the outcome of an import is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from atlas.cli.output import Answer, Column, Sink, emit, say, tell

if TYPE_CHECKING:
    from atlas.imports.run import Outcome

__all__ = ["report_sink", "tell_outcome", "told"]

_COUNTS = (
    Column("layer", "layer"),
    Column("read", "read"),
    Column("taken", "taken in"),
    Column("refused", "kept out"),
    Column("before", "before"),
    Column("after", "after"),
)
#: So many features kept out are named.
SHOWN = 10


def report_sink(report: Path | None, overwrite: bool) -> Sink | None:
    """Return where ``--report`` goes; refused at once, not after the import, where it cannot be written."""
    return None if report is None else Sink(None, report, overwrite, formats=("csv", "json"))


def tell_outcome(outcome: Outcome, report: Sink | None) -> None:
    """Print what an import did; with `report`, every feature kept out goes to a file."""
    for note in outcome.notes:
        say(note)
    for one in outcome.refused[:SHOWN]:
        tell("answer.kept_out", what=one)
    if len(outcome.refused) > SHOWN:
        tell("answer.more" if report else "answer.more_hidden", count=len(outcome.refused) - SHOWN)
    emit(Answer(_COUNTS, [vars(count) for count in outcome.counts], {}, "layers"), Sink())
    if report is not None:
        rows = [
            {
                "layer": one.layer,
                "feature_id": one.feature_id,
                "rule": one.rule,
                "message": one.message,
                "remedy": one.remedy,
            }
            for one in outcome.refused
        ]
        columns = [Column(name, name) for name in ("layer", "feature_id", "rule", "message", "remedy")]
        emit(Answer(columns, rows, {"notes": list(outcome.notes)}, "kept_out"), report)
    told(outcome.written, outcome.kept)


def told(written: tuple[Path, ...], kept: tuple[Path, ...]) -> None:
    """Name the files written and the backups made."""
    for path in kept:
        tell("answer.kept", path=path)
    for path in written:
        tell("answer.wrote", path=path)
    if not written:
        tell("answer.nothing_written")
