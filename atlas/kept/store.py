"""Files of arrays that are kept from one run to the next: data, never code.

A file holds a magic number, a checksum of every byte behind it, a header (JSON: the whole key, facts, and where each
array lies) and the raw arrays, which are mapped into memory and not copied. It is read only when its folder and the
opened file belong to this user and nobody else can write there; a link is refused. What is damaged, foreign or made of
something else counts as not there, and is made anew. Neither opening nor reading imports numpy: the first look at an
array does.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import os
import stat
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.base.errors import ExportError
from atlas.base.files import replacing

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Kept", "Store", "user_store"]

_MAGIC = b"ATLASK01"
_DIGEST = 32
#: Arrays begin at multiples of this many bytes, as vector units like it.
_ALIGNED = 64
_START = len(_MAGIC) + _DIGEST
#: Kinds of number an array may hold: truth, whole and floating. Never objects.
_KINDS = "biuf"
#: … and what the library `struct` calls those that are read as plain numbers.
_CODES = {"b1": "?", "u1": "B", "i4": "i", "i8": "q", "f8": "d"}
#: How many files of a kind are kept, and of trips, which are small and many: one a scenario and mode.
_MOST, _MOST_OF = 4, {"trip": 24}
_ENDING = ".kept"


@dataclass(frozen=True, eq=False)
class Kept:
    """One file of the store, opened and found whole.

    Attributes
    ----------
    facts
        Texts and numbers, as JSON has them.
    places
        By the name of an array: its type, shape and the byte at which it begins.
    content
        The bytes of the whole file, mapped.
    """

    facts: Mapping[str, Any]
    places: Mapping[str, tuple[str, tuple[int, ...], int]]
    content: mmap.mmap | bytes
    _seen: dict[str, NDArray[Any]] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.places

    def array(self, name: str) -> NDArray[Any]:
        """Return an array; it cannot be written to."""
        if name not in self._seen:
            import numpy as np

            kind, shape, start = self.places[name]
            count = int(np.prod(shape, dtype=np.int64))
            self._seen[name] = np.frombuffer(self.content, np.dtype(kind), count, start).reshape(shape)
        return self._seen[name]

    def numbers(self, name: str) -> Sequence[Any]:
        """Return the numbers of an array, row after row, without numpy."""
        kind, shape, start = self.places[name]
        code: Any = _CODES[kind[1:]]
        if sys.byteorder == "big":
            return struct.unpack_from(f"<{math.prod(shape)}{code}", self.content, start)
        end = start + math.prod(shape) * struct.calcsize(f"<{code}")
        found: Sequence[Any] = memoryview(self.content)[start:end].cast(code)
        return found

    def text(self, name: str) -> bytes:
        """Return the bytes of an array of bytes, without numpy."""
        _, shape, start = self.places[name]
        return bytes(self.content[start : start + shape[0]])


@dataclass(frozen=True)
class Store:
    """A folder of kept files.

    Attributes
    ----------
    folder
        Made for this user alone when first needed.

    Examples
    --------
    >>> import tempfile
    >>> store = Store(Path(tempfile.mkdtemp()))
    >>> import numpy as np
    >>> path = store.put("squares", "key", {"square": np.arange(4) ** 2}, {"of": "whole numbers"})
    >>> store.get("squares", "key").array("square").tolist()
    [0, 1, 4, 9]
    >>> store.get("squares", "another key") is None
    True
    """

    folder: Path

    def path(self, kind: str, key: str) -> Path:
        """Return where the file of a kind with this key stands or would stand."""
        return self.folder / f"{kind}-{hashlib.sha256(key.encode()).hexdigest()[:32]}{_ENDING}"

    def get(self, kind: str, key: str) -> Kept | None:
        """Return what was kept under `key`; None where nothing was, or what is there cannot be relied upon.

        Parameters
        ----------
        kind
            What it is: ``network``, ``access``, ``trip``.
        key
            All it was made of: data, parameters, code.
        """
        try:
            handle = self._opened(self.path(kind, key).name)
        except OSError:
            return None
        try:
            content = mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):
            return None
        finally:
            os.close(handle)
        return _read(content, key)

    def _opened(self, name: str) -> int:
        """Open a file of the folder; both must be this user's own and closed to others."""
        if not hasattr(os, "geteuid"):  # Where there are no owners the profile's folder is private.
            return os.open(self.folder / name, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if not _private(os.fstat(folder)):
                raise PermissionError(f"{self.folder} can be written by others")
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        finally:
            os.close(folder)
        found = os.fstat(handle)
        if stat.S_ISREG(found.st_mode) and _private(found):
            return handle
        os.close(handle)
        raise PermissionError(f"{name} is no file of this user's own")

    def put(self, kind: str, key: str, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Path:
        """Keep arrays under `key`, whole or not at all; the latest of each kind are kept.

        Parameters
        ----------
        kind, key
            As for :meth:`get`.
        arrays
            Arrays of truth values or numbers, by name.
        facts
            What JSON can hold.

        Raises
        ------
        ExportError
            The folder is not this user's own, or the system refuses.
        TypeError
            An array holds objects.
        """
        path = self.path(kind, key)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if hasattr(os, "geteuid"):
                found = os.lstat(self.folder)
                if not (stat.S_ISDIR(found.st_mode) and _private(found)):
                    raise ExportError(f"{self.folder} belongs to another user, is a link, or can be written by others")
                # Something that would never be read must not lend its place or its mode to what is written now.
                there = os.lstat(path) if os.path.lexists(path) else None
                if there is not None and not (stat.S_ISREG(there.st_mode) and _private(there)):
                    path.unlink()
            with replacing(path, overwrite=True) as draft, draft.open("xb") as file:
                draft.chmod(0o600)
                digest = hashlib.sha256()
                file.seek(_START)
                for part in _parts(key, arrays, facts):
                    digest.update(part)
                    file.write(part)
                file.seek(0)
                file.write(_MAGIC + digest.digest())
            self._forget(kind)
        except OSError as reason:
            raise ExportError(f"{path} cannot be written: {reason.strerror or reason}") from reason
        return path

    def _forget(self, kind: str) -> None:
        """Remove all but the latest files of a kind, and those of versions that kept something else."""
        kept = sorted(self.folder.glob(f"{kind}-*{_ENDING}"), key=lambda path: path.lstat().st_mtime, reverse=True)
        for old in (*kept[_MOST_OF.get(kind, _MOST) :], *self.folder.glob(f"{kind}-*.pickle")):
            with suppress(OSError):
                old.unlink()


def user_store() -> Store:
    """Return the store of this user: ``$XDG_CACHE_HOME/zhuxi-atlas``, else ``~/.cache/zhuxi-atlas``.

    Where the system knows no home of this user nothing is kept.
    """
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        base = Path(os.devnull)
    return Store(base / "zhuxi-atlas")


def _private(found: os.stat_result) -> bool:
    """Whether a file or folder is this user's own and nobody else may write to it."""
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _parts(key: str, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Iterator[bytes | memoryview]:
    """Yield what stands behind the checksum: length of the header, header, arrays, each padded."""
    import numpy as np

    plain = {name: _plain(name, values) for name, values in arrays.items()}
    lengths = [values.nbytes for values in plain.values()]
    padded = [-(-length // _ALIGNED) * _ALIGNED for length in lengths]
    starts = np.concatenate([[0], np.cumsum(padded)]).astype(int).tolist()
    table = {
        name: [values.dtype.str, list(values.shape), start]
        for (name, values), start in zip(plain.items(), starts, strict=False)
    }
    header = json.dumps({"key": key, "facts": dict(facts), "arrays": table}).encode("ascii")
    room = -(-(_START + 8 + len(header)) // _ALIGNED) * _ALIGNED - _START - 8
    yield room.to_bytes(8, "big")
    yield header.ljust(room)
    for values, length, whole in zip(plain.values(), lengths, padded, strict=True):
        if length:
            yield values.reshape(-1).view(np.uint8).data
        yield bytes(whole - length)


def _plain(name: str, values: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    if values.dtype.kind not in _KINDS:
        raise TypeError(f"{name} holds {values.dtype}; only numbers can be kept")
    little = values.dtype.newbyteorder("<")
    return np.ascontiguousarray(values, dtype=little).reshape(values.shape)


def _read(content: mmap.mmap, key: str) -> Kept | None:
    """Return the arrays of a file's bytes when all of it is as it was written, and of this key."""
    whole = memoryview(content)
    if len(whole) < _START + 8 or whole[: len(_MAGIC)] != _MAGIC:
        return None
    if hashlib.sha256(whole[_START:]).digest() != whole[len(_MAGIC) : _START]:
        return None
    begin = _START + 8 + int.from_bytes(whole[_START : _START + 8], "big")
    try:
        header = json.loads(bytes(whole[_START + 8 : begin]))
    except ValueError:
        return None
    if header["key"] != key:
        return None
    places = {name: (kind, tuple(shape), begin + start) for name, (kind, shape, start) in header["arrays"].items()}
    return Kept(header["facts"], places, content)
