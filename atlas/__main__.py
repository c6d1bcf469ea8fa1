"""`python -m atlas` and the command `atlas`."""

from __future__ import annotations

from atlas.cli import cli

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    cli(prog_name="atlas")


if __name__ == "__main__":
    main()
