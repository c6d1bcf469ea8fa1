"""Commands that keep, draw and write things."""
