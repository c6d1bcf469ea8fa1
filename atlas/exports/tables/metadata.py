"""What stands beside every export: fields, units, CRS, sources, licences, scenario, hash (a data package)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from atlas._version import __version__
from atlas.base.seals import members_digest
from atlas.base.values import name_text, plain
from atlas.exports.tables.bundle import Bundle, Table
from atlas.exports.tables.crs import Projection

__all__ = ["datapackage_text", "remarks"]

#: Formats that hold their data package themselves.
_ARCHIVES = ("shp", "gdb", "tab", "gtfs")
_TYPES = {"string": "string", "float": "number", "integer": "integer", "boolean": "boolean"}


def remarks(bundle: Bundle, target: Projection) -> str:
    """Return the metadata in a few lines of text, for formats that hold no more than a comment."""
    shifted = f"{target.label}: shifted coordinates, no GIS reads them as WGS 84"
    lines = [
        f"{bundle.title_zh} / {bundle.title_en}",
        f"atlas-hash: {bundle.hash}",
        f"CRS: {target.label} {target.name}; {target.axes}",
        *([shifted] if target.shifted else []),
        *([f"scenario: {bundle.scenario}"] if bundle.scenario else []),
        *bundle.notes,
        *(f"source {one.key}: {one.title}, {one.publisher}; licence: {one.licence}" for one in bundle.sources),
    ]
    return "\n".join(str(plain(line)) for line in lines)


def datapackage(
    bundle: Bundle, target: Projection, path: Path, form: str, *, content: Path | None = None
) -> dict[str, Any]:
    """Return the Frictionless data package of a file.

    Parameters
    ----------
    bundle
        What was written.
    target
        The coordinate system of its geometry.
    path
        The file.
    form
        Key of the format.
    content
        What it holds, when it does not stand in its place yet: size and SHA-256 are taken of it.
    """
    drawn_up = path if content is None else content
    with drawn_up.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "profile": "data-package",
        "name": bundle.name.replace("_", "-").lower(),
        "title": f"{bundle.title_zh} / {bundle.title_en}",
        "version": __version__,
        "atlas-hash": bundle.hash,
        "status_as_of": bundle.as_of,
        "scenario": bundle.scenario or None,
        "crs": {"code": target.label, "name": target.name, "axes": target.axes, "shifted": target.shifted},
        "notes": list(bundle.notes),
        "sources": [
            {
                "name": one.key,
                "title": one.title,
                "publisher": one.publisher,
                "licence": one.licence,
                "retrieved": one.retrieved,
            }
            for one in bundle.sources
        ],
        "licenses": [
            {"name": "see-sources", "title": text} for text in dict.fromkeys(one.licence for one in bundle.sources)
        ],
        "resources": [
            {
                "name": name_text(path.stem).replace("_", "-").lower(),
                "path": name_text(path.name),
                "format": form,
                "bytes": drawn_up.stat().st_size,
                "sha256": digest,
                **({"members_sha256": members_digest(drawn_up)} if form in _ARCHIVES else {}),
                "tables": [_table(table) for table in bundle.tables],
            }
        ],
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "title": f"{table.title_zh} / {table.title_en}",
        "description": table.about,
        "geometry": table.geometry or None,
        "rows": len(table.frame),
        "schema": {
            "fields": [
                {
                    "name": field.name,
                    "title": field.alias,
                    "type": _TYPES[field.type],
                    **({"unit": field.unit} if field.unit else {}),
                    **({"description": field.about} if field.about else {}),
                    **({"constraints": {"enum": list(field.allowed)}} if field.allowed else {}),
                }
                for field in table.fields
            ]
        },
    }


def datapackage_text(bundle: Bundle, target: Projection, path: Path, form: str, *, content: Path | None = None) -> str:
    """Return :func:`datapackage` as JSON."""
    whole = datapackage(bundle, target, path, form, content=content)
    return json.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
