"""Plain texts on the command line; apart from the other options, so that the list of commands loads nothing else."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["Text", "in_characters"]


class Text(click.ParamType[str]):
    """A text as a terminal hands it over, in UTF-8 or GBK. Paths stay the bytes they are."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the characters."""
        from atlas.base.doors import whole_signs

        return whole_signs(str(value))


def in_characters(command: click.Command) -> click.Command:
    """Let every argument and option of a command, and of what stands under it, that is a plain text be a `Text`."""
    for one in command.params:
        if one.type is click.STRING:
            one.type = Text()
    for under in getattr(command, "commands", {}).values():
        in_characters(under)
    return command
