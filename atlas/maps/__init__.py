"""Map pages: self-contained Folium maps, one file each."""
