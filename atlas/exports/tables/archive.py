"""Zip archives whose bytes depend on their content alone."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["pack", "pack_folder"]

_DAY = (1980, 1, 1, 0, 0, 0)


def pack(path: Path, members: Mapping[str, bytes]) -> None:
    """Write `members`, name to content, in their order, all dated 1980-01-01."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(_entry(name), content)


def pack_folder(path: Path, folder: Path) -> None:
    """Write all files under `folder`, sorted by name, one at a time."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(one for one in folder.rglob("*") if one.is_file()):
            with archive.open(_entry(file.relative_to(folder).as_posix()), "w") as member, file.open("rb") as source:
                while block := source.read(2**20):
                    member.write(block)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DAY)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
