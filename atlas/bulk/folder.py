"""The folder an answer in chunks is written to: a manifest, the points, and one Parquet or CSV file a chunk.

A chunk's file is there whole or not at all, and carries the key of the question; what is there is not computed again.
CSV has no room for a key: it stands, with a hash of the file, in a data package beside.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from atlas.base.doors import Door, missing_extra
from atlas.base.errors import ExportError
from atlas.base.files import code_hash, content_hash, replacing_all, write_bytes, write_text
from atlas.base.values import cell, csv_columns
from atlas.bulk.question import Found, Points, Question
from atlas.data.stamp import PACKAGE

__all__ = ["Folder", "content_of", "open_folder"]

#: Formats of the chunks.
_FORMS = ("parquet", "csv")

_MANIFEST, _PARTS, _POINTS = "od.json", "parts", ("origins", "destinations")
_KEY = b"atlas-key"
_WORDS = ", the manifest of an OD matrix,"


@dataclass(frozen=True)
class Folder:
    """A folder of chunks.

    Attributes
    ----------
    path
        The folder.
    key
        Hash of question, size of chunks and program.
    size, chunks
        Origins a chunk, and how many chunks there are.
    form
        One of :data:`_FORMS`.
    about
        The stamp of what is asked.
    """

    path: Path
    key: str
    size: int
    chunks: int
    form: str
    about: str

    def part(self, number: int) -> Path:
        """Return where the file of a chunk stands or will stand."""
        return self.path / _PARTS / f"part-{number:06d}.{self.form}"

    def missing(self) -> list[int]:
        """Return the chunks that are not there, or are damaged or of another key."""
        return [number for number in range(self.chunks) if not _is_part(self.part(number), self.key)]

    def put(self, number: int, content: bytes) -> None:
        """Write the file of a chunk, whole or not at all.

        Raises
        ------
        ExportError
            The system refuses.
        """
        _put(self.part(number), content, self.key, self.about)


def open_folder(
    path: Path,
    question: Question,
    *,
    size: int | None = None,
    facts: Mapping[str, Any],
    form: str = "parquet",
    anew: bool = False,
) -> Folder:
    """Return the folder for the answer to a question, its manifest and points written.

    Parameters
    ----------
    path
        A folder that is new, empty, or holds chunks of the same question.
    question
        What is asked.
    size
        Origins a chunk; None: as the folder has it, or the question says.
    facts
        What the manifest tells besides.
    form
        Format of the chunks, one of :data:`_FORMS`.
    anew
        Whether chunks of another question are thrown away.

    Raises
    ------
    ExportError
        The folder holds something else or chunks of another question, or pyarrow is missing.
    """
    if form == "parquet":
        _arrow()
    facts = {"format": form, **facts}
    manifest = path / _MANIFEST
    there = _read_manifest(manifest) if manifest.is_file() else None
    if there is None and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ExportError(f"{path} is no OD matrix of atlas and not empty; choose another folder")
    if size is None:
        size = int(there["origins_a_chunk"]) if there is not None and not anew else question.origins_a_chunk
    key = content_hash(question.key, str(size), form, code_hash())
    if there is not None and there["key"] != key:
        if not anew:
            raise ExportError(
                f"{path} holds chunks of another question ({_difference(there, facts, size)}); "
                "choose another folder, or pass --overwrite to start anew"
            )
        # The manifest goes first: what a kill leaves then is refused, never taken for an answer.
        manifest.unlink()
        for old in sorted(one for kind in _FORMS for one in (path / _PARTS).glob(f"part-*.{kind}*")):
            old.unlink()
        for old in (path / f"{name}.{kind}{end}" for name in _POINTS for kind in _FORMS for end in ("", PACKAGE)):
            old.unlink(missing_ok=True)
    folder = Folder(path, key, size, question.chunks(size), form, question.about)
    # Points first: a manifest says that they are there.
    for name, points in zip(_POINTS, (question.origins, question.destinations), strict=True):
        file = path / f"{name}.{form}"
        if there is None or there["key"] != key or not _is_part(file, key):
            _put(file, _points(points, key, form), key, question.about)
    if there is None or there["key"] != key:
        told = {
            "hash": question.about, "key": key, "kind": question.kind, "limit_min": _finite(question.limit_min),
            "cutoffs_min": list(question.cutoffs_min), "origins": len(question.origins),
            "destinations": len(question.destinations), "origins_a_chunk": size, "chunks": folder.chunks,
            "worker_mb": question.worker_mb, **facts,
        }  # fmt: skip
        write_text(manifest, json.dumps(told, ensure_ascii=False, indent=1) + "\n", overwrite=True)
    return folder


def content_of(found: Found, question: Question, key: str, form: str) -> bytes:
    """Return the answer to a chunk as the bytes of its file: ids in place of numbers.

    Raises
    ------
    ExportError
        pyarrow is missing.
    """
    columns: dict[str, Any] = {}
    sides = (("origin", "from_id", question.origins), ("destination", "to_id", question.destinations),
             ("nearest", "nearest_id", question.destinations))  # fmt: skip
    for number, name, points in sides:
        if number in found.columns:
            columns[name] = _Named(points.ids, np.asarray(found.columns[number], dtype=np.int64))
    named = {"minutes": "travel_time_min" if question.kind == "times" else "nearest_min"}
    columns |= {named.get(name, name): values for name, values in found.columns.items() if name not in _NUMBERS}
    return _file(columns, key, question.about, form)


_NUMBERS = ("origin", "destination", "nearest")


@dataclass(frozen=True)
class _Named:
    """A column of names, each row's by its number; below 0: none."""

    names: Any
    rows: Any

    def used(self) -> tuple[list[str], Any]:
        """The names that are used, and (n,) each row's number among them; -1: none."""
        some = self.rows >= 0
        names, at = np.unique(self.rows[some], return_inverse=True)
        whole = np.full(len(self.rows), -1, dtype=np.int32)
        whole[some] = at
        return self.names[names].tolist(), whole


def _points(points: Points, key: str, form: str) -> bytes:
    columns = {
        "id": points.ids.tolist(),
        "name_zh": [str(name) for name in points.names],
        "lon": points.lonlat[:, 0],
        "lat": points.lonlat[:, 1],
    }
    return _file(columns | ({"people": points.people} if len(points.people) else {}), key, "", form)


def _file(columns: Mapping[str, Any], key: str, about: str, form: str) -> bytes:
    return _parquet(columns, key, about) if form == "parquet" else _csv(columns, about)


def _parquet(columns: Mapping[str, Any], key: str, about: str) -> bytes:
    import pyarrow.parquet as parquet

    arrow = _arrow()
    marks = {_KEY: key.encode(), b"atlas-hash": about.encode()}
    made = {name: _arrow_column(arrow, values) for name, values in columns.items()}
    table = arrow.table(made).replace_schema_metadata(marks)
    sink = io.BytesIO()
    parquet.write_table(table, sink, compression="zstd", write_page_checksum=True)
    return sink.getvalue()


def _arrow_column(arrow: Any, values: Any) -> Any:
    if isinstance(values, _Named):
        names, rows = values.used()
        ids = arrow.array(names, type=arrow.string())
        return arrow.DictionaryArray.from_arrays(arrow.array(rows, mask=rows < 0), ids)
    if isinstance(values, list):
        return arrow.array(values, type=arrow.string())
    return arrow.array(values, mask=np.isnan(values) if values.dtype.kind == "f" else None)


def _csv(columns: Mapping[str, Any], about: str) -> bytes:
    """A CSV as all of the atlas's: a byte order mark, unknown values empty, the stamp in the column ``hash``."""
    made = {name: _csv_column(values) for name, values in columns.items()}
    count = len(next(iter(made.values())))
    return csv_columns(made | ({"hash": [about] * count} if about else {})).encode("utf-8-sig")


def _csv_column(values: Any) -> list[Any]:
    if isinstance(values, _Named):
        names, rows = values.used()
        return list(np.array([*map(cell, names), ""], dtype=object)[rows])
    if isinstance(values, list):
        return [cell(one) for one in values]
    return list((np.round(values.astype(float), 6) if values.dtype.kind == "f" else values).tolist())


def _put(path: Path, content: bytes, key: str, about: str) -> None:
    if path.suffix != ".csv":
        write_bytes(path, content, overwrite=True)
        return
    resource = {
        "name": path.stem, "path": path.name, "format": "csv", "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip
    package = {"profile": "data-package", "name": path.stem, "atlas-hash": about, "key": key, "resources": [resource]}
    with replacing_all((path, path.with_name(path.name + PACKAGE)), overwrite=True) as (table, beside):
        table.write_bytes(content)
        beside.write_text(json.dumps(package, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _is_part(path: Path, key: str) -> bool:
    """Whether a file is whole and of this key."""
    if path.suffix == ".csv":
        with suppress(OSError, ValueError, KeyError, TypeError):
            package = json.loads(path.with_name(path.name + PACKAGE).read_bytes())
            same = package["resources"][0]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
            return bool(same and package["key"] == key)
        return False
    import pyarrow.parquet as parquet

    with suppress(OSError, ValueError):  # pyarrow's errors are of these kinds
        table = parquet.read_table(path, page_checksum_verification=True, partitioning=None)
        return dict(table.schema.metadata or {}).get(_KEY) == key.encode()
    return False


def _read_manifest(path: Path) -> dict[str, Any]:
    door = Door(path, ExportError, _WORDS)
    found = door.json()
    if not isinstance(found, dict) or not isinstance(found.get("key"), str):
        door.refuse("it has no key; choose another folder")
    size = found.get("origins_a_chunk")
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        door.refuse("origins_a_chunk is no whole number of 1 or more; choose another folder")
    return found


def _difference(there: Mapping[str, Any], facts: Mapping[str, Any], size: int) -> str:
    told = {**facts, "origins_a_chunk": size}
    changed = {name: value for name, value in told.items() if there.get(name) != value}
    other = [f"{name} was {there.get(name)!r}, is {value!r}" for name, value in changed.items()]
    return "; ".join(other) or "the layers, parameters, places or the program have changed"


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _arrow() -> Any:
    try:
        import pyarrow as pa
    except ModuleNotFoundError as reason:
        raise ExportError(missing_extra("pyarrow")) from reason
    return pa
