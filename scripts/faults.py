"""Kills writing commands, fills their disk, runs them at once, and counts what they leave. Called by scripts/faults."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# tests/faults stands before scripts: it has the module `faults` that is meant.
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "faults"), str(ROOT / "tests"), str(ROOT / "scripts")]


def main() -> int:
    """Run; return 1 when anything was left torn, mixed, lost or behind."""
    warnings.simplefilter("ignore")
    from faults import Bench, full, kill, pair
    from recipes.counts import note_trials

    asked = argparse.ArgumentParser(description=__doc__)
    trials = (("kills", kill), ("full", full), ("pairs", pair))
    for name, _ in trials:
        asked.add_argument(f"--{name}", type=int, default=0)
    asked.add_argument("--seed", type=int, default=int(time.time()))
    asked.add_argument("--only", default="", help="commands whose name holds this")
    asked.add_argument("--note", action="store_true", help="add the counts to those of docs/reliability.md")
    asked.add_argument("--afresh", action="store_true", help="with --note: forget the counts that stand there")
    told = asked.parse_args()
    noted: dict[str, dict[str, list[int]]] = {}
    shared = Path("/dev/shm")
    faults = 0
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        bench = Bench(Path(folder) / "place")
        commands = [one for one in bench.commands if told.only in one.name]
        print(f"seed {told.seed}")
        print(f"{'trial':7}{'command':20}{'runs':>6}{'sound':>7}{'faults':>8}")
        for name, trial in trials:
            counts: Counter[tuple[str, bool]] = Counter()
            for number in range(getattr(told, name)):
                command = commands[number % len(commands)]
                found = trial(bench, command, random.Random(f"{told.seed} {name} {number}"))
                counts[command.name, not found] += 1
                faults += bool(found)
                if found:
                    print(f"  {name} {number} {command.name}: {'; '.join(found)}", flush=True)
            for command in commands:
                sound, wrong = counts[command.name, True], counts[command.name, False]
                if sound + wrong:
                    noted.setdefault(command.name, {})[name] = [sound, wrong]
                    print(f"{name:7}{command.name:20}{sound + wrong:6}{sound:7}{wrong:8}", flush=True)
    if told.note:
        note_trials(noted, told.seed, told.afresh)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
