"""Counts of the harnesses: kept in docs/reliability.json, shown in docs/reliability.md between two marks each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["note_flips", "note_inputs", "note_trials"]

ROOT = Path(__file__).resolve().parents[2]
_COUNTS, _PAGE = ROOT / "docs" / "reliability.json", ROOT / "docs" / "reliability.md"
_ENDS = ("accepted", "refused", "traceback", "hang", "dead")
_TRIALS = ("kills", "full", "pairs")


def _known(part: str, afresh: bool) -> dict[str, Any]:
    whole = json.loads(_COUNTS.read_text("utf-8")) if _COUNTS.exists() else {}
    whole.setdefault(part, {})
    if afresh:
        whole[part] = {}
    return dict(whole)


def _write(whole: Mapping[str, Any]) -> None:
    _COUNTS.write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n", "utf-8")
    page = _PAGE.read_text("utf-8")
    for part, lines in (("inputs", _inputs), ("trials", _trials), ("flips", _flips)):
        text = "\n".join([f"<!-- {part} -->", *lines(whole.get(part, {})), f"<!-- /{part} -->"])
        before, _, rest = page.partition(f"<!-- {part} -->")
        page = before + text + rest.partition(f"<!-- /{part} -->")[2]
    _PAGE.write_text(page, "utf-8")


def note_inputs(found: Mapping[str, tuple[Mapping[str, int], float]], seed: int, afresh: bool) -> None:
    """Add counts of inputs by reader: how they ended, and the most memory in MB."""
    whole = _known("inputs", afresh)
    readers = whole["inputs"].setdefault("readers", {})
    for name, (counts, peak_mb) in found.items():
        held = readers.setdefault(name, dict.fromkeys((*_ENDS, "peak_mb"), 0))
        for end in _ENDS:
            held[end] += counts.get(end, 0)
        held["peak_mb"] = max(held["peak_mb"], round(peak_mb))
    whole["inputs"]["seeds"] = sorted({*whole["inputs"].get("seeds", ()), seed})
    _write(whole)


def note_trials(found: Mapping[str, Mapping[str, list[int]]], seed: int, afresh: bool) -> None:
    """Add counts of kills, full disks and twins by command: sound and not."""
    whole = _known("trials", afresh)
    commands = whole["trials"].setdefault("commands", {})
    for name, trials in found.items():
        for trial, (sound, wrong) in trials.items():
            held = commands.setdefault(name, {}).setdefault(trial, [0, 0])
            held[0], held[1] = held[0] + sound, held[1] + wrong
    whole["trials"]["seeds"] = sorted({*whole["trials"].get("seeds", ()), seed})
    _write(whole)


def note_flips(flips: int, size: int, taken: int) -> None:
    """Set the count of flipped bits of a kept network."""
    _write(_known("flips", True) | {"flips": {"flips": flips, "bytes": size, "taken": taken}})


def _inputs(part: Mapping[str, Any]) -> Iterator[str]:
    readers = part.get("readers", {})
    yield f"Damaged input, seeds {', '.join(map(str, part.get('seeds', ())))}:"
    yield ""
    yield "| reader | inputs | " + " | ".join(_ENDS) + " | most memory, MB |"
    yield "|---" * (len(_ENDS) + 3) + "|"
    total = dict.fromkeys(_ENDS, 0)
    for name, held in sorted(readers.items(), key=lambda item: -sum(item[1][end] for end in _ENDS)):
        for end in _ENDS:
            total[end] += held[end]
        cells = " | ".join(f"{held[end]:,}" for end in _ENDS)
        yield f"| `{name}` | {sum(held[end] for end in _ENDS):,} | {cells} | {held['peak_mb']} |"
    peak = max((held["peak_mb"] for held in readers.values()), default=0)
    yield f"| all | {sum(total.values()):,} | " + " | ".join(f"{total[end]:,}" for end in _ENDS) + f" | {peak} |"


def _trials(part: Mapping[str, Any]) -> Iterator[str]:
    yield f"Trials that were sound of those made, seeds {', '.join(map(str, part.get('seeds', ())))}:"
    yield ""
    yield "| command | kills | full disks | two at once |"
    yield "|---|---|---|---|"
    total = {trial: [0, 0] for trial in _TRIALS}
    for name, trials in part.get("commands", {}).items():
        cells = []
        for trial in _TRIALS:
            sound, wrong = trials.get(trial, (0, 0))
            total[trial] = [total[trial][0] + sound, total[trial][1] + wrong]
            cells.append(f"{sound} of {sound + wrong}")
        yield f"| `{name}` | " + " | ".join(cells) + " |"
    yield "| all | " + " | ".join(f"{sound} of {sound + wrong}" for sound, wrong in total.values()) + " |"


def _flips(part: Mapping[str, Any]) -> Iterator[str]:
    if part:
        yield (
            f"Of a kept network ({part['bytes']:,} bytes) {part['flips']:,} bits were flipped one at a time, anywhere: "
            f"{part['taken']} damaged files were taken for whole."
        )
