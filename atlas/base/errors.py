"""Everything atlas raises on purpose.

AtlasError
├── LayerError          (ValueError)   a layer breaks its contract; ``.violations``
├── UnknownPlaceError   (LookupError)  no such place; ``.candidates``
├── ScenarioError       (ValueError)   a scenario cannot be read or names what does not exist
├── ParameterError      (ValueError)   a parameter is unknown, missing or out of its range
├── NetworkError        (ValueError)   layers do not make a sound network
├── PlanError           (ValueError)   the plan's register or status history is broken
├── ImportDataError     (ValueError)   foreign data cannot be taken in
├── MapError            (ValueError)   a map cannot be drawn as asked
└── ExportError         (OSError)      a file cannot be written as asked

The command line turns these into one line on stderr and exit code 2; anything else is a fault of the
program, ends with 70 and asks to be reported (:mod:`atlas.cli.ending`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "AtlasError",
    "ExportError",
    "ImportDataError",
    "LayerError",
    "MapError",
    "NetworkError",
    "ParameterError",
    "PlanError",
    "ScenarioError",
    "UnknownPlaceError",
    "only_known",
]


_LONG_WORD = re.compile(r"(\S{80})\S{320,}")
_MOST_SIGNS = 3000


class AtlasError(Exception):
    """Root of all errors raised on purpose.

    Its message is a line for a person: a name of thousands of signs out of a damaged file is told by its beginning.

    >>> len(str(AtlasError("no place answers to " + "x" * 5000)))
    101
    """

    def __str__(self) -> str:
        """Return the message."""
        text = _LONG_WORD.sub(r"\1…", super().__str__())
        return text if len(text) <= _MOST_SIGNS else f"{text[:_MOST_SIGNS]}… ({len(text) - _MOST_SIGNS} signs more)"


class LayerError(AtlasError, ValueError):
    """A layer breaks its contract.

    Parameters
    ----------
    message
        What is wrong, where, and what to do.
    violations
        The single findings, one value each (see :mod:`atlas.data.checks`).
    """

    def __init__(self, message: str, violations: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.violations: tuple[Any, ...] = tuple(violations)


class UnknownPlaceError(AtlasError, LookupError):
    """No place, or more than one, answers to a name; ``candidates`` are the nearest names."""

    def __init__(self, message: str, candidates: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.candidates: tuple[str, ...] = tuple(candidates)


class ScenarioError(AtlasError, ValueError):
    """A scenario cannot be read, or names something that does not exist."""


class ParameterError(AtlasError, ValueError):
    """A parameter is unknown, missing or out of its range."""


class NetworkError(AtlasError, ValueError):
    """The layers at hand do not make a sound network."""


class PlanError(AtlasError, ValueError):
    """The plan's register or status history is broken."""


class ImportDataError(AtlasError, ValueError):
    """Foreign data cannot be taken in."""


class MapError(AtlasError, ValueError):
    """A map cannot be drawn as asked."""


class ExportError(AtlasError, OSError):
    """A file cannot be written as asked."""


def only_known(given: Mapping[str, object], kind: type) -> None:
    """Refuse what was handed over by a name that the typed dictionary `kind` of a ``**given`` does not have.

    Raises
    ------
    TypeError
        As Python does for a parameter that is not there.

    >>> from typing import TypedDict
    >>> class Pace(TypedDict, total=False):
    ...     speed_kmh: float
    >>> only_known({"speed": 3.0}, Pace)
    Traceback (most recent call last):
    ...
    TypeError: unexpected keyword argument 'speed'; there are speed_kmh
    """
    known = list(kind.__annotations__)
    for name in given:
        if name not in known:
            raise TypeError(f"unexpected keyword argument {name!r}; there are {', '.join(known)}")
