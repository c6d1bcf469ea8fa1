"""Commands that keep, take in and write things."""
