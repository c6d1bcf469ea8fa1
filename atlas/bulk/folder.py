"""The folder an answer in chunks is written to: a manifest, the points, and one Parquet file a chunk.

A chunk's file is there whole or not at all, and carries the key of the question; what is there is not computed again.
"""

from __future__ import annotations

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
from atlas.base.files import code_hash, content_hash, write_bytes, write_text
from atlas.bulk.question import Found, Points, Question

__all__ = ["open_folder", "parquet_of"]

_MANIFEST, _PARTS = "od.json", "parts"
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
    """

    path: Path
    key: str
    size: int
    chunks: int

    def part(self, number: int) -> Path:
        """Return where the file of a chunk stands or will stand."""
        return self.path / _PARTS / f"part-{number:06d}.parquet"

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
        write_bytes(self.part(number), content, overwrite=True)


def open_folder(
    path: Path, question: Question, *, size: int | None = None, facts: Mapping[str, Any], anew: bool = False
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
    anew
        Whether chunks of another question are thrown away.

    Raises
    ------
    ExportError
        The folder holds something else or chunks of another question, or pyarrow is missing.
    """
    _arrow()
    manifest = path / _MANIFEST
    there = _read_manifest(manifest) if manifest.is_file() else None
    if there is None and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ExportError(f"{path} is no OD matrix of atlas and not empty; choose another folder")
    if size is None:
        size = int(there["origins_a_chunk"]) if there is not None and not anew else question.origins_a_chunk
    key = content_hash(question.key, str(size), code_hash())
    if there is not None and there["key"] != key:
        if not anew:
            raise ExportError(
                f"{path} holds chunks of another question ({_difference(there, facts, size)}); "
                "choose another folder, or pass --overwrite to start anew"
            )
        # The manifest goes first: what a kill leaves then is refused, never taken for an answer.
        manifest.unlink()
        for old in sorted((path / _PARTS).glob("part-*.parquet")):
            old.unlink()
    folder = Folder(path, key, size, question.chunks(size))
    # Points first: a manifest says that they are there.
    for name, points in (("origins", question.origins), ("destinations", question.destinations)):
        if there is None or there["key"] != key or not _is_part(path / f"{name}.parquet", key):
            write_bytes(path / f"{name}.parquet", _points(points, key), overwrite=True)
    if there is None or there["key"] != key:
        told = {
            "hash": question.about, "key": key, "kind": question.kind, "limit_min": _finite(question.limit_min),
            "cutoffs_min": list(question.cutoffs_min), "origins": len(question.origins),
            "destinations": len(question.destinations), "origins_a_chunk": size, "chunks": folder.chunks,
            "worker_mb": question.worker_mb, **facts,
        }  # fmt: skip
        write_text(manifest, json.dumps(told, ensure_ascii=False, indent=1) + "\n", overwrite=True)
    return folder


def parquet_of(found: Found, question: Question, key: str) -> bytes:
    """Return the answer to a chunk as the bytes of a Parquet file: ids in place of numbers.

    Raises
    ------
    ExportError
        pyarrow is missing.
    """
    arrow = _arrow()
    columns: dict[str, Any] = {}
    sides = (("origin", "from_id", question.origins), ("destination", "to_id", question.destinations),
             ("nearest", "nearest_id", question.destinations))  # fmt: skip
    for number, name, points in sides:
        if number in found.columns:
            rows = np.asarray(found.columns[number], dtype=np.int64)
            used, at = np.unique(rows[rows >= 0], return_inverse=True)
            whole = np.full(len(rows), -1, dtype=np.int32)
            whole[rows >= 0] = at
            ids = arrow.array(points.ids[used].tolist(), type=arrow.string())
            columns[name] = arrow.DictionaryArray.from_arrays(arrow.array(whole, mask=whole < 0), ids)
    named = {"minutes": "travel_time_min" if question.kind == "times" else "nearest_min"}
    for name, values in found.columns.items():
        if name not in ("origin", "destination", "nearest"):
            empty = np.isnan(values) if values.dtype.kind == "f" else None
            columns[named.get(name, name)] = arrow.array(values, mask=empty)
    return _file(columns, key, question.about)


def _points(points: Points, key: str) -> bytes:
    arrow = _arrow()
    columns = {
        "id": arrow.array(points.ids.tolist(), type=arrow.string()),
        "name_zh": arrow.array([str(name) for name in points.names], type=arrow.string()),
        "lon": arrow.array(points.lonlat[:, 0]),
        "lat": arrow.array(points.lonlat[:, 1]),
    }
    return _file(columns | ({"people": arrow.array(points.people)} if len(points.people) else {}), key, "")


def _file(columns: Mapping[str, Any], key: str, about: str) -> bytes:
    import pyarrow.parquet as parquet

    arrow = _arrow()
    marks = {_KEY: key.encode(), b"atlas-hash": about.encode()}
    table = arrow.table(dict(columns)).replace_schema_metadata(marks)
    sink = io.BytesIO()
    parquet.write_table(table, sink, compression="zstd", write_page_checksum=True)
    return sink.getvalue()


def _is_part(path: Path, key: str) -> bool:
    """Whether a file is whole and of this key."""
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
