"""Any value as a file."""
