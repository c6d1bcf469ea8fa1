"""How a command ends when it does not end well: one line on stderr and an exit code of its own, nothing torn."""

from __future__ import annotations

import errno
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import NoReturn

import click

from atlas.base.errors import AtlasError, UnknownPlaceError
from atlas.base.words import language

__all__ = ["Ending", "heed_signals", "lenient_terminal", "plain_warnings"]

BAD_INPUT, FAULT, INTERRUPTED, CLOSED_PIPE = 2, 70, 130, 141
#: Signals that ask a process to end; each raises SystemExit, so that drafts and locks are let go of.
_ENDING = ("SIGTERM", "SIGHUP")


class Ending:
    """A block whose errors become one line and an exit code.

    ``AtlasError`` and what the system refuses end with 2, Ctrl-C with 130, a pipe closed by its reader with 141, a
    fault of the program with 70.
    """

    def __enter__(self) -> Ending:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process when the block ended with an error that is no exit of its own."""
        if isinstance(error, click.ClickException) and not isinstance(error, click.exceptions.NoArgsIsHelpError):
            if language() == "zh":
                from atlas.cli.chinese import ChineseError

                raise ChineseError(error) from None
            return
        if error is None or isinstance(error, SystemExit | click.ClickException | click.exceptions.Exit | click.Abort):
            return
        code, lines = _told(error)
        if code == CLOSED_PIPE:
            _let_go()
        for line in lines:
            _say(line)
        if code == FAULT and os.environ.get("ATLAS_TRACE"):
            import traceback

            traceback.print_exception(error)
        raise SystemExit(code)


def _told(error: BaseException) -> tuple[int, tuple[str, ...]]:
    """Return exit code and lines."""
    if isinstance(error, AtlasError):
        more: tuple[str, ...] = ()
        if isinstance(error, UnknownPlaceError) and not all(name in str(error) for name in error.candidates):
            more = (f"atlas: did you mean: {', '.join(error.candidates)}",)
        return BAD_INPUT, (f"atlas: error: {error}", *more)
    if isinstance(error, KeyboardInterrupt | EOFError):
        return INTERRUPTED, ("atlas: interrupted; what was being written is as it was before",)
    if isinstance(error, BrokenPipeError):
        return CLOSED_PIPE, ()
    if isinstance(error, OSError) and error.errno is not None:
        where = f"{error.filename}: " if error.filename is not None else ""
        stdout = "the answer could not be written to stdout: " if error.errno in _FULL and not where else ""
        return BAD_INPUT, (f"atlas: error: {stdout}{where}{error.strerror}; the system refuses it",)
    if isinstance(error, MemoryError):
        return FAULT, ("atlas: error: out of memory; ask for less (a smaller area, fewer cut-offs) or give it more",)
    # The message alone may hold a page of data; the place says more than the whole of it.
    text = f"{type(error).__name__}: {str(error)[:300]}" if str(error) else type(error).__name__
    return FAULT, (
        f"atlas: fault: {text} ({_places(error)})",
        "atlas: this is a fault of the program, not of your input; please report the line above and the command "
        "(ATLAS_TRACE=1 shows more)",
    )


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


def _places(error: BaseException) -> str:
    """The innermost places of the atlas's own code, the last first."""
    import traceback

    own = [one for one in traceback.extract_tb(error.__traceback__) if f"{os.sep}atlas{os.sep}" in one.filename]
    return " < ".join(f"{one.filename.rpartition(f'{os.sep}atlas{os.sep}')[2]}:{one.lineno}" for one in own[:-5:-1])


def terminal_text(text: str) -> str:
    """Return `text` on one line without control characters or half characters: it must not steer a terminal."""
    line = " ".join(text.split())
    return "".join(sign if sign.isprintable() or sign == " " else "\ufffd" for sign in line)


def _say(line: str) -> None:
    if language() == "zh":
        from atlas.cli.chinese import message

        line = message(line)
    try:
        click.echo(terminal_text(line), err=True)
    except (OSError, ValueError):
        return  # There is nobody left to tell.


def _let_go() -> None:
    """Point stdout at nothing, so that Python's own flush at the end does not fail again."""
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.close(nothing)
    except OSError:
        return


def _end(number: int, frame: FrameType | None) -> NoReturn:
    # A second signal ends at once; the first lets every block clean up.
    signal.signal(number, signal.SIG_DFL)
    raise SystemExit(128 + number)


def heed_signals() -> None:
    """Let SIGTERM and SIGHUP end the process as an error would; one that is ignored (nohup) stays ignored."""
    for name in _ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _end)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Let what a library warns of be one line on stderr, without the place in its code, and nothing with ``-q``."""
    before = warnings.showwarning

    def told(message: Warning | str, *where: object, **more: object) -> None:
        from atlas.cli.output import tell

        tell("answer.note", text=terminal_text(str(message)))

    warnings.showwarning = told
    try:
        yield
    finally:
        warnings.showwarning = before


def lenient_terminal() -> None:
    """Let a terminal that lacks a sign show a stand-in: an answer must not fail on the "²" of km²."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace" if stream is sys.stdout else "backslashreplace")
