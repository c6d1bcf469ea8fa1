"""The command line: one module a command, loaded when that command is called.

Commands load, call the library and write; nothing is possible here that the library cannot do.
"""

from __future__ import annotations

import importlib

import click

from atlas._version import __version__
from atlas.base.words import language
from atlas.cli.ending import Ending, plain_warnings
from atlas.cli.texts import in_characters

__all__ = ["COMMANDS", "ROOMS", "cli"]

# Command → the one line shown by `atlas --help`, so that listing commands imports none of them.
COMMANDS: dict[str, str] = {
    "layers": "List, describe, validate or print the layers.",
    "network": "Count, check or export the network.",
    "reach": "List the places within reach of ORIGIN, or with --to-here those from which it is.",
    "route": "Show the fastest way FROM one place TO another.",
    "matrix": "Give the travel times between places, with their parts.",
    "od": "Write the times between very many places, or what each of them reaches, chunk by chunk.",
    "params": "Print the parameters: low, central, high, and the value in force, with unit and source.",
    "isochrone": "Draw the areas within reach of ORIGIN, or of several together, over land only.",
    "surface": "Write the minutes from ORIGIN at every cell of land, as GeoTIFF or as a NumPy archive.",
    "coverage": "Count the people, land and places within reach of ORIGIN, with bounds.",
    "indicators": "Give accessibility indicators of the seats of the four cities and their counties.",
    "plan": "List the plan's items, show one, say what has changed, or count kilometres.",
    "scenario": "List scenarios, show one, compare two, or write a new one.",
    "claims": "Compute the plan's promises: definition, minutes by year and mode, margin, verdict, stability.",
    "compare": "Compare the scenario BEFORE with AFTER: pairs that change, and the projects that did it.",
    "value": "Say what each project of the plan is worth: alone, as the last one missing, and on average.",
    "critical": "Rank roads and lines by what is lost when one closes; with two PLACES, the ways apart between them.",
    "solve": "Say what brings the trip between two PLACES within a limit: the least change of one thing, or of two.",
    "event": "List events — typhoons as they were, fog, a border shut — or run one over a scenario.",
    "fairness": "Say how evenly minutes to the centres are spread over the residents of the four cities, by year.",
    "hinterland": "Say which port, airport and hub is nearest to each county, and which counties switch.",
    "gaps": "List the trips the plan promises that stay outside, and the shortest new road or railway that would do.",
    "corridors": "Give a card for each corridor of the plan: kilometres, gains, what may not fail, ports and airports.",
    "report": "Write the report: one HTML page, to be read offline or printed on A4, a Word document or a PDF.",
    "validate": "Compare the model with the calibration tables.",
    "verify": "Say whether FILE was made of the layers at hand, and with which scenario.",
    "map": "Write one map page: KIND is layers, plan, explore, reach, compare or matrix.",
    "build": "Write the site: a start page and every map, to be opened from the folder without a network.",
    "export": "Write THING as a file, with its fields, units, CRS, sources, licences and hash inside or beside.",
    "serve": "Serve an atlas over HTTP until Ctrl-C: layers, tiles, routes, areas, times, scenarios and the explorer.",
    "qgis": "Bring the atlas into QGIS: algorithms of the Processing toolbox for routes, areas and times.",
    "new": "Make an atlas of another region: layers, land and water, places, parameters.",
    "import": "Take in OpenStreetMap, GTFS, any vector file, or a population.",
    "refresh": "Renew the atlas from an OpenStreetMap extract of its region.",
    "restore": "Put each LAYER back as it stood before an import, all of them or none.",
}


#: Room → its commands; a command's module is ``atlas.cli.<room>.<name>``.
ROOMS = {
    "ask": ("reach", "route", "matrix", "od", "isochrone", "surface", "coverage", "indicators", "compare"),
    "judge": ("params", "plan", "scenario", "claims", "report", "validate"),
    "decide": ("value", "critical", "solve", "event", "fairness", "hinterland", "gaps", "corridors"),
    "work": ("layers", "network", "verify", "map", "build", "export", "serve", "qgis"),
    "intake": ("new", "import", "refresh", "restore"),
}
_HOME = {name: f"atlas.cli.{room}.{name}" for room, names in ROOMS.items() for name in names}


class LazyGroup(click.Group):
    """A group whose commands live in `atlas/cli/<room>/<name>.py` as `command`, imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one command and return the command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(_HOME[cmd_name])
        assert isinstance(module.command, click.Command)
        command = in_characters(module.command)
        if language() == "zh":
            from atlas.cli.chinese import in_chinese

            return in_chinese(command, cmd_name)
        return command

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        """Read the options of the group itself; what is wrong with them is told as that of a command is."""
        with Ending():
            return super().make_context(info_name, args, parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the words of the command, for whoever wants the same answer again."""
        from atlas.cli.output import ARGUMENTS_KEY

        ctx.meta[ARGUMENTS_KEY] = tuple(args)
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from `COMMANDS` alone."""
        lines = list(COMMANDS.items())
        if language() == "zh":
            from atlas.cli.chinese import short_help

            lines = [(name, short_help(name)) for name in COMMANDS]
        with formatter.section("Commands"):
            formatter.write_dl(lines)

    def get_help(self, ctx: click.Context) -> str:
        """Return the help in the language of the environment."""
        if language() == "zh":
            from atlas.cli.chinese import ChineseContext, in_chinese

            if not isinstance(ctx, ChineseContext):
                spoken = in_chinese(self, "")
                return spoken.get_help(ChineseContext(spoken, info_name=ctx.info_name, **self.context_settings))
        return super().get_help(ctx)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what is wrong becomes one line and an exit code (:mod:`atlas.cli.ending`)."""
        with Ending(), plain_warnings():
            return super().invoke(ctx)


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 found or sound; 1 not reachable, or a check failed; 2 bad input, or the system refuses; "
    "70 a fault of the program; 130 interrupted; 141 the reader of the answer closed the pipe.",
)
@click.version_option(__version__, prog_name="atlas")
def cli() -> None:
    """Atlas of the Pearl River West Bank metropolitan area: layers, network, reach and maps."""
