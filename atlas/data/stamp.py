"""The short hash that every output carries, and reading it back from a file.

``<layers>-<scenario>``, twelve hex digits each: the first part stands for the layers, the second for the
scenarios (year, projects, closures, every parameter) and the software version. Where it stands in a file:
``<meta name="atlas-hash">`` in HTML, ``"hash"`` among the members of JSON and GeoJSON, a first line
``# atlas-hash: …`` or a column ``hash`` in CSV, ``atlas-hash: …`` in a metadata table of a GeoPackage, and in
the text of any other format.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas._version import __version__
from atlas.base.doors import Door
from atlas.base.errors import ExportError
from atlas.base.files import content_hash
from atlas.base.seals import intact, members_digest
from atlas.base.values import name_text
from atlas.data.scenario import Scenario

__all__ = ["PACKAGE", "check_stamp", "facts_date", "find_stamps", "layers_hash", "read_marks", "stamp"]

_DIGITS = 12
_STAMP = rf"\b([0-9a-f]{{{_DIGITS}}})-([0-9a-f]{{{_DIGITS}}})\b"
#: Bounds: of a file (MB), of an archive's members together, of one member's text, of all texts read.
_LARGEST_MB = 512
_LARGEST_MEMBER = 2**31
_LARGEST_PART, _LARGEST_TEXT, _MOST_MEMBERS = 16 * 2**20, 64 * 2**20, 2000
PACKAGE = ".datapackage.json"
_MARKED = (
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


def facts_date(frames: Iterable[Mapping[Any, Any]]) -> str:
    """Return the last day on which a fact was known or checked, as ISO text; empty when no row bears a date.

    Parameters
    ----------
    frames
        Tables with columns ``status_as_of`` and ``checked_on``; one that lacks them says nothing.

    Examples
    --------
    >>> facts_date([{"status_as_of": ["2023"], "checked_on": ["2026-11-28", None]}, {"status_as_of": ["2024-06"]}])
    '2026-11-28'
    """
    columns = (frame[name] for frame in frames for name in ("status_as_of", "checked_on") if name in frame)
    return max((day for column in columns for day in column if isinstance(day, str)), default="")


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
    return read_marks(path).stamps


@dataclass(frozen=True)
class Marks:
    """What a file says of itself.

    Attributes
    ----------
    stamps
        Each once, in order of appearance.
    intact
        Whether its content is what was written; None where neither it nor its sidecar carries a hash of it.
    tables
        The tables its data package lists, empty without one.
    """

    stamps: tuple[str, ...]
    intact: bool | None
    tables: tuple[str, ...]


def read_marks(path: str | Path) -> Marks:
    """Return what a file, any output of atlas, says of itself; read by a child with limits, nothing is written.

    Raises
    ------
    ExportError
        The file cannot be read, or carries no stamp.
    """
    path = Path(path)
    if not path.is_file() and not (path.is_dir() and _data_package(path)):
        raise ExportError(f"{path} cannot be read: it is no file, and no folder that atlas exported")
    from atlas.base.foreign import apart

    return apart(lambda: _marks(path), path, ExportError)


def _marks(path: Path) -> Marks:
    import zipfile

    content = b"" if path.is_dir() else Door(path, ExportError, largest_mb=_LARGEST_MB).content()
    text = _text_of(path, content)
    found = [match[1] for match in re.finditer(_MARKED, text)] or _column_stamps(text)
    beside = _data_package(path)
    package: Any = None
    if beside is not None:
        package = _package(Door(beside, ExportError, largest_mb=16).text())
        if not found:
            # Formats without room for a comment, such as tiles, have their metadata beside.
            found = [match[1] for match in re.finditer(_MARKED, json.dumps(package))]
    elif zipfile.is_zipfile(path):
        package = _package(_member(path, "datapackage.json"))
    if not found:
        raise ExportError(f"{path} carries no atlas hash; it was not written by atlas, or the hash was cut out")
    resource = _resource(package)
    tables = tuple(str(one.get("name")) for one in resource.get("tables", ()) if isinstance(one, dict))
    return Marks(tuple(dict.fromkeys(found)), _whole(path, content, resource, inside=beside is None), tables)


def _whole(path: Path, content: bytes, resource: Mapping[str, Any], *, inside: bool) -> bool | None:
    if inside and "members_sha256" in resource:
        try:
            return members_digest(path, most_bytes=_LARGEST_MEMBER) == str(resource["members_sha256"])
        except ValueError:
            return False
    if not inside and "parts" in resource:
        return _same_parts(path.parent, resource["parts"])
    if not inside and "sha256" in resource:
        return hashlib.sha256(content).hexdigest() == str(resource["sha256"])
    return intact(content)


def _data_package(path: Path) -> Path | None:
    """The data package beside a file: its own, or that of the set of files (``roads.shp``) it is a part of."""
    own = path.with_name(path.name + PACKAGE)
    if own.is_file():
        return own
    for other in sorted(path.parent.glob(f"*{PACKAGE}"))[:_MOST_MEMBERS]:
        if path.name.startswith(Path(other.name.removesuffix(PACKAGE)).stem) and other.is_file():
            parts = _resource(_package(Door(other, ExportError, largest_mb=16).text())).get("parts")
            if isinstance(parts, Mapping) and name_text(path.name) in parts:
                return other
    return None


def _same_parts(folder: Path, parts: object) -> bool:
    """Whether every part of a set of files is there and as it was written: name in `folder` → SHA-256.

    Names stand as :func:`~atlas.base.values.name_text` gives them; what is asked is whether files of the folder have
    them, so that a name leads nowhere else.
    """
    if not isinstance(parts, Mapping) or not parts:
        return False
    tops = {str(name).partition("/")[0] for name in parts}
    there: dict[str, Path] = {}
    for path in folder.iterdir():
        if name_text(path.name) in tops:
            inner = sorted(path.iterdir())[:_MOST_MEMBERS] if path.is_dir() else [path]
            there |= {name_text(one.relative_to(folder).as_posix()): one for one in inner if one.is_file()}
    if set(there) != set(parts):
        return False
    return all(
        hashlib.sha256(Door(there[name], ExportError, largest_mb=_LARGEST_MB).content()).hexdigest() == digest
        for name, digest in parts.items()
    )


def _package(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _resource(package: Any) -> Mapping[str, Any]:
    """The one resource of a data package; empty for what is none."""
    resources = package.get("resources") if isinstance(package, dict) else None
    first = resources[0] if isinstance(resources, list) and resources else None
    found: Mapping[str, Any] = first if isinstance(first, dict) and isinstance(first.get("tables", []), list) else {}
    return found


def _member(path: Path, name: str) -> str:
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as member:
            return member.read(_LARGEST_TEXT).decode("utf-8", errors="replace")
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError):
        return ""


def _text_of(path: Path, content: bytes) -> str:
    """Whatever text a file holds: metadata tables of a GeoPackage, members of a zip archive, the file itself."""
    import zipfile
    import zlib

    if content.startswith(b"SQLite format 3\0"):
        return _gpkg_text(path)
    if content.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                left, texts = _LARGEST_TEXT, []
                for info in archive.infolist()[:_MOST_MEMBERS]:
                    with archive.open(info) as member:
                        part = member.read(min(left, _LARGEST_PART))
                    left -= len(part)
                    texts.append(part.decode("utf-8", errors="replace"))
                return "\n".join(texts)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            RuntimeError,
            NotImplementedError,
            OSError,
            ValueError,
        ) as reason:
            raise ExportError(f"{path} is no readable zip archive: {reason}") from reason
    return content.decode("utf-8", errors="replace")


def _column_stamps(text: str) -> list[str]:
    """CSV with a column ``hash``: the values stand in the rows."""
    lines = text.lstrip("\ufeff").splitlines()
    if not lines or "hash" not in lines[0].split(","):
        return []
    return ["-".join(parts) for line in lines[1:] for parts in re.findall(_STAMP, line)]


def _gpkg_text(path: Path) -> str:
    """The text of a GeoPackage's metadata tables, opened as it lies: no journal is read and none is made."""
    import sqlite3
    from urllib.parse import quote

    place = quote(os.path.abspath(os.fsencode(path)))
    try:
        base = sqlite3.connect(f"file:{place}?mode=ro&immutable=1", uri=True)
        try:
            names = {
                str(row[0]) for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table' LIMIT 9999")
            }
            texts = []
            for table in sorted(name for name in names if "metadata" in name or name == "gpkg_contents"):
                named = table.replace('"', '""')
                rows = base.execute(f'SELECT * FROM "{named}" LIMIT 9999').fetchall()
                texts += [" ".join(str(value) for value in row) for row in rows]
        finally:
            base.close()
    except (sqlite3.Error, UnicodeError, OverflowError) as reason:
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
