"""Layers become nodes and edges; no minutes in here."""
