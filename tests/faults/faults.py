"""Writing commands that are killed, run out of disk, or run at once: what they leave behind.

A command is run in a fork of this process, so that a trial costs little more than the command. After it the folder is
compared with what it was before and with what the command makes of it when nobody interferes.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import shapely
from import_files import draw_feed, draw_town, small_feed
from small_atlas import draw_atlas

from atlas.base.changes import heal
from atlas.base.files import scratch
from atlas.data.stamp import read_marks

__all__ = ["COMMANDS", "Bench", "Command", "full", "kill", "pair"]

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)
Tree = dict[str, str]


@dataclass(frozen=True)
class Command:
    """A writing command. ``own`` and ``{n}`` in its words stand for the atlas and for the number of a twin."""

    name: str
    words: str
    #: Geodatabases hold the time at which they were made: of those it is asked that they are whole archives.
    same: bool = True
    #: Files that belong together: this one and what its data package names, as `atlas verify` looks at them.
    kin: str = ""

    def line(self, twin: int = 0) -> list[str]:
        """The words of one run."""
        return [word.replace("{n}", str(twin)) for word in self.words.split()]


COMMANDS = (
    Command("import layer", "import layer new{n}.geojson --as ports --add --into own -q"),
    Command("import layer out", "import layer new0.geojson --as ports -o made -q"),
    Command("import osm", "import osm town.osm.pbf --add --into own -q"),
    Command("import gtfs", "import gtfs feed.zip --add --into own -q"),
    Command("import population", "import population people.csv --column people --year 2020 --crs 4326 --into own -q"),
    Command("restore", "restore ports --root own -q"),
    Command("export csv", "export ports -o out.csv --overwrite --root own -q", kin="out.csv"),
    Command("export gpkg", "export ports -o out.gpkg --overwrite --root own -q", kin="out.gpkg"),
    Command("export xlsx", "export ports -o out.xlsx --overwrite --root own -q"),
    Command("export gdb", "export ports -o out.gdb.zip --overwrite --root own -q", same=False),
    Command("export shp", "export ports -o many.shp --overwrite --root own -q", kin="many.shp"),
    Command("export gdb folder", "export ports -o whole.gdb --overwrite --root own -q", same=False, kin="whole.gdb"),
    Command("scenario new", "scenario new s.toml --year 2030 --overwrite --root own -q"),
    Command("isochrone", "isochrone 中山 --within 30 -o i.geojson --overwrite --root own -q"),
    Command("map", "map layers -o m.html --overwrite --root own -q"),
)


def tree(folder: Path) -> Tree:
    """Content of every file by its path; caches and locks are none."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".cache" not in path.parts
    }


def leftovers(folder: Path) -> list[str]:
    """Drafts, journals and temporary files that nobody holds any more."""
    return [path.relative_to(folder).as_posix() for path in folder.rglob(".atlas*")]


def start(folder: Path, words: Sequence[str], *, most_bytes: int | None = None) -> int:
    """Run a command in a fork within `folder`; return its process."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        os.setsid()
        os.chdir(folder)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        os.environ |= {"XDG_CACHE_HOME": str(folder.parent / "cache"), "TMPDIR": str(folder.parent / "tmp")}
        for number in SIGNALS[1:]:
            signal.signal(number, signal.SIG_DFL)
        if most_bytes is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
        from atlas.cli import cli
        from atlas.cli.ending import Ending, heed_signals

        heed_signals()
        try:
            with Ending():
                cli(list(words), prog_name="atlas")
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        os._exit(code)


def wait(child: int) -> int:
    """Return how a process ended: its exit code, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Bench:
    """A place for trials: the atlas as drawn, and for each command what it makes and how long it takes."""

    def __init__(self, place: Path, commands: Sequence[Command] = COMMANDS) -> None:
        self.place, self.commands = place, tuple(commands)
        self.before, self.work = place / "before", place / "work"
        (place / "tmp").mkdir(parents=True)
        self.before.mkdir()
        draw_atlas(self.before / "own")
        for twin in range(2):
            gpd.GeoDataFrame(
                {"id": [f"new{twin}"], "name_zh": ["新港"], "kind": ["river_port"], "position_error_m": [500.0],
                 "status": ["operating"], "city": ["中山"]},
                geometry=[shapely.Point(113.35 + twin / 100, 22.5)], crs=4326,
            ).to_file(self.before / f"new{twin}.geojson")  # fmt: skip
        draw_town(self.before / "town.osm.pbf")
        draw_feed(self.before / "feed.zip", small_feed())
        (self.before / "people.csv").write_text("lon,lat,people\n113.3,22.5,1200\n113.4,22.45,80\n", "utf-8")
        # Something to restore, and something to overwrite.
        for words in (
            "import layer new1.geojson --as ports --add --into own -q",
            "export airports -o out.csv --root own",
            "export airports -o out.gpkg --root own",
            "export airports -o many.shp --root own",
            "export airports -o whole.gdb --root own",
        ):
            if wait(start(self.before, words.split())):
                raise RuntimeError(f"{words} fails")
        for name in ("out.xlsx", "out.gdb.zip", "i.geojson", "m.html", "s.toml"):
            (self.before / name).write_text("precious", "utf-8")
        self.old = tree(self.before)
        self.new: dict[str, Tree] = {}
        self.took_s: dict[str, float] = {}
        for command in self.commands:
            self.fresh()
            begun = time.monotonic()
            code = wait(start(self.work, command.line()))
            self.took_s[command.name] = time.monotonic() - begun
            if code:
                raise RuntimeError(f"{command.name} ends with {code}")
            self.new[command.name] = tree(self.work)

    def fresh(self) -> None:
        """Put the folder back as it was."""
        if self.work.exists():
            for path in self.work.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(self.before, self.work, dirs_exist_ok=True)

    def whole(self, name: str) -> bool:
        """Whether a file is an archive without fault, or the data package beside one."""
        path = self.work / name
        if "whole.gdb/" in name:
            return True  # Looked at with its kin.
        if not zipfile.is_zipfile(path):
            return path.suffix == ".json" and bool(json.loads(path.read_bytes()))
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None

    def faults(self, command: Command, *, again: bool) -> list[str]:
        """What is wrong with the folder: torn or mixed files, a next run that fails, things left over."""
        with suppress(FileNotFoundError):
            heal(self.work / "own")
        with scratch(self.work):
            pass  # The next write in this folder finishes what was listed.
        seen, new = tree(self.work), self.new[command.name]
        found = []
        if command.kin and not read_marks(self.work / command.kin).intact:
            found.append(f"mixed: {command.kin} and what belongs to it")
        # A journal or the holder's name is taken away by the next run.
        own = {name: value for name, value in _own(seen).items() if "/.atlas" not in name}
        if own not in (_own(self.old), _own(new)):
            odd = sorted(name for name in {*own, *_own(new)} if own.get(name) != _own(self.old).get(name))
            found.append(f"mixed: {odd[:4]}")
        for name, value in seen.items():
            beside = name.startswith("own/") or "/.atlas" in f"/{name}"
            known = value in (self.old.get(name), new.get(name)) or (not command.same and self.whole(name))
            if not beside and not known:
                found.append(f"torn: {name}")
        if again:
            code = wait(start(self.work, command.line()))
            if code and not (command.name.endswith("out") and code == 2):
                found.append(f"the next run ends with {code}")
            found += [f"left over: {name}" for name in leftovers(self.work)]
            found += [f"left over: tmp/{path.name}" for path in (self.place / "tmp").iterdir()]
        return found


def _own(whole: Tree) -> Tree:
    return {name: value for name, value in whole.items() if name.startswith("own/")}


def kill(bench: Bench, command: Command, chance: random.Random) -> list[str]:
    """Kill a command at a random moment."""
    bench.fresh()
    child = start(bench.work, command.line())
    time.sleep(chance.uniform(0, 1.1 * bench.took_s[command.name]))
    with suppress(ProcessLookupError):
        os.kill(child, chance.choice(SIGNALS))
    wait(child)
    return bench.faults(command, again=True)


def full(bench: Bench, command: Command, chance: random.Random) -> list[str]:
    """Run a command on a disk that fills up: a small tmpfs where one may be mounted, else files that end early."""
    bench.fresh()
    with _small_disk(bench.work) as mounted:
        if mounted:
            bench.fresh()
            used = sum(-(-path.stat().st_size // 4096) for path in bench.work.rglob("*") if path.is_file())
            _resize(bench.work, used * 4096 + chance.randrange(4096, 600_000))
        limit = None if mounted else chance.randrange(1, 60_000)
        code = wait(start(bench.work, command.line(), most_bytes=limit))
        found = [] if code in (0, 2) else [f"ends with {code}"]
        found += bench.faults(command, again=False)
        found += [f"left over: {name}" for name in leftovers(bench.work)]
        if code == 0 and command.same and tree(bench.work) != bench.new[command.name]:
            found.append("ends with 0 and has not written all")
    return found


@contextmanager
def _small_disk(folder: Path) -> Iterator[bool]:
    """A tmpfs over `folder`; false where none may be mounted."""
    try:
        line = ["mount", "-t", "tmpfs", "-o", "size=64m", "atlas", str(folder)]
        mounted = subprocess.run(line, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=False)


def _resize(folder: Path, size_bytes: int) -> None:
    line = ["mount", "-o", f"remount,size={size_bytes // 4096 * 4096}", str(folder)]
    subprocess.run(line, capture_output=True, check=True)


def pair(bench: Bench, command: Command, chance: random.Random) -> list[str]:
    """Run a command twice at once, or beside an import: both arrive, or one is told."""
    bench.fresh()
    twin = command.line(1) if "{n}" in command.words else command.line()
    children = [start(bench.work, command.line())]
    time.sleep(chance.uniform(0, 0.3 * bench.took_s[command.name]))
    children.append(start(bench.work, twin))
    codes = [wait(child) for child in children]
    found = [f"end with {codes}"] if any(code not in (0, 2) for code in codes) or 0 not in codes else []
    if "{n}" in command.words:
        held = (bench.work / "own/data/geojson/ports.geojson").read_text("utf-8")
        for number, code in enumerate(codes):
            if code == 0 and f'"id":"new{number}"' not in held:
                found.append(f"lost: new{number}")
    found += [f"left over: {name}" for name in leftovers(bench.work)]
    return found
