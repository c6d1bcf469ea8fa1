"""The provider `atlas` of the Processing toolbox, and the plugin that brings it."""

from qgis.core import QgsApplication, QgsProcessingProvider

from .algorithms import Areas, Route, Times


class Provider(QgsProcessingProvider):
    """Algorithms that ask an atlas service."""

    def id(self):
        """Return the provider's id."""
        return "atlas"

    def name(self):
        """Return the name in the toolbox."""
        return "Atlas 图集"

    def loadAlgorithms(self):
        """Add the algorithms."""
        for algorithm in (Route, Areas, Times):
            self.addAlgorithm(algorithm())


class Plugin:
    """What QGIS loads: it adds the provider and takes it away."""

    def __init__(self):
        self.provider = None

    def initProcessing(self):
        """Add the provider; qgis_process calls this alone."""
        self.provider = Provider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self):
        """Add the provider when QGIS has a window."""
        self.initProcessing()

    def unload(self):
        """Take the provider away."""
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
