# ruff: noqa: E402, F403, F405
"""What scripts/qgis_check.py runs within QGIS's own Python: arguments are a folder, an address, and counts by layer."""

import json
import os
import sys

from qgis.core import *
from qgis.PyQt.QtCore import QSize

QgsApplication.setPrefixPath(os.environ.get("QGIS_PREFIX_PATH", "/usr"), True)
folder, address, known = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
app = QgsApplication([], False)
app.initQgis()
wrong = 0


def tell(right, text):
    global wrong
    wrong += not right
    print(("ok    " if right else "WRONG ") + text)


print("QGIS", Qgis.QGIS_VERSION)
for key, count in known.items():
    layer = QgsVectorLayer(f"url='{address}' typename='{key}'", key, "OAPIF")
    read = len(list(layer.getFeatures())) if layer.isValid() else -1
    told = f"OGC API Features {key}: {read} of {count} features, {layer.crs().authid()}"
    tell(layer.isValid() and read == count, told)
near = QgsVectorLayer(f"url='{address}' typename='places'", "places", "OAPIF")
box = QgsFeatureRequest().setFilterRect(QgsRectangle(113.2, 22.0, 113.7, 22.5))
tell(0 < len(list(near.getFeatures(box))) < known["places"], "a box chooses among the places")
for name, code in (("atlas.qgz", "EPSG:4326"), ("planar.qgz", "EPSG:4547")):
    project = QgsProject.instance()
    project.clear()
    opened = project.read(os.path.join(folder, name))
    tell(opened and project.crs().authid() == code, f"{name} opens in {project.crs().authid()}")
    layers = project.mapLayers().values()
    tell(all(one.isValid() for one in layers), f"{name}: {len(layers)} layers, all valid")
    settings, root = QgsMapSettings(), project.layerTreeRoot()
    settings.setLayers([one for one in root.layerOrder() if root.findLayer(one.id()).isVisible()])
    settings.setDestinationCrs(project.crs())
    settings.setOutputSize(QSize(1600, 1100))
    settings.setBackgroundColor(project.backgroundColor())
    settings.setExtent(project.viewSettings().defaultViewExtent())
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(os.path.join(folder, name + ".png"))
    labels = job.takeLabelingResults().allLabels()
    tell(len(labels) > 10, f"{name}: {len(labels)} labels shown at 1:{settings.scale():.0f}")
sys.path[:0] = ["/usr/share/qgis/python/plugins", os.path.join(folder, "plugins")]
import processing
from processing.core.Processing import Processing

Processing.initialize()
from atlas_qgis import classFactory

plugin = classFactory(None)
plugin.initProcessing()
common = {"SERVICE": address, "OUTPUT": "memory:"}
made = processing.run("atlas:route", {"FROM": "珠海", "TO": "阳江", **common})["OUTPUT"]
route = next(made.getFeatures())
told = f"atlas:route {route['travel_time_min']:.1f} min, {route['length_km']:.1f} km"
tell(route["travel_time_min"] > 60 and route.geometry().length() > 1, told)
points = QgsVectorLayer("Point?crs=EPSG:4547", "points", "memory")
one = QgsFeature()
move = QgsCoordinateTransform(QgsCoordinateReferenceSystem("EPSG:4326"), points.crs(), QgsProject.instance())
one.setGeometry(QgsGeometry.fromPointXY(move.transform(QgsPointXY(113.38, 22.52))))
points.dataProvider().addFeatures([one])
asked = {"ORIGINS": "珠海", "ORIGINS_POINTS": points, "WITHIN": "30,60", **common}
made = processing.run("atlas:isochrone", asked)["OUTPUT"]
sizes = [round(area["area_km2"]) for area in made.getFeatures()]
valid = all(area.geometry().isGeosValid() for area in made.getFeatures())
tell(len(sizes) == 4 and valid, f"atlas:isochrone areas of {sizes} km2")
made = processing.run("atlas:matrix", {"ORIGINS": "珠海;中山", "DESTINATIONS": "江门;阳江;广州", **common})["OUTPUT"]
minutes = [round(pair["travel_time_min"], 1) for pair in made.getFeatures()]
tell(len(minutes) == 6, f"atlas:matrix {minutes} min")
try:
    processing.run("atlas:route", {"FROM": "Atlantis", "TO": "阳江", **common})
    tell(False, "an unknown place is refused")
except QgsProcessingException as reason:
    tell("Atlantis" in str(reason), f"an unknown place is refused: {reason}")
sys.stdout.flush()
os._exit(1 if wrong else 0)
