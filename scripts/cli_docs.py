"""Write docs/cli.md from the help texts of the commands; --check fails when it is stale."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from atlas.base.files import write_text
from atlas.cli import cli

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
HEAD = """# The command line

Made from the commands' help by `scripts/cli_docs.py`; change the help, not this page.

Data goes to stdout or to the file given with `-o`; everything else goes to stderr. No file is replaced
without `--overwrite`.

| exit code | meaning |
|---|---|
| 0 | found, or sound |
| 1 | not reachable, or a check failed |
| 2 | bad input, or the system refuses (a full disk, no rights): one line says what, where, and what to do |
| 70 | a fault of the program, or it ran out of memory: one line to report; `ATLAS_TRACE=1` shows where it happened |
| 130 | interrupted (Ctrl-C) |
| 141 | whoever read the answer closed the pipe |
| 143, 129 | ended by SIGTERM, SIGHUP |

Options mean the same everywhere: `--year`, `--scenario`, `--with`, `--close`, `--set`, `--period`, `--boarding` choose
the scenario, `--to-here` turns the direction round, `--format` and `-o` say where the answer goes. GeoJSON follows
cligj: `--precision` (decimals of coordinates), `--indent`, `--sequence` (or `--format geojsonseq`: a feature a line,
each with the hash, to be piped). JSON and GeoJSON hold the command that gives them again (`command`); with `-v` it is
said on stderr.

Completion of commands, options, their choices and names of places (Chinese or English, as many signs as
are typed): `eval "$(_ATLAS_COMPLETE=bash_source atlas)"` in `~/.bashrc`,
`eval "$(_ATLAS_COMPLETE=zsh_source atlas)"` in `~/.zshrc`, `_ATLAS_COMPLETE=fish_source atlas | source` in fish.

However a command ends, a file is as it was before or whole, and so is an atlas: what a killed import has left
half-way is finished or undone by the next command that opens the atlas.
"""


def commands(
    name: str, command: click.Command, parent: click.Context | None = None
) -> Iterator[tuple[click.Command, click.Context]]:
    """Yield every command with its context, parents first."""
    context = click.Context(command, parent, info_name=name, terminal_width=100, help_option_names=["-h", "--help"])
    yield command, context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            child = command.get_command(context, below)
            assert child is not None
            yield from commands(below, child, context)


def _path(context: click.Context) -> str:
    return f"{_path(context.parent)} {context.info_name}" if context.parent else str(context.info_name)


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for command, context in commands("atlas", cli):
        parts.append(f"## {_path(context)}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the page is stale")
    options = parser.parse_args()
    text = page()
    if options.check:
        if PAGE.is_file() and PAGE.read_text("utf-8") == text:
            return 0
        print("docs/cli.md is stale; run scripts/cli_docs.py", file=sys.stderr)
        return 1
    write_text(PAGE, text, overwrite=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
