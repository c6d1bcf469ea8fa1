"""The atlas as a service over HTTP: OGC API Features and Tiles, routes, reaches, areas, times, scenarios. Read-only."""
