"""Seals: a hash of a file's content in the file itself, so that a changed file is told from an unchanged one.

A seal is the SHA-256 of the file with the seal's own 64 digits taken as zeros. It stands as ``atlas-seal`` in a
page, as the member ``"seal"`` in JSON, as the column ``seal`` in CSV. Archives are sealed by what their members hold.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

__all__ = ["UNSEALED", "intact", "members_digest", "own_hash", "place_of_seal", "sealed"]

#: What stands where the seal shall be.
UNSEALED = "0" * 64
_MARK = rb'(?:atlas-seal|"seal")[^\n]{0,20}?([0-9a-f]{64})'
_COLUMN = rb"(?:[^\n]*,)?seal\r?\n"
_LAST_CELL = rb",([0-9a-f]{64})\r?\n"


def _seal_in(data: bytes) -> bytes | None:
    head = data.removeprefix(b"\xef\xbb\xbf")
    found = re.search(_LAST_CELL, head) if re.match(_COLUMN, head) else re.search(_MARK, data)
    return None if found is None else found[1]


def place_of_seal(data: bytes) -> int | None:
    """Return where in `data` the digits of a seal are to stand; None where there is no place for one.

    >>> place_of_seal(b'{"seal": "' + UNSEALED.encode() + b'"}')
    10
    """
    found = re.search(_MARK, data)
    return found.start(1) if found and found[1] == UNSEALED.encode() else None


def sealed(data: bytes) -> bytes:
    """Return `data` with its seal in place of :data:`UNSEALED`; as it is when it has no place for one.

    >>> intact(sealed(b'{"seal": "' + UNSEALED.encode() + b'", "rows": []}'))
    True
    """
    empty = UNSEALED.encode()
    if _seal_in(data) != empty:
        return data
    return data.replace(empty, hashlib.sha256(data).hexdigest().encode())


def intact(data: bytes) -> bool | None:
    """Return whether `data` is as it was when it was sealed; None when it carries no seal.

    >>> print(intact(b"nothing"))
    None
    """
    seal = _seal_in(data)
    if seal is None:
        return None
    return hashlib.sha256(data.replace(seal, UNSEALED.encode())).hexdigest().encode() == seal


def members_digest(path: Path, *, but: str = "datapackage.json", most_bytes: int = 2**31) -> str:
    """Return the SHA-256 of the members of a zip archive, names and contents, all but one.

    Raises
    ------
    ValueError
        It is no sound archive, or unpacks to more than `most_bytes`.
    """
    import zipfile
    import zlib

    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(path) as archive:
            left = most_bytes
            for info in sorted(archive.infolist(), key=lambda one: one.filename):
                if info.filename == but:
                    continue
                inner = hashlib.sha256()
                with archive.open(info) as member:
                    while block := member.read(1 << 20):
                        left -= len(block)
                        if left < 0:
                            raise ValueError(f"it unpacks to more than {most_bytes} bytes")
                        inner.update(block)
                digest.update(f"{info.filename}\0{inner.hexdigest()}\n".encode("utf-8", "surrogateescape"))
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as reason:
        raise ValueError(str(reason)) from reason
    return digest.hexdigest()


def own_hash(text: str) -> str:
    """Return what a content security policy calls a script or style sheet of this text.

    >>> own_hash("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode()}'"
