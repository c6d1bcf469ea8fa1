"""How the fact tables of data/facts/ become the layers of data/geojson/."""
