"""Commands for decisions: projects, needs, gaps, closures, events, hinterland, fairness, corridors."""
