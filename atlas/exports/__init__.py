"""Files for other programs: one module a family of formats."""
