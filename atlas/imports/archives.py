"""Looking at a file before a library opens it: archives that bite, and formats that fetch others."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from atlas.base.errors import ImportDataError

__all__ = ["LARGEST_MEMBER_MB", "LARGEST_TOTAL_MB", "MOST_MEMBERS", "check_file", "check_zip"]

#: Bounds on what an archive may unpack to. A province of roads as a shapefile is some hundred megabytes.
LARGEST_MEMBER_MB = 1024
LARGEST_TOTAL_MB = 2048
MOST_MEMBERS = 2000
#: Text and shapes shrink ten- to thirtyfold; deflate's limit is about a thousandfold. Small members may
#: shrink as they like.
_MOST_SHRINK, _SMALL_MB = 250, 10
_LINK = 0o120000
#: Files that are no data but say where GDAL shall fetch it.
_ELSEWHERE = (b"<OGRVRTDataSource", b"<VRTDataset", b"<OGRWFSDataSource", b"<OGROAPIFDataSource", b"<GDAL_WM", b"<WMS_")


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
            head = handle.read(4096)
    except OSError as reason:
        raise ImportDataError(f"{path} cannot be read: {reason.strerror or reason}") from reason
    if not head:
        raise ImportDataError(f"{path} is empty")
    if path.suffix.lower() == ".vrt" or any(sign in head for sign in _ELSEWHERE):
        raise ImportDataError(f"{path} only names other sources (VRT, web service); import the data itself")
    if path.suffix.lower() in {".zip", ".kmz", ".shz"} or head[:4] == b"PK\x03\x04":
        check_zip(path)
    return path


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
    for member in members:
        fault = _fault(member)
        if member.filename in seen:
            fault = "stands twice"
        seen.add(member.filename)
        if fault:
            raise ImportDataError(f"{path}: member {member.filename!r} {fault}; pack the archive anew")
    total_mb = sum(member.file_size for member in members) / 1e6
    if total_mb > LARGEST_TOTAL_MB:
        raise ImportDataError(f"{path} would unpack to {total_mb:.0f} MB, more than {LARGEST_TOTAL_MB} MB; split it")
    return tuple(member.filename for member in members)


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
