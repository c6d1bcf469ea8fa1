"""Formats of several files, standing in a folder as they are instead of in an archive: .shp, .tab, .gdb."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path, PurePosixPath

from atlas.base.errors import ExportError
from atlas.base.files import replacing, scratch

__all__ = ["unpack"]


def unpack(archive: Path, place: Path, *, overwrite: bool) -> tuple[Path, ...]:
    """Put the members of an archive where `place` says, and return them.

    Parameters
    ----------
    archive
        Shapefiles, MapInfo tables or a geodatabase, as written with their data package.
    place
        ``roads.shp``: the parts of a table become ``roads.*``, of several tables ``roads-<table>.*``; what belongs to
        all is named after the file (``roads.shp.datapackage.json``). ``roads.gdb`` is a folder.
    overwrite
        Whether existing files may be replaced.

    Raises
    ------
    ExportError
        A file exists, or cannot be written. Nothing is written when one exists.
    """
    with zipfile.ZipFile(archive) as packed:
        names = packed.namelist()
        targets = _targets(names, place)
        _refuse(set(targets.values()), place, overwrite)
        if place.suffix.lower() == ".gdb":
            _put_folder(packed, [name for name in names if "/" in name], place)
        for name, target in targets.items():
            with replacing(target, overwrite=overwrite) as draft:
                draft.write_bytes(packed.read(name))
    folder = (place,) if place.suffix.lower() == ".gdb" else ()
    return (*folder, *sorted(targets.values(), key=lambda one: (one.suffix != place.suffix, one.name)))


def _targets(names: list[str], place: Path) -> dict[str, Path]:
    """Return the place of each member; those of a geodatabase's folder are left out."""
    tables = {PurePosixPath(name).stem for name in names if name.lower().endswith(place.suffix.lower())}
    found = {}
    for name in names:
        member = PurePosixPath(name)
        if "/" in name:
            continue
        if member.stem in tables and member.suffix not in (".csv", ".json"):
            stem = place.stem if len(tables) == 1 else f"{place.stem}-{member.stem}"
            found[name] = place.with_name(stem + member.suffix)
        else:
            found[name] = place.with_name(f"{place.name}.{name}")
    return found


def _refuse(targets: set[Path], place: Path, overwrite: bool) -> None:
    there = sorted(str(one) for one in targets | ({place} if place.suffix.lower() == ".gdb" else set()) if one.exists())
    if there and not overwrite:
        raise ExportError(f"{', '.join(there)} exists; pass --overwrite (overwrite=True) or choose another name")


def _put_folder(packed: zipfile.ZipFile, names: list[str], place: Path) -> None:
    """Put a geodatabase in place whole, one that stands there aside until it is done."""
    with scratch(place.parent) as folder:
        packed.extractall(folder / "new", names)
        (made,) = (folder / "new").iterdir()
        try:
            if place.exists():
                os.replace(place, folder / "old")
            os.replace(made, place)
        except OSError as reason:
            raise ExportError(f"cannot write {place}: {reason.strerror}") from reason
