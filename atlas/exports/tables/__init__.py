"""What a value holds: tables with fields, units, CRS and sources."""
