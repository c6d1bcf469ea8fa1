"""Taking other people's data in: OpenStreetMap, GTFS, any vector file, populations."""
