"""Minutes and people over the land."""
