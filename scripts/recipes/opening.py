"""From a status and a date as the tables write it to the year from which a scenario counts a feature."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# Undated features, as docs/architecture.md has it. Those not listed come only with `full`.
ASSUMED_YEAR = {"under_construction": 2030, "preliminary": 2035}
# What stands without a known date stood when the plan was written, unless overrides.csv says otherwise.
BASE_YEAR = 2023
# The year of the fact tables: an announced year before it has passed without an opening.
PRESENT_YEAR = 2026
_DATE = re.compile(r"(?<!\d)(\d{4}(?:-\d{2}){0,2})(?!\d)")
_EXPECTED = re.compile(r"(?:^|expected )(\d{4})(?!\d)")


@dataclass(frozen=True)
class Opening:
    """When a feature opened or is to open, and what that rests on."""

    opened: str | None
    expected_open: int | None
    opens_basis: str
    opens_year: int | None

    def columns(self) -> dict[str, str | int | None]:
        """Return the four contract columns."""
        return {
            "opened": self.opened,
            "expected_open": self.expected_open,
            "opens_basis": self.opens_basis,
            "opens_year": self.opens_year,
        }


def opening(status: str, text: str) -> Opening:
    """Return the opening that a row's status and date text stand for.

    An operating row opened at the last date its text names (a line opened in parts counts as a whole
    from its last part). Any other row opens in the year announced, as long as that has not passed;
    otherwise by its status. ``start planned in 2026`` announces works, not an opening.
    """
    if status == "operating":
        dates = _DATE.findall(text)
        if dates:
            last = max(dates)
            return Opening(last, None, "fact", int(last[:4]))
        return Opening(None, None, "unknown", BASE_YEAR)
    announced = _EXPECTED.search(text)
    if announced and int(announced.group(1)) >= PRESENT_YEAR:
        year = int(announced.group(1))
        return Opening(None, year, "announced", year)
    if status == "unknown":
        return Opening(None, None, "unknown", None)
    year_assumed = ASSUMED_YEAR.get(status)
    return Opening(None, year_assumed, "assumed", year_assumed)


def earliest(openings: Iterable[tuple[str, int | None]]) -> tuple[str, int | None]:
    """Return status and year of the first of several carriers to open; operating ones come first."""
    return min(openings, key=lambda one: (one[0] != "operating", one[1] is None, one[1] or 0, one[0]))
