"""What to decide: the worth of projects, what a promise needs, what breaks it, who is left behind."""

from __future__ import annotations

__all__ = ["LEVERS", "MEASURES"]

# What can be asked for stands in the room's door, where options of commands find it without what computes it.
#: What projects are weighed by; see :func:`atlas.decide.measures.make_measure`.
MEASURES = ("people", "pairs", "minutes", "promise", "trips", "hinterland")
#: Kinds of what a trip may need; see :func:`atlas.decide.needs.solve`.
LEVERS = ("speed", "headway", "border", "access", "departure", "project")
