"""Writing files so that nothing is half-written and nothing is overwritten unasked."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from atlas.base.errors import ExportError

__all__ = ["code_hash", "content_hash", "replacing", "write_bytes", "write_text"]


@contextmanager
def replacing(path: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it into place when the block ends well.

    Parameters
    ----------
    path
        Where the file shall stand. Its folder is made when missing.
    overwrite
        Whether an existing file may be replaced.

    Yields
    ------
    Path
        A path in the same folder and with the same suffix, not yet existing.

    Raises
    ------
    ExportError
        The file exists and `overwrite` is false, or the folder or disk refuses the write.
        The file that stood there is untouched and no temporary file stays behind.
    """
    target = Path(path)
    if target.exists() and not overwrite:
        raise ExportError(f"{target} exists; pass --overwrite (overwrite=True) or choose another name")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as reason:
        raise ExportError(f"cannot write beside {target}: {reason.strerror or reason}") from reason
    draft = Path(folder) / target.name
    try:
        yield draft
        os.replace(draft, target)
    except OSError as reason:
        if isinstance(reason, ExportError):
            raise
        raise ExportError(
            f"cannot write {target}: {reason.strerror or reason}; what stood there is untouched"
        ) from reason
    finally:
        _remove(Path(folder))


def _remove(folder: Path) -> None:
    for root, folders, names in os.walk(folder, topdown=False):
        for name in names:
            Path(root, name).unlink(missing_ok=True)
        for name in folders:
            Path(root, name).rmdir()
    folder.rmdir()


def write_bytes(path: str | Path, data: bytes, *, overwrite: bool = False) -> Path:
    """Write `data` to `path` in one step and return the path. See :func:`replacing`."""
    with replacing(path, overwrite=overwrite) as draft:
        draft.write_bytes(data)
    return Path(path)


def write_text(path: str | Path, text: str, *, overwrite: bool = False) -> Path:
    """Write `text` as UTF-8 with ``\\n`` line ends. See :func:`replacing`."""
    return write_bytes(path, text.encode("utf-8"), overwrite=overwrite)


def content_hash(*parts: bytes | str) -> str:
    """Return the SHA-256 of `parts`, each preceded by its length, as 64 hex digits."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()


@cache
def code_hash() -> str:
    """Return the hash of the whole program: every module, script, style and template of the package.

    What is kept from one run to the next is keyed by it, so that nothing made by other code is taken for current.
    """
    package = Path(__file__).resolve().parent.parent
    kept = (".py", ".js", ".css", ".html", ".toml")
    files = sorted(path for path in package.rglob("*") if path.suffix in kept and "shipped" not in path.parts)
    return content_hash(*(part for path in files for part in (path.relative_to(package).as_posix(), path.read_bytes())))
