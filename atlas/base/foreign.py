"""Foreign parsers read foreign files in a process of their own, with limits of memory and time.

libosmium and GDAL fall (signals 11 and 6) on some damaged files, and some small files unpack to gigabytes. The child is
a fork: it parses, sends its answer through a pipe and ends. Whatever becomes of it, the parent goes on and says which
file it was.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import pickle
import re
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from atlas.base import errors
from atlas.base.errors import AtlasError

__all__ = ["VECTOR_DRIVERS", "apart", "limits_of", "only_drivers"]

T = TypeVar("T")
#: What a file of no size may take; each megabyte of the file adds to it.
BASE_MB, MB_PER_MB, MOST_MB = 1500, 30, 16_000
BASE_S, S_PER_MB = 15.0, 3.0
#: Formats of vector files that are read: each holds its data itself and names no other file.
VECTOR_DRIVERS = (
    "CSV", "DXF", "ESRI Shapefile", "ESRIJSON", "FlatGeobuf", "GML", "GPKG", "GPX", "GeoJSON", "GeoJSONSeq", "JSONFG",
    "KML", "LIBKML", "MVT", "MapInfo File", "OpenFileGDB", "PMTiles", "TopoJSON",
)  # fmt: skip
_FORKS = sys.platform == "linux"
_inside = False


def limits_of(size_bytes: int) -> tuple[int, float]:
    """Return how much memory (MB) and time (s) a file of `size_bytes` may take to read.

    >>> limits_of(0), limits_of(10_000_000)
    ((1500, 15.0), (1800, 45.0))
    """
    size_mb = size_bytes / 1e6
    return int(min(BASE_MB + MB_PER_MB * size_mb, MOST_MB)), BASE_S + S_PER_MB * size_mb


def apart(
    work: Callable[[], T],
    path: str | Path,
    error: type[AtlasError],
    *,
    size_bytes: int | None = None,
    writes: bool = False,
) -> T:
    """Return what `work` returns, done in a child with limits.

    Parameters
    ----------
    work
        Takes nothing; what it returns must be picklable.
    path
        The file it reads: for its size and for messages.
    error
        The class of error to raise when the child dies.
    size_bytes
        What the file unpacks to, where that is more.
    writes
        Whether it may write files of its own (temporary ones); else it can write none.

    Raises
    ------
    AtlasError
        What `work` raises on purpose, as it is; of class `error` when the child dies, takes more memory or time than
        it may, or raises anything else: the file is damaged.
    """
    if _inside or not _FORKS:
        return work()
    if size_bytes is None:
        try:
            size_bytes = os.stat(path).st_size
        except (OSError, ValueError):
            size_bytes = 0
    memory_mb, time_s = limits_of(size_bytes)
    answer, sent = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Of forking beside threads: they belong to libraries.
        child = os.fork()
    if not child:
        os.close(answer)
        _serve(work, sent, memory_mb, time_s, writes)
    os.close(sent)
    try:
        data, late = _received(answer, time_s)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    finally:
        os.close(answer)
    if late:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    name = f"{path}"
    if late:
        raise error(f"{name} cannot be read: it takes more than {time_s:.0f} s, as a damaged or hostile file does")
    if os.WIFSIGNALED(status) or not data:
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        told = signal.Signals(number).name if number else f"exit {os.waitstatus_to_exitcode(status)}"
        raise error(
            f"{name} cannot be read: it is damaged, or needs more than {memory_mb} MB (its reader ended with {told}); "
            "get it again"
        )
    with warnings.catch_warnings():
        # A coordinate that is no number is told of with its feature.
        warnings.filterwarnings("ignore", "invalid value encountered", RuntimeWarning)
        kind, value = pickle.loads(data)
    if kind == "made":
        made: T = value
        return made
    raised = getattr(errors, kind, None) if kind else None
    if raised is not None:
        raise raised(value)
    raise error(f"{name} cannot be read: {value}; it may be damaged: get it again")


def _received(answer: int, time_s: float) -> tuple[bytes, bool]:
    """Return all that comes through a pipe, and whether it took too long."""
    until = time.monotonic() + time_s
    parts: list[bytes] = []
    while True:
        left = until - time.monotonic()
        if left <= 0:
            return b"", True
        ready, _, _ = select.select([answer], [], [], left)
        if ready:
            part = os.read(answer, 1 << 20)
            if not part:
                return b"".join(parts), False
            parts.append(part)


def _serve(work: Callable[[], Any], sent: int, memory_mb: int, time_s: float, writes: bool) -> NoReturn:
    """Do the work in the child, send the answer and end without what the parent's end would do."""
    global _inside
    _inside = True
    code, reply = 1, ("", "")
    # When the parent is killed nobody waits for the answer any more: 1 is PR_SET_PDEATHSIG of prctl(2).
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    try:
        _limit(memory_mb, time_s, writes)
        reply = ("made", work())
        code = 0
    except AtlasError as reason:
        reply, code = (type(reason).__name__, str(reason)), 0
    except MemoryError:
        reply, code = ("", f"it needs more than {memory_mb} MB"), 0
    finally:
        fault = sys.exc_info()[1]
        if fault is not None and code:
            own = [one for one in traceback.extract_tb(fault.__traceback__) if "atlas" in one.filename]
            where = f" ({Path(own[-1].filename).name}:{own[-1].lineno})" if own else ""
            reply = ("", f"{type(fault).__name__}: {str(fault)[:200]}{where}")
        try:
            with os.fdopen(sent, "wb") as out:
                pickle.dump(reply, out, protocol=pickle.HIGHEST_PROTOCOL)
        finally:
            os._exit(0)


def _limit(memory_mb: int, time_s: float, writes: bool) -> None:
    import resource

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    # Crashes of native code are told by the parent, in one line.
    with suppress(ImportError):
        importlib.import_module("faulthandler").disable()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # End with the parent.
    held_mb = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() // 2**20
    _lower(resource.RLIMIT_AS, (held_mb + memory_mb) * 2**20)
    _lower(resource.RLIMIT_CPU, int(time_s * (os.cpu_count() or 1)) + 1)
    _lower(resource.RLIMIT_CORE, 0)
    if not writes:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        _lower(resource.RLIMIT_FSIZE, 0)
    # A native library may say a thousand times that a file is damaged; the parent says it once.
    with suppress(OSError, ValueError, AttributeError):
        if sys.stderr.fileno() == 2:
            sys.stderr = os.fdopen(os.dup(2), "w", encoding=sys.stderr.encoding, errors="backslashreplace")
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 2)
        os.close(nothing)


def _lower(which: int, most: int) -> None:
    import resource

    _, hard = resource.getrlimit(which)
    top = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(which, (top, hard))


def only_drivers(allowed: Collection[str] = VECTOR_DRIVERS) -> None:
    """Take every vector driver but `allowed` out of GDAL, and its ways to the net; for a child only.

    Formats that name other files or addresses (VRT, WFS, catalogues) are then not recognised, whatever a file or a
    member of an archive is called.
    """
    if not _inside:
        return
    import pyogrio

    pyogrio.set_gdal_config_options(
        {
            "GML_DOWNLOAD_SCHEMA": False,
            "GML_SKIP_RESOLVE_ELEMS": "ALL",
            "GML_SKIP_CORRUPTED_FEATURES": False,
            "OGR_SQLITE_LOAD_EXTENSIONS": None,
            "OGR_SQLITE_STATIC_VIRTUAL_OGR": False,
            "LIBKML_EXTERNAL_STYLE": False,
            "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
            "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
            "GDAL_PAM_ENABLED": False,
            "GDAL_HTTP_CONNECTTIMEOUT": 1,
            "GDAL_HTTP_TIMEOUT": 1,
        }
    )
    gdal = _gdal()
    if gdal is None:
        return
    for name in sorted(set(pyogrio.list_drivers()) - {*allowed, "MEM"}):
        handle = gdal.GDALGetDriverByName(name.encode())
        if handle:
            gdal.GDALDeregisterDriver(handle)


def _gdal() -> Any:
    """The GDAL that pyogrio works with, found among the libraries this process has loaded."""
    with suppress(OSError, AttributeError):
        paths = re.findall(r"(/\S*pyogrio\S*/libgdal\S*)", Path("/proc/self/maps").read_text())
        library = ctypes.CDLL(paths[0]) if paths else None
        if library is not None:
            library.GDALGetDriverByName.restype = ctypes.c_void_p
            library.GDALGetDriverByName.argtypes = [ctypes.c_char_p]
            library.GDALDeregisterDriver.argtypes = [ctypes.c_void_p]
        return library
    return None
