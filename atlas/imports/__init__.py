"""What users bring in."""
