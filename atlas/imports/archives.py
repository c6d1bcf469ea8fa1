"""Looking at a file before a library opens it: archives that bite, and formats that fetch others.

What is let through is then read by a child that knows the named formats alone (:mod:`atlas.base.foreign`).
"""

from __future__ import annotations

import os
import sqlite3
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from atlas.base.errors import ImportDataError

__all__ = ["check_base", "check_file", "check_zip", "unpacked_bytes"]

#: Bounds on what an archive may unpack to. A province of roads as a shapefile is some hundred megabytes.
LARGEST_MEMBER_MB = 1024
LARGEST_TOTAL_MB = 2048
MOST_MEMBERS = 2000
#: Text and shapes shrink ten- to thirtyfold; deflate's limit is about a thousandfold. Small members may
#: shrink as they like.
_MOST_SHRINK, _SMALL_MB = 250, 10
_LINK = 0o120000
#: Files that are no data but say where GDAL shall fetch it.
_ELSEWHERE = (
    b"<OGRVRTDataSource", b"<VRTDataset", b"<OGRWFSDataSource", b"<OGROAPIFDataSource", b"<OGRCSWDataSource",
    b"<GDAL_W", b"<WMS_",
)  # fmt: skip
#: Entities of XML: a page of them unpacks to gigabytes, and some are files.
_ENTITIES = (b"<!ENTITY", b"<!DOCTYPE")
_XML = {".kml", ".gml", ".gpx", ".osm", ".xml"}
_PACKED = {".zip", ".gz", ".tgz", ".tar", ".7z", ".rar", ".bz2", ".xz", ".zst", ".kmz", ".shz", ".vrt", ".ovf"}
_PACKED_SIGNS = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_HEAD = 4096


def check_file(path: str | Path) -> Path:
    """Return `path` when it is a file of this machine that may be handed to a reader.

    Raises
    ------
    ImportDataError
        It is no file, is empty, is a list of other sources (VRT, which may name remote ones), or is an
        archive that :func:`check_zip` refuses.
    """
    path = Path(path)
    try:
        found = path.is_file() or path.is_dir()
    except (OSError, ValueError) as reason:
        raise ImportDataError(f"{path!r} is not a path: {reason}") from reason
    if not found:
        raise ImportDataError(f"{path} does not exist; name a file on this machine")
    if path.is_dir():
        if path.suffix.lower() != ".gdb":
            raise ImportDataError(f"{path} is a folder; name a file (or a folder .gdb)")
        return path
    try:
        with path.open("rb") as handle:
            head = handle.read(_HEAD)
    except OSError as reason:
        raise ImportDataError(f"{path} cannot be read: {reason.strerror or reason}") from reason
    if not head:
        raise ImportDataError(f"{path} is empty")
    fault = _content_fault(path.name, head)
    if fault:
        raise ImportDataError(f"{path} {fault}; import the data itself")
    if path.suffix.lower() in {".zip", ".kmz", ".shz"} or head[:4] == b"PK\x03\x04":
        check_zip(path)
    return path


def _content_fault(name: str, head: bytes) -> str:
    """What is wrong with a file or member by its name and first bytes, as GDAL would take them; empty when nothing."""
    # Text of sixteen bits a letter reads like this too.
    letters = head.replace(b"\0", b"")
    if name.lower().endswith(".tab") and any(sign in letters for sign in (b"seamless", b"LINKED")):
        return "only names other tables"
    if name.lower().endswith((".vrt", ".ovf")) or any(sign in letters for sign in _ELSEWHERE):
        return "only names other sources (VRT, web service)"
    if (letters.lstrip()[:1] == b"<" or PurePosixPath(name.lower()).suffix in _XML) and any(
        sign in letters for sign in _ENTITIES
    ):
        return "defines entities of XML"
    return ""


def unpacked_bytes(path: Path) -> int:
    """Return what a file unpacks to, at most twenty times its own size: what reading it may take is measured by it."""
    try:
        size = path.stat().st_size if path.is_file() else sum(p.stat().st_size for p in path.rglob("*") if p.is_file())
        if not zipfile.is_zipfile(path):
            return size
        with zipfile.ZipFile(path) as archive:
            return min(sum(one.file_size for one in archive.infolist()), 20 * size)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return 0


def check_base(path: Path) -> None:
    """Refuse a database (GeoPackage) with tables that are programs: virtual ones but for the index, views that recurse.

    Raises
    ------
    ImportDataError
        It has one, or is no sound database.
    """
    with path.open("rb") as handle:
        if handle.read(16) != b"SQLite format 3\0":
            return
    try:
        base = sqlite3.connect(f"file:{quote(os.path.abspath(os.fsencode(path)))}?mode=ro&immutable=1", uri=True)
        try:
            rows = base.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        finally:
            base.close()
    except (sqlite3.Error, UnicodeError, OverflowError) as reason:
        raise ImportDataError(f"{path} is no sound GeoPackage: {reason}") from reason
    for name, sql in rows:
        text = " ".join(str(sql).lower().split())
        virtual = text.startswith("create virtual table") and "using rtree" not in text
        view = text.startswith("create view") and any(word in text for word in ("recursive", "ogr_", "load_ext"))
        if virtual or view:
            raise ImportDataError(f"{path}: {name!r} is a program, not a table; take it out")


def check_zip(path: str | Path) -> tuple[str, ...]:
    """Return the names of an archive's members when it is safe to read.

    Raises
    ------
    ImportDataError
        It is no zip or cut off; it has a member with a path that leaves the archive, a link, an encrypted
        or doubled member; or it would unpack to more than the bounds of this module.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as reason:
        raise ImportDataError(f"{path} is no sound zip archive ({reason}); it may be cut off") from reason
    if len(members) > MOST_MEMBERS:
        raise ImportDataError(f"{path} has {len(members)} members, more than {MOST_MEMBERS}; take out what is not data")
    seen: set[str] = set()
    heads = _heads(path, members)
    end = 0
    for member in sorted(members, key=lambda one: one.header_offset):
        fault = _fault(member) or _member_fault(member.filename, heads.get(member.filename, b""))
        if member.header_offset < end:
            fault = "overlaps another"
        end = member.header_offset + 30 + member.compress_size
        if member.filename in seen:
            fault = "stands twice"
        seen.add(member.filename)
        if fault:
            raise ImportDataError(f"{path}: member {member.filename!r} {fault}; pack the archive anew")
    total_mb = sum(member.file_size for member in members) / 1e6
    if total_mb > LARGEST_TOTAL_MB:
        raise ImportDataError(f"{path} would unpack to {total_mb:.0f} MB, more than {LARGEST_TOTAL_MB} MB; split it")
    return tuple(member.filename for member in members)


def _heads(path: Path, members: list[zipfile.ZipInfo]) -> dict[str, bytes]:
    """The first bytes of each member that can be read; what cannot is for the reader to refuse."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for member in members:
            if member.is_dir() or member.flag_bits & 0x1:
                continue
            try:
                with archive.open(member) as handle:
                    found[member.filename] = handle.read(_HEAD)
            except (
                zipfile.BadZipFile,
                zlib.error,
                OSError,
                EOFError,
                ValueError,
                NotImplementedError,
                RuntimeError,
            ) as reason:
                raise ImportDataError(
                    f"{path}: member {member.filename!r} cannot be unpacked ({reason}); it may be cut off"
                ) from reason
    return found


def _member_fault(name: str, head: bytes) -> str:
    if PurePosixPath(name.lower()).suffix in _PACKED or head.startswith(_PACKED_SIGNS):
        return "is an archive in an archive, or names other files"
    return _content_fault(name, head)


def _fault(member: zipfile.ZipInfo) -> str:
    name = member.filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or (parts and ":" in parts[0]) or "\0" in name:
        return "has a path that leaves the archive"
    if (member.external_attr >> 16) & 0o170000 == _LINK:
        return "is a link"
    if member.flag_bits & 0x1:
        return "is encrypted"
    size_mb = member.file_size / 1e6
    if size_mb > LARGEST_MEMBER_MB:
        return f"would unpack to {size_mb:.0f} MB, more than {LARGEST_MEMBER_MB} MB"
    if size_mb > _SMALL_MB and member.file_size > _MOST_SHRINK * max(member.compress_size, 1):
        return f"unpacks {member.file_size // max(member.compress_size, 1)}-fold, as a zip bomb does"
    return ""
