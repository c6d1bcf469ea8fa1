"""Gives every reader damaged input for as long as asked, and counts how each ends. Called by scripts/fuzz."""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts"), str(ROOT / "tests"), str(ROOT / "tests" / "fuzz")]
#: A round of one reader ends after so many seconds or inputs; a worker that dies takes a round with it.
ROUND_S, MOST_INPUTS = 5.0, 20_000
#: What one reader may hold beside the program, MB.
MOST_MB = 4000
ENDS = ("accepted", "refused", "traceback", "hang", "dead")


def work(name: str, seed: int, first: int, inputs: int, sent: Any) -> None:
    """Run one round of one reader in a process of its own, with a bound of memory."""
    from harness import fuzz
    from readers import READERS

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MB * 2**20, resource.RLIM_INFINITY))
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        reader = next(one for one in READERS if one.name == name)
        ((_, tally),) = fuzz([reader], Path(folder), seed=seed, seconds=ROUND_S, inputs=inputs, first=first).items()
    sent.send(tally)


def main() -> int:
    """Run; return 1 when anything but accepting and refusing was seen."""
    from harness import Tally, sound
    from readers import READERS
    from recipes.counts import note_inputs

    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--minutes", type=float, default=1)
    asked.add_argument("--seed", type=int, default=int(time.time()))
    asked.add_argument("--only", default="", help="readers whose name holds this")
    asked.add_argument("--inputs", type=int, default=10**9, help="at most so many a reader")
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument("--note", action="store_true", help="add the counts to those of docs/reliability.md")
    asked.add_argument("--afresh", action="store_true", help="with --note: forget the counts that stand there")
    told = asked.parse_args()
    readers = [one for one in READERS if told.only in one.name]
    found: dict[str, Tally] = {one.group: Tally() for one in readers}
    done = dict.fromkeys((one.name for one in readers), 0)
    group = {one.name: one.group for one in readers}
    for reader in readers:
        sound(reader)  # Once, before the workers are forked.
    until = time.monotonic() + told.minutes * 60
    context = multiprocessing.get_context("fork")
    running: dict[str, tuple[Any, Any]] = {}
    waiting = [one.name for one in readers]
    while running or (waiting and time.monotonic() < until):
        while waiting and len(running) < told.workers and time.monotonic() < until:
            name = waiting.pop(0)
            received, sent = context.Pipe(duplex=False)
            left = min(MOST_INPUTS, told.inputs - done[name])
            process = context.Process(target=work, args=(name, told.seed, done[name], left, sent))
            process.start()
            sent.close()
            running[name] = process, received
        for name, (process, received) in list(running.items()):
            if not received.poll(0.05):
                continue
            try:
                tally = received.recv()
            except EOFError:
                process.join()
                tally = Tally(
                    Counter(dead=1), {f"a process died (exit {process.exitcode})": f"{name} from {done[name]}"}
                )
            process.join()
            done[name] += tally.inputs
            found[group[name]].add(tally)
            del running[name]
            if done[name] < told.inputs:
                waiting.append(name)
    print(f"seed {told.seed}")
    print(f"{'reader':12}{'inputs':>9}" + "".join(f"{end:>11}" for end in ENDS) + f"{'peak MB':>9}")
    whole = Tally()
    for name, tally in found.items():
        whole.add(tally)
        print(f"{name:12}{tally.inputs:9}" + "".join(f"{tally.counts[e]:11}" for e in ENDS) + f"{tally.peak_mb:9.0f}")
    print(f"{'all':12}{whole.inputs:9}" + "".join(f"{whole.counts[e]:11}" for e in ENDS) + f"{whole.peak_mb:9.0f}")
    for where, which in whole.faults.items():
        print(f"  {where}\n    {which}")
    if told.note:
        note_inputs({name: (tally.counts, tally.peak_mb) for name, tally in found.items()}, told.seed, told.afresh)
    return int(bool(whole.faults))


if __name__ == "__main__":
    sys.exit(main())
