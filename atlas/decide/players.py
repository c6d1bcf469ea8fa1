"""The projects whose worth is asked: each a name and the features that stand or fall with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from atlas.base.errors import PlanError
from atlas.data.register import Register
from atlas.data.scenario import Scenario
from atlas.network.build import Network

__all__ = ["Player", "listed_players", "plan_players"]

#: Items that are no project of their own: lines of corridors, targets, and lines that gather projects.
_NO_PROJECT = ("corridor", "target")
_STAGE_RANK = {"existing": 1, "network": 2, "optimise": 2}


@dataclass(frozen=True)
class Player:
    """A project.

    Attributes
    ----------
    id
        Its plan item, or the feature a user names.
    name_zh, name_en
        For readers.
    features
        ``layer/feature`` ids that are there with the project and not without it.
    opens_year, opens_basis
        Of the feature that opens first; None and ``unknown`` where no year is known.
    """

    id: str
    name_zh: str
    name_en: str
    features: tuple[str, ...]
    opens_year: int | None
    opens_basis: str


def plan_players(network: Network, register: Register, before: Scenario, after: Scenario) -> tuple[Player, ...]:
    """Return the plan's projects that `after` has and `before` has not, in the order of the register.

    A feature of several items belongs to one: a project before an existing line before a line that gathers projects,
    and of these the item with fewest features. Corridors and targets are no projects, and a station stands
    with its line. What was there before in part keeps the part: only features that had nothing open count.

    Parameters
    ----------
    network, register
        The network, and the plan.
    before, after
        Projects are those of the later scenario that the earlier has not.

    Returns
    -------
    tuple of Player
        Each with its features and the year it opens.

    Raises
    ------
    PlanError
        There is none.

    Examples
    --------
    >>> from atlas.data.register import read_register
    >>> from atlas.data.region import find_root
    >>> years = atlas.load_scenario("2023"), atlas.load_scenario("2026")
    >>> players = plan_players(network, read_register(find_root() / "data" / "plan"), *years)
    >>> "plan-hwy-23" in [player.id for player in players]
    True
    """
    arrays = network.arrays
    old, new = arrays.open_in(before), arrays.open_in(after)
    links = [link for item in register for link in register.links_of(item.id)]
    size = {item.id: len(register.links_of(item.id)) for item in register}

    def order(item: str) -> tuple[int, int, str]:
        return _STAGE_RANK.get(register[item].stage, 0), size[item], item

    owner: dict[str, str] = {}
    for link in links:
        if register[link.plan_id].stage in _NO_PROJECT or link.layer == "stations":
            continue
        feature = f"{link.layer}/{link.feature_id}"
        rows = arrays.rows_by_id.get(feature)
        if rows is None or old[rows].any() or not new[rows].any():
            continue
        rival = owner.get(feature)
        if rival is None or order(link.plan_id) < order(rival):
            owner[feature] = link.plan_id
    by_item: dict[str, list[str]] = {}
    for feature, item in owner.items():
        by_item.setdefault(item, []).append(feature)
    if not by_item:
        if not any(True for _ in register):
            raise PlanError(
                "this atlas has no plan, hence no projects: its data/plan/register.csv lists none; "
                "see docs/howto/region.md"
            )
        raise PlanError(
            f"no project of the plan is open in {after.name} and not in {before.name}; "
            "choose a later year, or an earlier one to start from"
        )
    return tuple(
        _player(network, item.id, item.name_zh, item.name_en, tuple(by_item[item.id]))
        for item in register
        if item.id in by_item
    )


def listed_players(network: Network, ids: Iterable[str], register: Register | None = None) -> tuple[Player, ...]:
    """Return a player for each of `ids`: features, lines or plan items of the user's own choice.

    Parameters
    ----------
    network
        The network.
    ids
        Features, lines or items of the plan, by id.
    register
        The plan, which names its items; None: an item goes by its id.

    Returns
    -------
    tuple of Player
        In the order of `ids`.

    Raises
    ------
    PlanError
        One names no edge of the network.

    Examples
    --------
    >>> listed_players(network, ["hmh"])[0].opens_year
    2024
    """
    players = []
    for name in dict.fromkeys(ids):
        if name not in network.arrays.rows_by_id:
            raise PlanError(f"{name!r} is no feature or plan item of the network; `atlas plan list` gives the items")
        item = register[name] if register is not None and name in register else None
        zh, en = _names(network, name) if item is None else (item.name_zh, item.name_en)
        players.append(_player(network, name, zh, en, (name,)))
    if not players:
        raise PlanError("no project was named; give at least one")
    _apart(network, players)
    return tuple(players)


def _apart(network: Network, players: Sequence[Player]) -> None:
    """Refuse projects that share a link: the worth of what is in two would be shared between them."""
    holder: dict[int, str] = {}
    for player in players:
        for row in np.nonzero(network.arrays.named(player.features))[0].tolist():
            if row in holder:
                raise PlanError(
                    f"{holder[row]!r} and {player.id!r} share {network.edge_column('feature_id')[row]!r}, whose worth "
                    "would be halved between them; name one of the two"
                )
            holder[row] = player.id


def _names(network: Network, name: str) -> tuple[str, str]:
    layer, _, feature = name.rpartition("/")
    if layer:
        return network.names_of(layer, feature)
    for key in ("highways", "railways", "cross_border_links", "ferries", "ports", "airports", "stations"):
        if (key, name) in network.feature_names:
            return network.names_of(key, name)
    return name, name


def _player(network: Network, name: str, zh: str, en: str, features: Sequence[str]) -> Player:
    rows = np.nonzero(network.arrays.named(features))[0]
    years = network.arrays.opens_year[rows]
    known = np.isfinite(years)
    if not known.any():
        return Player(name, zh, en, tuple(features), None, "unknown")
    first = rows[known][np.argmin(years[known])]
    basis = str(network.edges["opens_basis"].iloc[first])
    return Player(name, zh, en, tuple(features), int(network.arrays.opens_year[first]), basis)
