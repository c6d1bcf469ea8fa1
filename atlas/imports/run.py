"""The last step of every import: check, merge, store whole or not at all, and say what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from atlas.base.errors import ImportDataError
from atlas.data.catalog import Catalog
from atlas.data.checks import Violation
from atlas.data.layer import Layer, write_layer
from atlas.data.sources import Source
from atlas.imports.admit import Intake, admit, adrift, left_hanging, merged
from atlas.imports.regions import Founding
from atlas.imports.store import copied_atlas, new_atlas, store

__all__ = ["Destination", "Outcome", "put", "take_in"]


@dataclass(frozen=True)
class Destination:
    """Where an import goes: at most one of the two; neither is a dry run.

    Attributes
    ----------
    into
        An atlas whose layers are replaced (or, with `add`, added to); the old ones are kept.
    out
        A new folder for an atlas of its own, or, ending in ``.geojson``, one layer's file.
    add
        Keep the features that are there; one of the same id is replaced.
    overwrite
        Whether what stands at `out` may be replaced.
    founding
        What an atlas of its own is of.
    """

    into: Path | None = None
    out: Path | None = None
    add: bool = False
    overwrite: bool = False
    founding: Founding | None = None


@dataclass(frozen=True)
class Count:
    """How many features of a layer were read, taken in and kept out, and how many stood before and after."""

    layer: str
    read: int
    taken: int
    refused: int
    before: int
    after: int


@dataclass(frozen=True)
class Outcome:
    """What an import did.

    Attributes
    ----------
    counts
        One row a layer.
    refused
        Why each feature kept out was kept out.
    notes
        What was assumed, changed or left out.
    layers
        The layers as they stand afterwards.
    written, kept
        Files or folders written, and backups made; empty for a dry run.
    """

    counts: tuple[Count, ...]
    refused: tuple[Violation, ...]
    notes: tuple[str, ...]
    layers: dict[str, Layer]
    written: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()


def take_in(
    candidates: Mapping[str, Layer],
    sources: Sequence[Source],
    catalog: Catalog,
    target: Destination,
    *,
    anywhere: bool = False,
    adding: Collection[str] = (),
    refused: Iterable[Violation] = (),
    notes: Iterable[str] = (),
) -> Outcome:
    """Check imported layers and put what is sound where it shall go.

    Parameters
    ----------
    candidates
        Imported layers by key.
    sources
        Rows for the ledger.
    catalog
        The atlas they are checked against: that of `target.into`, else the one at hand.
    target
        Where they go.
    anywhere
        Whether features may lie outside the atlas's region.
    adding
        Layers that are always added to, whatever the target says.
    refused, notes
        What reading them has already found.

    Raises
    ------
    ImportDataError
        Nothing is sound, or replacing a layer would leave other layers' references hanging.
    ExportError
        It cannot be written; nothing was changed.
    """
    own = target.out is not None and target.out.suffix != ".geojson"
    others = {} if own else {key: catalog.layer(key) for key in catalog.specs if catalog.path(key).is_file()}
    known = {} if own else catalog.sources
    intake = admit(
        candidates,
        others,
        register_ids=() if own else catalog.register_ids(),
        source_keys={*known, *(source.key for source in sources)},
        anywhere=anywhere or own,
        adding=candidates if target.add else adding,
        known=() if own else catalog.known_findings,
    )
    bad = tuple(sorted({*refused, *intake.refused}))
    taken = {key: layer for key, layer in intake.layers.items() if len(layer)}
    if not taken:
        why = f"; the first reason of {len(bad)}: {bad[0]}" if bad else ": the file holds nothing for these layers"
        raise ImportDataError(f"nothing could be taken in{why}")
    after = {key: merged(others.get(key), layer, add=target.add or key in adding) for key, layer in taken.items()}
    alone = target.out is not None and not own
    if not alone:
        # A layer in a file of its own replaces none.
        _unbroken(others, after)
    moored, told = adrift({**others, **after})
    if moored is not None and not alone:
        after["ferries"] = moored
    counts = tuple(_count(key, candidates, intake, bad, others, after) for key in candidates)
    lost = () if own or alone else _lost_links(catalog, others, after)
    written, kept = _write(after, sources, catalog, target)
    return Outcome(
        counts, bad, (*notes, *intake.notes, *lost, *filter(None, [None if alone else told])), after, written, kept
    )


def _count(
    key: str,
    candidates: Mapping[str, Layer],
    intake: Intake,
    refused: Sequence[Violation],
    others: Mapping[str, Layer],
    after: Mapping[str, Layer],
) -> Count:
    before = len(others[key]) if key in others else 0
    taken = len(intake.layers[key])
    # Features of one id are as many as there are of them; those that never came so far are counted by their names.
    unread = len({one.feature_id for one in refused if one.layer == key} - set(candidates[key].frame["id"]))
    read = len(candidates[key]) + unread
    return Count(key, read, taken, read - taken, before, len(after.get(key, others.get(key, ()))))


def _unbroken(others: Mapping[str, Layer], after: Mapping[str, Layer]) -> None:
    hanging = left_hanging({**others, **after}, after)
    if hanging:
        per = Counter(one.layer for one in hanging)
        told = ", ".join(f"{count} of {key}" for key, count in sorted(per.items()))
        raise ImportDataError(
            f"replacing {', '.join(after)} would leave features without what they refer to ({told}; the first: "
            f"{hanging[0]}); add to the layer instead (--add), take fewer layers (--layers), match onto them "
            "(--refine), or write an atlas of its own (-o)"
        )


def _lost_links(catalog: Catalog, others: Mapping[str, Layer], after: Mapping[str, Layer]) -> Iterator[str]:
    """Say how many links of the plan name features that go."""
    for key in after:
        before = set(others[key].frame["id"]) if key in others else set()
        gone = before - set(after[key].frame["id"])
        lost = sum(link.layer == key and link.feature_id in gone for link in catalog.plan.links) if gone else 0
        if lost:
            yield f"{key}: links of the plan to features that are gone: {lost}; --refine keeps them"


def _write(
    after: Mapping[str, Layer], sources: Sequence[Source], catalog: Catalog, target: Destination
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    if target.into is not None:
        kept = store(target.into, after, sources)
        return tuple(target.into / "data" / "geojson" / f"{key}.geojson" for key in after), tuple(kept)
    if target.out is None:
        return (), ()
    if target.out.suffix != ".geojson":
        made = new_atlas(
            target.out, after, sources, like=catalog.root, overwrite=target.overwrite, founding=target.founding
        )
        return (made,), ()
    if len(after) != 1:
        raise ImportDataError(f"{target.out} can hold one layer, not {len(after)}; name a folder")
    (layer,) = after.values()
    return (write_layer(layer, target.out, overwrite=target.overwrite),), ()


def put(
    changed: Mapping[str, Layer], sources: Sequence[Source], catalog: Catalog, target: Destination
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Store changed layers of an atlas in it, or in a copy of it; return what was written and what was kept.

    With nothing changed, an atlas stays untouched; a copy is made all the same.
    """
    if target.into is not None:
        return _write(changed, sources, catalog, target) if changed else ((), ())
    if target.out is None:
        return (), ()
    if target.out.suffix == ".geojson":
        raise ImportDataError(f"{target.out} cannot hold an atlas; name a folder")
    return (copied_atlas(target.out, changed, sources, like=catalog.root, overwrite=target.overwrite),), ()
