"""Formats of several files, standing in a folder as they are instead of in an archive: .shp, .tab, .gdb."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from atlas.base.errors import ExportError
from atlas.base.files import replacing_all
from atlas.base.values import name_text

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
        if place.suffix.lower() == ".gdb" and os.path.lexists(place) and not any(place.glob("a00000001.gdbtable")):
            raise ExportError(f"{place} is no geodatabase and is never replaced by one; choose another name")
        within = [name for name in names if "/" in name]
        packed.extractall(archive.parent)  # All are drawn up before the first takes its place.
        about = archive.parent / "datapackage.json"
        parts = {targets[name].name: name for name in targets if name != about.name}
        parts |= {f"{place.name}/{PurePosixPath(name).name}": name for name in within}
        about.write_text(_told_of_parts(about, place, {one: archive.parent / parts[one] for one in parts}), "utf-8")
        made = {targets[name]: archive.parent / name for name in targets}
        if folders := [place] if place.suffix.lower() == ".gdb" else []:
            made = {place: archive.parent / PurePosixPath(within[0]).parts[0], **made}
        with replacing_all(list(made), overwrite=overwrite, folders=folders) as drafts:
            for one, draft in zip(made.values(), drafts, strict=True):
                os.replace(one, draft)
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


def _told_of_parts(about: Path, place: Path, parts: Mapping[str, Path]) -> str:
    """Return a data package that tells of files by name instead of the archive they came from."""
    package = json.loads(about.read_bytes())
    (resource,) = package["resources"]
    stem = name_text(place.stem).replace("_", "-").lower()
    told = {name_text(name): _sha256(parts[name]) for name in sorted(parts)}
    kept = {key: value for key, value in resource.items() if key not in ("bytes", "sha256", "members_sha256", "tables")}
    resources = [{**kept, "name": stem, "path": name_text(place.name), "parts": told, "tables": resource["tables"]}]
    return json.dumps(package | {"resources": resources}, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
