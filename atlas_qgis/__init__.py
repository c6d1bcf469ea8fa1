"""The atlas in QGIS: a Processing provider whose algorithms ask a running `atlas serve`."""


def classFactory(iface):
    """Return the plugin, as QGIS asks for it."""
    from .provider import Plugin

    return Plugin()
