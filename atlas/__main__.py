"""`python -m atlas` and the command `atlas`."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    # Nothing here multiplies matrices; without this numpy makes a thread a core, which costs a fifth of its start.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
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
