"""Writing files so that nothing is half-written, nothing is overwritten unasked, and a name is a name.

Drafts stand in a folder ``.atlas-draft-…`` beside their target; its maker holds a lock on it, so that the next write
in the same place knows a draft whose maker was killed, and takes it away.
"""

from __future__ import annotations

import hashlib
import importlib
import itertools
import json
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from atlas.base.errors import ExportError
from atlas.base.seals import place_of_seal, sealed

__all__ = [
    "check_target",
    "code_hash",
    "content_hash",
    "exchange",
    "plainly_named",
    "replacing",
    "replacing_all",
    "scratch",
    "write_bytes",
    "write_parts",
    "write_text",
]

#: Not on Windows: there drafts of killed processes stay until someone removes them.
fcntl: Any = importlib.import_module("fcntl") if os.name == "posix" else None
_DRAFT, _MOVES = ".atlas-draft-", "moves"
#: Bytes that a disk which is not full takes.
_ROOM = 1 << 20
#: Paths that libraries take for a path and nothing else: no ``!`` (archive), ``#``, ``?``, ``;`` (address), no bytes
#: that are no UTF-8.
_PLAIN = re.compile(r"[\w./ ()+,=@~-]+")


@contextmanager
def replacing(path: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it into place when the block ends well.

    Parameters
    ----------
    path
        Where the file shall stand, exactly so. Its folder is made when missing. A link is followed; the file keeps
        its permissions.
    overwrite
        Whether an existing file may be replaced. A folder, device or pipe never is.

    Yields
    ------
    Path
        A path with the same suffix, not yet existing, that no library takes for an address.

    Raises
    ------
    ExportError
        The file exists and `overwrite` is false, what stands there is no file, or the folder or disk refuses the
        write. The file that stood there is untouched and no temporary file stays behind.
    """
    with replacing_all([path], overwrite=overwrite) as (draft,):
        yield draft


@contextmanager
def replacing_all(
    paths: Sequence[str | Path], *, overwrite: bool = False, folders: Collection[str | Path] = ()
) -> Iterator[tuple[Path, ...]]:
    """Give temporary paths for files that belong together; move all into place when the block ends well.

    All are drawn up before the first takes its place. Files of one folder are listed before they are moved: what a kill
    leaves undone then, the next write in that folder finishes.

    Parameters
    ----------
    paths
        Where they shall stand, as for :func:`replacing`; moved in this order.
    overwrite
        Whether existing ones may be replaced.
    folders
        Those of `paths` that are drawn up as folders; they take the place of folders alone, in one step.

    Yields
    ------
    tuple of Path
        One path each, as :func:`replacing` gives it.

    Raises
    ------
    ExportError
        As for :func:`replacing`. A file that someone else makes meanwhile is kept, and the rest is then not placed.
    """
    wanted = [_wanted(path, overwrite, folder=path in folders) for path in paths]
    try:
        with ExitStack() as stack:
            moves, given = [], []
            roots: dict[Path, tuple[Path, Path]] = {}
            for number, (target, mode, fresh) in enumerate(wanted):
                if target.parent not in roots:
                    folder = stack.enter_context(scratch(target.parent))
                    roots[target.parent] = folder, stack.enter_context(plainly_named(folder / "drafts")).parent
                folder, plain = roots[target.parent]
                name = target.name if _PLAIN.fullmatch(target.name) else _plain_name(target.name)
                (folder / str(number)).mkdir()
                moves.append(_Move(folder / str(number) / name, target, mode, fresh))
                given.append(plain / str(number) / name)
            try:
                yield tuple(given)
            except ExportError:
                # What a format refuses may be the disk's doing: a driver tells a file cut short as a fault of the data.
                for folder, _ in roots.values():
                    _ask_for_room(folder)
                raise
            for move in moves:
                if move.mode is not None:
                    move.draft.chmod(stat.S_IMODE(move.mode))
            if len(moves) > 1 and len(roots) == 1:
                _list_moves(folder, moves)
            for move in moves:
                _place(move)
    except ExportError:
        raise
    except (OSError, UnicodeEncodeError) as reason:
        why = getattr(reason, "strerror", None) or reason
        names = ", ".join(str(target) for target, _, _ in wanted)
        raise ExportError(f"cannot write {names}: {why}; what stood there is untouched") from reason


def _ask_for_room(folder: Path) -> None:
    """Raise what the system says where a folder takes no more."""
    with (folder / "room").open("wb") as probe:
        probe.write(bytes(_ROOM))
        probe.flush()
        os.fsync(probe.fileno())


@dataclass(frozen=True)
class _Move:
    """A draft and where it goes; `mode` of what stands there (None: nothing), whether nothing stood there at all."""

    draft: Path
    target: Path
    mode: int | None
    fresh: bool


def check_target(path: str | Path, *, overwrite: bool = False, folder: bool = False) -> None:
    """Refuse a place that cannot be written to, before anything is computed for it; nothing is made or changed.

    Raises
    ------
    ExportError
        It exists, is no file (no folder), or the folder it would stand in cannot be made or written.
    """
    target, _, _ = _there(path, overwrite, folder=folder)
    beside = target.parent
    while not os.path.lexists(beside) and beside != beside.parent:
        beside = beside.parent
    if not beside.is_dir():
        raise ExportError(f"cannot write beside {target}: {beside} is no folder")
    if not os.access(beside, os.W_OK | os.X_OK):
        raise ExportError(f"cannot write beside {target}: {beside} may not be written to")


def _wanted(path: str | Path, overwrite: bool, *, folder: bool) -> tuple[Path, int | None, bool]:
    target, mode, fresh = _there(path, overwrite, folder=folder)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise ExportError(f"cannot write beside {target}: {reason.strerror or reason}") from reason
    return target, mode, fresh


def _there(path: str | Path, overwrite: bool, *, folder: bool) -> tuple[Path, int | None, bool]:
    """Return where `path` leads, the mode of what stands there (None: nothing), and whether nothing did."""
    target = Path(path)
    try:
        there = os.path.lexists(target)
        target = Path(os.path.realpath(target)) if there else target
        mode = target.stat().st_mode if target.exists() else None
    except (OSError, ValueError) as reason:
        raise ExportError(f"cannot write {path!s}: {getattr(reason, 'strerror', None) or reason}") from reason
    if mode is not None and not (stat.S_ISDIR(mode) if folder else stat.S_ISREG(mode)):
        what = "no folder" if folder else "a folder, device or pipe"
        raise ExportError(f"{path} is {what} and is never replaced; choose another name")
    if there and not overwrite:
        raise ExportError(f"{path} exists; pass --overwrite (overwrite=True) or choose another name")
    return target, mode, not there


def _plain_name(name: str) -> str:
    """A stand-in for a name that libraries misread, with its endings."""
    endings = "".join(end for end in Path(name).suffixes if _PLAIN.fullmatch(end))
    return f"atlas{endings}"


def _list_moves(folder: Path, moves: Sequence[_Move]) -> None:
    """Write down what goes where; a draft is known by its number in the file system, gone when it is moved."""
    listed = [[move.draft.relative_to(folder).parts, move.target.name, move.draft.stat().st_ino] for move in moves]
    (folder / "listing").write_text(json.dumps(listed), "ascii")
    os.replace(folder / "listing", folder / _MOVES)


def _finish_moves(folder: Path) -> None:
    """Move what a killed process had listed and not yet moved; a list that is none, or not one's own, is let be."""
    with suppress(OSError, ValueError, TypeError):
        if hasattr(os, "geteuid") and folder.stat().st_uid != os.geteuid():
            return
        for (number, draft), target, inode in json.loads((folder / _MOVES).read_bytes()):
            path = folder / number / draft
            inside = all(os.path.basename(part) == part not in ("", ".", "..") for part in (number, draft, target))
            if inside and os.path.lexists(path) and path.lstat().st_ino == inode:
                _put(path, folder.parent / target)


def _place(move: _Move) -> None:
    """Move a draft in one step; where nothing stood it never takes the place of a file made meanwhile."""
    if move.fresh and move.draft.is_file():
        try:
            os.link(move.draft, move.target)
        except FileExistsError as reason:
            raise ExportError(f"{move.target} was made meanwhile by someone else; it is untouched") from reason
        except OSError:
            pass  # A file system without links.
        else:
            move.draft.unlink()
            return
    _put(move.draft, move.target)


def _put(draft: Path, target: Path) -> None:
    if draft.is_dir() and os.path.lexists(target):
        if exchange(draft, target):
            return
        os.replace(target, draft.with_name(f"{draft.name}.old"))  # The system cannot swap: the old one steps aside.
    os.replace(draft, target)


@contextmanager
def scratch(parent: str | Path | None = None) -> Iterator[Path]:
    """Give a new empty folder in `parent` (None: the system's place for such), gone when the block ends.

    What killed processes left in the same place is taken away.

    Raises
    ------
    ExportError
        No folder can be made there.
    """
    try:
        import tempfile

        place = Path(tempfile.gettempdir() if parent is None else parent)
        _sweep(place)
        folder, handle = _locked_folder(place)
    except (OSError, ValueError) as reason:
        why = getattr(reason, "strerror", None) or reason
        raise ExportError(f"cannot write beside {parent or 'temporary files'}: {why}") from reason
    try:
        yield folder
    finally:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def _locked_folder(place: Path) -> tuple[Path, int | None]:
    while True:
        import tempfile

        folder = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=place))
        if fcntl is None:
            return folder, None
        # Between the two calls another process may take it for a dead one's and remove it; then there is a next.
        with suppress(FileNotFoundError, BlockingIOError):
            handle = os.open(folder, os.O_RDONLY)
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if folder.exists():
                return folder, handle
            os.close(handle)


def exchange(one: Path, other: Path) -> bool:
    """Let two paths of one file system change places in one step; return False where the system cannot."""
    import ctypes

    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    here, swap = -100, 2
    done: int = renameat2(here, os.fsencode(one), here, os.fsencode(other), swap)
    return done == 0


def _sweep(place: Path) -> None:
    """Remove drafts whose makers are gone: nobody holds their lock."""
    if fcntl is None or not place.is_dir():
        return
    with os.scandir(place) as entries:
        left = [
            entry.path for entry in entries if entry.name.startswith(_DRAFT) and entry.is_dir(follow_symlinks=False)
        ]
    for path in left:
        with suppress(OSError):
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                import shutil

                _finish_moves(Path(path))
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(handle)


@contextmanager
def plainly_named(path: str | Path) -> Iterator[Path]:
    """Give a path to the same file that no library takes for an address, archive or option.

    GDAL reads ``/vsi…`` as a file system, pyogrio ``a!b`` as an archive, others ``#`` and ``?`` as parts of a URI. A
    path that holds such signs is reached by a link with a plain name; what stands beside under the same stem (the
    parts of a shapefile) is linked too.
    """
    whole = Path(os.path.abspath(path))
    if _PLAIN.fullmatch(str(whole)) and not str(whole).startswith("/vsi"):
        yield whole if Path(path).is_absolute() or not _PLAIN.fullmatch(str(path)) else Path(path)
        return
    with scratch() as folder:
        stem = whole.name.partition(".")[0]
        if not whole.exists():  # It is to be written: the folder is linked, the name is plain already or made so.
            (folder / "in").symlink_to(whole.parent, target_is_directory=True)
            yield folder / "in" / whole.name
            return
        named = _plain_name(whole.name)
        (folder / named).symlink_to(whole)
        for other in whole.parent.iterdir():
            if other != whole and other.name.startswith(f"{stem}."):
                with suppress(OSError):
                    (folder / f"atlas{other.name[len(stem) :]}").symlink_to(other)
        yield folder / named


def write_bytes(path: str | Path, data: bytes, *, overwrite: bool = False) -> Path:
    """Write `data` to `path` in one step and return the path. See :func:`replacing`."""
    with replacing(path, overwrite=overwrite) as draft:
        draft.write_bytes(data)
    return Path(path)


def write_text(path: str | Path, text: str, *, overwrite: bool = False) -> Path:
    """Write `text` as UTF-8 with ``\\n`` line ends, its seal put in. See :func:`replacing`."""
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as reason:
        raise ExportError(
            f"cannot write {path}: a text holds bytes that are no characters (half a surrogate)"
        ) from reason
    return write_bytes(path, sealed(data), overwrite=overwrite)


def write_parts(path: str | Path, parts: Iterable[str], *, overwrite: bool = False) -> Path:
    """Write texts one after another as :func:`write_text` writes their whole, of which no more than one is held.

    The place of the seal, if there is one, is in the first.
    """
    with replacing(path, overwrite=overwrite) as draft, draft.open("w+b") as file:
        digest, place = hashlib.sha256(), None
        for number, part in enumerate(parts):
            data = part.encode("utf-8")
            place = place_of_seal(data) if number == 0 else place
            digest.update(data)
            file.write(data)
        if place is not None:
            file.seek(place)
            file.write(digest.hexdigest().encode())
    return Path(path)


#: How many parts are handed on together: a call each costs more than short ones take.
_AT_ONCE = 1024


def content_hash(*parts: bytes | str) -> str:
    """Return the SHA-256 of `parts`, each preceded by its length, as 64 hex digits."""
    digest = hashlib.sha256()
    told = (part.encode("utf-8") if isinstance(part, str) else part for part in parts)
    while some := list(itertools.islice(told, _AT_ONCE)):
        digest.update(b"".join(data for part in some for data in (len(part).to_bytes(8, "big"), part)))
    return digest.hexdigest()


@cache
def code_hash(*rooms: str) -> str:
    """Return the hash of the program: every module, script, style, template and table of the package.

    What is kept from one run to the next is keyed by it, so that nothing made by other code is taken for current.

    Parameters
    ----------
    rooms
        Folders of the package that alone count, each whole; none: all. Imports point down only, so that what a room
        makes depends on itself and the rooms below.
    """
    package = Path(__file__).resolve().parent.parent
    kept = (".py", ".js", ".css", ".html", ".toml", ".csv")
    found: list[str] = []
    folders = [str(package / room) for room in rooms] or [str(package)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name.endswith(kept):
                    found.append(entry.path)
                elif entry.name not in ("shipped", "__pycache__") and entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
    named = sorted((os.path.relpath(path, package).replace(os.sep, "/"), path) for path in found)
    return content_hash(*(part for name, path in named for part in (name, Path(path).read_bytes())))
