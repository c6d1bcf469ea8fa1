"""Where the atlas keeps its layers and data: in a checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

from atlas.base.errors import LayerError

__all__ = ["find_root"]


def find_root(root: str | Path | None = None) -> Path:
    """Return the folder that holds ``layers/`` and ``data/``.

    Parameters
    ----------
    root
        A folder of the user's own with the same shape. None: the checkout this package stands in,
        else what was installed with the package.

    Raises
    ------
    LayerError
        The folder given has no ``layers/`` or no ``data/``.
    """
    if root is not None:
        given = Path(root)
        if not ((given / "layers").is_dir() and (given / "data").is_dir()):
            raise LayerError(f"{given} is no atlas: it needs the folders layers/ and data/")
        return given
    package = Path(__file__).resolve().parent.parent
    for candidate in (package.parent, package / "shipped"):
        if (candidate / "layers").is_dir() and (candidate / "data").is_dir():
            return candidate
    raise LayerError("neither a checkout nor an installed copy of layers/ and data/ was found; install again")
