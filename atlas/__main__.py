"""`python -m atlas` and the command `atlas`."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    try:
        from atlas.cli import cli
        from atlas.cli.ending import Ending, heed_signals, lenient_terminal
    except KeyboardInterrupt:
        sys.exit(130)
    heed_signals()
    lenient_terminal()
    with Ending():
        cli(prog_name="atlas")


if __name__ == "__main__":
    main()
