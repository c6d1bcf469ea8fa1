"""The algorithms: a route, areas within reach, and times between many places, as layers of QGIS."""

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingException,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterString,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant

from . import asking

LONLAT = QgsCoordinateReferenceSystem("EPSG:4326")


def fields_of(described):
    """Return fields of QGIS for (name, type) pairs."""
    fields = QgsFields()
    for name, kind in described:
        fields.append(QgsField(name, QVariant.Double if kind is float else QVariant.String))
    return fields


class Asking(QgsProcessingAlgorithm):
    """What all have in common: the service, the way of travelling, the year, and a layer that comes out."""

    described = ()
    shape = QgsWkbTypes.NoGeometry
    kind = QgsProcessing.TypeVector
    about = ""

    def group(self):
        """Return the group in the toolbox."""
        return ""

    def groupId(self):
        """Return the group's id."""
        return ""

    def shortHelpString(self):
        """Return the help."""
        return (
            f"{self.about}\n\nA place is a name, an id or lon,lat. The service is started with: atlas serve\n"
            "地点为名称、编号或 lon,lat；先以 atlas serve 启动服务。"
        )

    def createInstance(self):
        """Return another of the same."""
        return type(self)()

    def initAlgorithm(self, config=None):
        """Declare the parameters."""
        self.places()
        self.addParameter(QgsProcessingParameterEnum("MODE", "Mode 方式", list(asking.MODES), defaultValue=0))
        self.addParameter(QgsProcessingParameterString("YEAR", "Year 年份", "2026"))
        self.addParameter(QgsProcessingParameterString("SERVICE", "Service 服务地址", asking.USUAL))
        self.addParameter(QgsProcessingParameterFeatureSink("OUTPUT", self.displayName(), self.kind))

    def some(self, name, title):
        """Declare places: a text, and a layer of points in its stead."""
        self.addParameter(
            QgsProcessingParameterString(
                name, f"{title} (; between several 多个以 ; 分隔)", multiLine=True, optional=True
            )
        )
        self.addParameter(
            QgsProcessingParameterFeatureSource(
                f"{name}_POINTS", f"{title}: points 点图层", [QgsProcessing.TypeVectorPoint], optional=True
            )
        )

    def read(self, parameters, name, context):
        """Return the places of a text and of the points of a layer, these as lon,lat."""
        found = asking.names(self.parameterAsString(parameters, name, context) or "")
        source = self.parameterAsSource(parameters, f"{name}_POINTS", context)
        if source is not None:
            moved = QgsCoordinateTransform(source.sourceCrs(), LONLAT, context.transformContext())
            for feature in source.getFeatures():
                if feature.hasGeometry():
                    point = moved.transform(feature.geometry().centroid().asPoint())
                    found.append(f"{point.x():.7f},{point.y():.7f}")
        if not found:
            raise QgsProcessingException(f"{name} names no place; give a name, lon,lat or a layer of points")
        return found

    def processAlgorithm(self, parameters, context, feedback):
        """Ask, and write what is answered."""
        fields = fields_of(self.described)
        sink, output = self.parameterAsSink(parameters, "OUTPUT", context, fields, self.shape, LONLAT)
        if sink is None:
            raise QgsProcessingException(self.invalidSinkError(parameters, "OUTPUT"))
        common = {
            "service": self.parameterAsString(parameters, "SERVICE", context),
            "mode": asking.MODES[self.parameterAsEnum(parameters, "MODE", context)],
            "year": self.parameterAsString(parameters, "YEAR", context),
        }
        count = 0
        try:
            for values, wkt in self.answers(parameters, context, feedback, common):
                feature = QgsFeature(fields)
                feature.setAttributes(values)
                if wkt:
                    feature.setGeometry(QgsGeometry.fromWkt(wkt))
                sink.addFeature(feature, QgsFeatureSink.FastInsert)
                count += 1
        except asking.Refused as reason:
            raise QgsProcessingException(str(reason)) from reason
        feedback.pushInfo(f"{count} features")
        return {"OUTPUT": output}


class Route(Asking):
    """The fastest way from one place to another."""

    described = asking.ROUTE_FIELDS
    shape = QgsWkbTypes.MultiLineString
    kind = QgsProcessing.TypeVectorLine
    about = "The fastest way from one place to another, with minutes, kilometres and legs. 两地之间最快路线。"

    def name(self):
        """Return the id."""
        return "route"

    def displayName(self):
        """Return the title."""
        return "Route 路线"

    def places(self):
        """Declare the ends."""
        self.addParameter(QgsProcessingParameterString("FROM", "From 起点"))
        self.addParameter(QgsProcessingParameterString("TO", "To 终点"))

    def answers(self, parameters, context, feedback, common):
        """Ask for the route."""
        ends = [self.parameterAsString(parameters, name, context) for name in ("FROM", "TO")]
        return asking.routes(common["service"], *ends, mode=common["mode"], year=common["year"])


class Areas(Asking):
    """The areas within reach."""

    described = asking.AREA_FIELDS
    shape = QgsWkbTypes.MultiPolygon
    kind = QgsProcessing.TypeVectorPolygon
    about = "The areas within reach of each origin, over land. 各起点在时限内可达的陆地范围。"

    def name(self):
        """Return the id."""
        return "isochrone"

    def displayName(self):
        """Return the title."""
        return "Areas within reach 可达范围"

    def places(self):
        """Declare the origins and cut-offs."""
        self.some("ORIGINS", "Origins 起点")
        self.addParameter(QgsProcessingParameterString("WITHIN", "Minutes 时限（分钟）", "60,120"))

    def answers(self, parameters, context, feedback, common):
        """Ask for the areas."""
        origins = self.read(parameters, "ORIGINS", context)
        within = self.parameterAsString(parameters, "WITHIN", context)
        return asking.areas(origins=origins, within=within, stopped=feedback.isCanceled, **common)


class Times(Asking):
    """Times between many places."""

    described = asking.MATRIX_FIELDS
    about = "Minutes from each origin to each destination, with their parts. 各起点至各终点的用时。"

    def name(self):
        """Return the id."""
        return "matrix"

    def displayName(self):
        """Return the title."""
        return "Travel times 用时矩阵"

    def places(self):
        """Declare origins and destinations."""
        self.some("ORIGINS", "Origins 起点")
        self.some("DESTINATIONS", "Destinations 终点")

    def answers(self, parameters, context, feedback, common):
        """Ask for the times."""
        ends = {name.lower(): self.read(parameters, name, context) for name in ("ORIGINS", "DESTINATIONS")}
        return ((values, "") for values in asking.times(stopped=feedback.isCanceled, **ends, **common))
