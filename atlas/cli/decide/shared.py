"""What the commands for decisions share: measures, projects, progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from atlas.cli.names import PLACE_NAME
from atlas.cli.output import tell
from atlas.cli.session import EVERY_S, Session

if TYPE_CHECKING:
    from atlas.land.ground import Ground
    from atlas.plan.promises import Targets

__all__ = ["centres_option", "ground_of", "limit_option", "measure_options", "steps", "targets_of"]


limit_option = click.option(
    "--within",
    "limit_min",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="The limit in minutes, inclusive.",
)


centres_option = click.option(
    "--to",
    "centres",
    multiple=True,
    type=PLACE_NAME,
    help="Centre, for people. Default: the four cities.",
)


def measure_options(*names: str) -> Callable[[Any], Any]:
    """Return ``--measure`` with the choices `names`, ``--within`` and ``--to`` (centres)."""

    def add(command: Any) -> Any:
        for option in (
            centres_option,
            limit_option,
            click.option(
                "--measure", type=click.Choice(names), default=names[0], show_default=True, help="What is counted."
            ),
        ):
            command = option(command)
        return command

    return add


def ground_of(session: Session) -> Ground:
    """Return the land grid and its people."""
    from atlas.land.ground import Ground

    return Ground(session.access, session.population)


def targets_of(session: Session, only: Sequence[str] = ()) -> Targets:
    """Return the plan's promises, those named or all."""
    from atlas.plan.promises import read_targets

    targets = read_targets(session.folder / "data" / "plan" / "targets.toml")
    return targets.only(only) if only else targets


def steps() -> Callable[[int, int], None]:
    """Return a reporter that tells how far the work is, every few seconds and not for what is quickly done."""
    told = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= EVERY_S:
            told = now
            tell("decide.progress", done=done, total=total, share=100.0 * done / max(total, 1))

    return report
