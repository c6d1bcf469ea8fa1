"""Run the commands that a document shows and put their answers under them; --check fails when one is stale.

In a block fenced as ``console`` each line from ``$ `` on is a command, what stands under it is its answer. Commands
that start with ``atlas`` run in this process, one after another, in one empty folder; others are not run. What
is said of progress is left out. A last line ``…`` says that the answer goes on: as many lines as stand there are shown.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from atlas.base.files import write_text
from atlas.cli import cli

_BLOCK = re.compile(r"^```console\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
MORE = "…"


@dataclass(frozen=True)
class Shown:
    """A command and the answer that stands under it."""

    command: str
    answer: tuple[str, ...]

    @property
    def cut(self) -> bool:
        """Whether the answer is said to go on."""
        return self.answer[-1:] == (MORE,)


def shown_in(block: str) -> Iterator[Shown]:
    """Yield the commands of a block with their answers."""
    command, answer = "", []
    for line in block.splitlines():
        if line.startswith("$ "):
            if command:
                yield Shown(command, tuple(answer))
            command, answer = line[2:], []
        else:
            answer.append(line)
    if command:
        yield Shown(command, tuple(answer))


def answered(one: Shown, folder: Path) -> Shown:
    """Return the command with the answer that it gives in `folder`."""
    words = shlex.split(one.command)
    if words[0] != "atlas":
        return one
    before = Path.cwd()
    os.chdir(folder)
    try:
        done = CliRunner().invoke(cli, words[1:], env={"ATLAS_LANG": None, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"})
    finally:
        os.chdir(before)
    lines = [
        line.rstrip().replace(str(folder) + "/", "") for line in done.output.splitlines() if not line.endswith(" ...")
    ]
    if one.cut:
        lines = [*lines[: max(len(one.answer) - 1, 1)], MORE]
    return Shown(one.command, tuple(lines))


def renewed(text: str, folder: Path) -> str:
    """Return the document with every answer as it is now."""

    def block(found: re.Match[str]) -> str:
        parts = [answered(one, folder) for one in shown_in(found.group(1))]
        return (
            "```console\n"
            + "".join(f"$ {one.command}\n" + "".join(f"{a}\n" for a in one.answer) for one in parts)
            + "```"
        )

    return _BLOCK.sub(block, text)


def main() -> int:
    """Renew the documents named, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", nargs="+", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when an answer is stale")
    options = parser.parse_args()
    stale = 0
    for path in options.documents:
        text = path.read_text("utf-8")
        with tempfile.TemporaryDirectory() as folder:
            now = renewed(text, Path(folder))
        if now != text:
            stale += 1
            if options.check:
                print(f"{path}: an answer is stale; run scripts/shown.py {path}", file=sys.stderr)
            else:
                write_text(path, now, overwrite=True)
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
