"""Layers, plan, sources, parameters, scenarios: what is read, checked and stamped."""
