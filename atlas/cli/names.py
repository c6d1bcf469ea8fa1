"""Names of places on the command line: texts that the shell completes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from atlas.base.errors import AtlasError
from atlas.cli.session import Session
from atlas.cli.texts import Text

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["PLACE_NAME"]


class PlaceName(Text):
    """The name of a place; the shell completes those of the layer `places`."""

    name = "place"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the names that begin with what was typed; none where there is no atlas to ask."""
        from click.shell_completion import CompletionItem

        from atlas.base.doors import whole_signs
        from atlas.base.words import language
        from atlas.data.places import names_beginning, names_in

        session = ctx.obj if isinstance(ctx.obj, Session) else Session()
        english = language() == "en"
        try:
            found = names_beginning(names_in(session.folder), whole_signs(incomplete), english=english)
        except AtlasError:
            return []
        return [CompletionItem(name, help=place.name_zh if english else place.name_en) for name, place in found]


PLACE_NAME = PlaceName()
