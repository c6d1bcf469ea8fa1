"""Changing several files of an atlas as one: a lock that names its holder, and a journal that is finished or undone.

New content is written whole into ``.atlas-journal/`` under the atlas; one rename of its list is the moment of the
change, and after it the files are moved into place. A process that dies before that moment has changed nothing; one
that dies after it has its moves made by whoever opens or changes the atlas next.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import socket
import stat
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from atlas.base.errors import ExportError

__all__ = ["HOLDER", "JOURNAL", "change", "changing", "heal", "reading"]

fcntl: Any = importlib.import_module("fcntl") if os.name == "posix" else None
JOURNAL = ".atlas-journal"
HOLDER = ".atlas-holder"
_LIST = "list.json"
#: Folders of an atlas that a journal may write to.
_OWN = ("layers", "data")
WAIT_S = 120.0
#: Atlases held, by path and thread, and how often.
_held: dict[tuple[str, int], int] = {}


@contextmanager
def changing(root: str | Path, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold the atlas under `root` alone while the block reads, changes and writes it.

    Whatever a killed process left is finished or undone first. A block within a block of the same process goes on.

    Parameters
    ----------
    root
        A folder.
    wait_s
        How long to wait for another process, s.

    Raises
    ------
    ExportError
        Another process holds it for longer; the message names it. Or the folder cannot be locked.
    """
    place = os.path.realpath(root)
    key = (place, threading.get_ident())
    if _held.get(key):
        _held[key] += 1
        try:
            yield
        finally:
            _held[key] -= 1
        return
    handle = _locked(place, wait_s, shared=False)
    _held[key] = 1
    try:
        with suppress(OSError):
            Path(place, HOLDER).write_text(_who(), "utf-8")
        _mend(Path(place))
        yield
    finally:
        _held.pop(key)
        with suppress(OSError):
            Path(place, HOLDER).unlink()
        os.close(handle)


def _who() -> str:
    words = " ".join(sys.argv[:3])
    return f"process {os.getpid()} on {socket.gethostname()} since {datetime.now():%H:%M:%S} ({words})"


def _locked(place: str, wait_s: float, *, shared: bool) -> int:
    """Return an open, locked handle of the folder `place`."""
    try:
        handle = os.open(place, os.O_RDONLY)
    except OSError as reason:
        raise ExportError(f"{place} cannot be changed: {reason.strerror or reason}") from reason
    if fcntl is None:
        return handle
    until = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError as reason:
            if time.monotonic() < until:
                time.sleep(0.05)
                continue
            os.close(handle)
            raise ExportError(f"{place} is being changed by {_holder(place)}; wait for it and try again") from reason
        except OSError as reason:
            os.close(handle)
            raise ExportError(f"{place} cannot be locked: {reason.strerror or reason}") from reason
        return handle


def _holder(place: str) -> str:
    try:
        text = Path(place, HOLDER).read_bytes()[:300].decode("utf-8", "replace")
    except OSError:
        return "another process"
    return "".join(sign if sign.isprintable() else " " for sign in text)


def change(root: str | Path, files: Mapping[Path, bytes | None]) -> None:
    """Replace (or, for None, remove) `files` under `root`, all of them or none.

    Raises
    ------
    ExportError
        A file lies outside the atlas's ``layers/`` and ``data/``, is no file, or cannot be written; nothing was
        changed.
    """
    base = Path(os.path.realpath(root))
    with changing(base):
        steps = [(_inside(base, path), data) for path, data in files.items()]
        journal = base / JOURNAL
        try:
            journal.mkdir()
            listed = []
            for number, (name, data) in enumerate(steps):
                if data is not None:
                    (journal / str(number)).write_bytes(data)
                    with suppress(FileNotFoundError):
                        (journal / str(number)).chmod(stat.S_IMODE((base / name).stat().st_mode))
                listed.append([name, None if data is None else str(number)])
            (journal / "draft").write_text(json.dumps(listed, ensure_ascii=True), "ascii")
        except OSError as reason:
            shutil.rmtree(journal, ignore_errors=True)
            raise ExportError(f"{root}: nothing was changed: {reason.strerror or reason}") from reason
        except BaseException:
            shutil.rmtree(journal, ignore_errors=True)
            raise
        with _alone(base):
            os.replace(journal / "draft", journal / _LIST)
            _finish(base, journal)


def _inside(base: Path, path: Path) -> str:
    """The path of a file relative to the atlas, refused when it is none or leads out of it."""
    whole = Path(os.path.abspath(path))
    parent = Path(os.path.realpath(whole.parent))
    if not parent.is_relative_to(base):
        raise ExportError(f"{path} leads out of the atlas {base}; it is not changed")
    name = (parent / whole.name).relative_to(base)
    if name.parts[0] not in _OWN or len(name.parts) < 2:
        raise ExportError(f"{path} is no file of an atlas's layers/ or data/; it is not changed")
    if os.path.lexists(base / name) and not (base / name).is_file():
        raise ExportError(f"{path} is no file; it is not replaced")
    return name.as_posix()


@contextmanager
def _alone(base: Path) -> Iterator[None]:
    """Keep readers out while files are moved: a moment, unlike the lock of :func:`changing`."""
    data = base / "data"
    handle = _locked(str(data), WAIT_S, shared=False) if data.is_dir() else None
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


@contextmanager
def reading(root: str | Path) -> Iterator[None]:
    """Read the atlas under `root` while no file of it is being moved; see :func:`heal`, which is done first."""
    heal(root)
    data = Path(root) / "data"
    if not data.is_dir() or _held.get((os.path.realpath(root), threading.get_ident())):
        yield
        return
    try:
        handle = _locked(str(data), WAIT_S, shared=True)
    except ExportError:
        # A file system that knows no locks: read as it stands.
        yield
        return
    try:
        yield
    finally:
        os.close(handle)


def heal(root: str | Path) -> None:
    """Finish or undo what a killed process left in the atlas under `root`; costs one look when there is nothing.

    Raises
    ------
    ExportError
        There is something, and it cannot be mended: no rights to write, or the journal names what is no file of
        the atlas.
    """
    base = Path(root)
    if os.path.lexists(base / JOURNAL / _LIST):
        with changing(base):
            return
    if os.path.lexists(base / JOURNAL) or os.path.lexists(base / HOLDER):
        # Of a process that goes on, or of one that died before it changed anything.
        with suppress(ExportError), changing(base, wait_s=0):
            return


def _mend(base: Path) -> None:
    """Finish a journal that has its list, undo one that has none."""
    journal = base / JOURNAL
    if not os.path.lexists(journal):
        return
    if journal.is_symlink() or not journal.is_dir():
        raise ExportError(f"{journal} is no folder; remove it")
    if (journal / _LIST).is_file():
        with _alone(base):
            _finish(base, journal)
        return
    _gone(journal)


def _finish(base: Path, journal: Path) -> None:
    try:
        listed = json.loads((journal / _LIST).read_text("ascii"))
        steps = [(_inside(base, base / str(name)), staged) for name, staged in listed]
    except (OSError, ValueError, TypeError, RecursionError) as reason:
        if isinstance(reason, ExportError):
            raise
        raise ExportError(f"{journal} is broken ({reason}); look at what it holds and remove it") from reason
    try:
        for name, staged in steps:
            target = base / name
            if staged is None:
                target.unlink(missing_ok=True)
            elif str(staged).isdecimal() and (journal / staged).is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(journal / staged, target)
    except OSError as reason:
        raise ExportError(
            f"{base} is half changed: {reason.strerror or reason}; mend that, and the next command finishes it"
        ) from reason
    _gone(journal)


def _gone(journal: Path) -> None:
    with suppress(OSError):
        (journal / _LIST).unlink(missing_ok=True)
    shutil.rmtree(journal, ignore_errors=True)
    if journal.exists():
        raise ExportError(f"{journal} cannot be removed; remove it")
