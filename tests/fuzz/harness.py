"""Runs readers over damaged inputs and counts how each ends."""

from __future__ import annotations

import os
import random
import resource
import signal
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import click
from mutators import damaged_bytes
from readers import REFUSALS, Reader

__all__ = ["HANG_S", "Tally", "fuzz", "one", "sound"]

HANG_S = 20


class Hang(BaseException):
    """An input took longer than :data:`HANG_S`."""


@dataclass
class Tally:
    """How the inputs of one group of readers ended: ``accepted``, ``refused``, ``traceback``, ``hang``, ``dead``.

    ``faults`` holds what went wrong by where: reader, number of the input and the last lines of the trace.
    """

    counts: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    peak_mb: float = 0.0

    @property
    def inputs(self) -> int:
        """All inputs."""
        return self.counts.total()

    def add(self, other: Tally) -> None:
        """Take the counts of `other` in."""
        self.counts += other.counts
        self.faults = other.faults | self.faults
        self.peak_mb = max(self.peak_mb, other.peak_mb)


def _late(number: int, frame: object) -> None:
    raise Hang


@contextmanager
def _heard() -> Iterator[None]:
    """Let an alarm raise :class:`Hang`; set once for many inputs, of which many take a tenth of a millisecond."""
    before = signal.signal(signal.SIGALRM, _late)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@cache
def sound(reader: Reader) -> bytes:
    """The file that a reader's inputs are made of."""
    return reader.seed()


def one(reader: Reader, number: int, seed: int, folder: Path) -> tuple[str, str]:
    """Read the input `number` of `reader`; return how it ended and, for a fault, where."""
    chance = random.Random(f"{seed} {reader.name} {number}")
    path = folder / reader.file
    try:
        data = reader.damage(sound(reader), chance)
    except (OverflowError, RecursionError):
        # Damage upon damage can grow past what may be written; then the bytes are damaged instead.
        data = damaged_bytes(sound(reader), chance)
    with open(path, "wb") as file:
        file.write(data)
    try:
        signal.setitimer(signal.ITIMER_REAL, HANG_S)
        reader.read(path)
    except REFUSALS as reason:
        text = str(reason)
        # A refusal that is a page long, or that nobody can read, helps nobody.
        fits = len(text) < 4000 or isinstance(reason, click.ClickException)
        return ("refused", "") if fits else ("traceback", f"a message of {len(text)} signs")
    except Hang:
        return "hang", f"{reader.name} {number}"
    except BaseException as reason:
        if isinstance(reason, KeyboardInterrupt):
            raise
        places = traceback.extract_tb(reason.__traceback__)
        own = [at for at in places if f"{os.sep}atlas{os.sep}" in at.filename and "site-packages" not in at.filename]
        at = own[-1] if own else places[-1]
        where = f"{Path(at.filename).name}:{at.lineno} {type(reason).__name__}: {str(reason)[:160]!a}"
        return "traceback", where
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "accepted", ""


def fuzz(
    readers: Iterable[Reader], folder: Path, *, seed: int, seconds: float = 1e9, inputs: int = 10**9, first: int = 0
) -> dict[str, Tally]:
    """Give each reader up to `inputs` inputs, or as many as its share of `seconds` lets; count by group."""
    readers = tuple(readers)
    found: dict[str, Tally] = {}
    for reader in readers:
        tally = found.setdefault(reader.group, Tally())
        until = time.monotonic() + seconds / len(readers)
        (folder / reader.file).parent.mkdir(parents=True, exist_ok=True)
        with _heard():
            for number in range(first, first + inputs):
                if time.monotonic() > until:
                    break
                end, where = one(reader, number, seed, folder)
                tally.counts[end] += 1
                if where:
                    tally.faults.setdefault(where, f"{reader.name} input {number} of seed {seed}")
        tally.peak_mb = max(tally.peak_mb, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return found
