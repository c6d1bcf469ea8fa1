"""A writing command that is killed, runs out of disk or meets its twin leaves all old or all new, and nothing beside.

A few trials of each; `scripts/faults` runs as many as asked.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from faults import COMMANDS, Bench, Command, full, kill, pair

#: Quick ones: of every mechanism one.
NAMES = ("import layer", "restore", "export csv", "export gdb")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench") / "place", [one for one in COMMANDS if one.name in NAMES])


@pytest.mark.parametrize("trial", [kill, full, pair])
@pytest.mark.parametrize("name", NAMES)
def test_a_command_interfered_with_leaves_all_old_or_all_new(
    name: str, trial: Callable[[Bench, Command, random.Random], list[str]], bench: Bench
) -> None:
    command = next(one for one in COMMANDS if one.name == name)
    for number in range(2):
        assert trial(bench, command, random.Random(f"{name} {trial.__name__} {number}")) == []
