"""The short hash that every output carries, and reading it back from a file.

``<layers>-<scenario>``, twelve hex digits each: the first part stands for the layers, the second for the
scenarios (year, projects, closures, every parameter) and the software version. Where it stands in a file:
``<meta name="atlas-hash">`` in HTML, ``"hash"`` among the members of JSON and GeoJSON, a first line
``# atlas-hash: …`` or a column ``hash`` in CSV, ``atlas-hash: …`` in a metadata table of a GeoPackage, and in
the text of any other format.
"""

from __future__ import annotations

import io
import itertools
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas._version import __version__
from atlas.base.errors import ExportError
from atlas.base.files import content_hash
from atlas.data.scenario import Scenario

__all__ = ["Finding", "check_stamp", "find_stamps", "layers_hash", "stamp"]

_DIGITS = 12
_STAMP = re.compile(rf"\b([0-9a-f]{{{_DIGITS}}})-([0-9a-f]{{{_DIGITS}}})\b")
_LARGEST_MEMBER = 64 * 2**20
_MARKED = re.compile(
    rf"(?:atlas[-_]hash|\"hash\")(?:\" content=)?[^0-9a-f\n]{{0,40}}([0-9a-f]{{{_DIGITS}}}-[0-9a-f]{{{_DIGITS}}})\b"
)


def layers_hash(layers: Mapping[str, Any]) -> str:
    """Return the hash of layers by key, whatever their order; empty when they carry none.

    Parameters
    ----------
    layers
        Values with an attribute ``hash``, as :class:`atlas.data.layer.Layer` has.
    """
    parts = [f"{key}={getattr(layers[key], 'hash', '')}" for key in sorted(layers)]
    return content_hash(*parts) if parts else ""


def stamp(layers_hash: str, scenarios: Iterable[Scenario] = ()) -> str:
    """Return the short hash of layers and scenarios.

    Parameters
    ----------
    layers_hash
        ``Network.hash``, or the hash of the layers an output was made of.
    scenarios
        The scenarios that went in, in any order; none for an output of layers alone.
    """
    hashes = sorted({scenario.hash for scenario in scenarios})
    return f"{layers_hash[:_DIGITS]}-{content_hash(__version__, *hashes)[:_DIGITS]}"


@dataclass(frozen=True)
class Finding:
    """Whether a stamp still matches: ``layers`` and ``scenario`` each true, false, or None (cannot be told)."""

    stamp: str
    layers: bool
    scenario: bool | None
    made_with: str = ""

    @property
    def matches(self) -> bool:
        """Whether nothing speaks against the file."""
        return self.layers and self.scenario is not False


def find_stamps(path: str | Path) -> tuple[str, ...]:
    """Return the stamps that a file carries, each once, in order of appearance.

    Raises
    ------
    ExportError
        The file cannot be read, or carries none.
    """
    path = Path(path)
    try:
        head = path.read_bytes()
    except OSError as reason:
        raise ExportError(f"{path} cannot be read: {reason.strerror or reason}") from reason
    text = _text_of(path, head)
    found = [match[1] for match in _MARKED.finditer(text)] or _column_stamps(text)
    beside = path.with_name(path.name + ".datapackage.json")
    if not found and beside.is_file():
        # Formats without room for a comment, such as tiles, have their metadata beside.
        found = [match[1] for match in _MARKED.finditer(beside.read_text("utf-8", errors="replace"))]
    if not found:
        raise ExportError(f"{path} carries no atlas hash; it was not written by atlas, or the hash was cut out")
    return tuple(dict.fromkeys(found))


def _text_of(path: Path, content: bytes) -> str:
    """Whatever text a file holds: metadata tables of a GeoPackage, members of a zip archive, the file itself."""
    if content.startswith(b"SQLite format 3\0"):
        return _gpkg_text(path)
    if content.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                members = [info for info in archive.infolist() if info.file_size <= _LARGEST_MEMBER]
                return "\n".join(archive.read(info).decode("utf-8", errors="replace") for info in members)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as reason:
            raise ExportError(f"{path} is no readable zip archive: {reason}") from reason
    return content.decode("utf-8", errors="replace")


def _column_stamps(text: str) -> list[str]:
    """CSV with a column ``hash``: the values stand in the rows."""
    lines = text.lstrip("\ufeff").splitlines()
    if not lines or "hash" not in lines[0].split(","):
        return []
    return ["-".join(parts) for line in lines[1:] for parts in _STAMP.findall(line)]


def _gpkg_text(path: Path) -> str:
    """The text of a GeoPackage's metadata tables."""
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as base:
            names = {row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            texts = []
            for table in sorted(name for name in names if "metadata" in name or name == "gpkg_contents"):
                rows = base.execute(f'SELECT * FROM "{table}"').fetchall()
                texts += [" ".join(str(value) for value in row) for row in rows]
    except sqlite3.Error as reason:
        raise ExportError(f"{path} is no readable GeoPackage: {reason}") from reason
    return "\n".join(texts)


def check_stamp(text: str, hashes: Collection[str], scenarios: Sequence[Scenario]) -> Finding:
    """Compare one stamp with the layers at hand and with scenarios that may have made it.

    Parameters
    ----------
    text
        A stamp.
    hashes
        Hashes of the layers at hand: of all of them, and of those selections a file may hold.
    scenarios
        Candidates: the stamp may be of none, of up to three, of all of one parameter set, of some years in
        every parameter set, or of all of them.
    """
    layers, _, made = text.partition("-")
    same = any(known[:_DIGITS] == layers for known in hashes)
    for chosen in _choices(scenarios):
        if stamp("", chosen).partition("-")[2] == made:
            names = ", ".join(dict.fromkeys(scenario.name for scenario in chosen)) or "layers alone"
            return Finding(text, same, True, names)
    return Finding(text, same, None)


def _choices(scenarios: Sequence[Scenario]) -> Iterable[tuple[Scenario, ...]]:
    for size in (0, 1, 2, 3):
        yield from itertools.combinations(scenarios, size)
    for name in sorted({scenario.parameter_set for scenario in scenarios}):
        yield tuple(scenario for scenario in scenarios if scenario.parameter_set == name)
    years = list(dict.fromkeys(scenario.label for scenario in scenarios))
    for size in range(1, len(years) + 1):
        for some in itertools.combinations(years, size):
            yield tuple(scenario for scenario in scenarios if scenario.label in some)
