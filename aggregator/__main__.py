"""The command `aggregator`, which is `python -m aggregator` too. Shell."""

import sys

STOPPED = 130  # exit status, as a shell gives it for what Ctrl-C ended


def main() -> None:
    """Run the command line; Ctrl-C ends it without a word, while its libraries are still loaded as well as later."""
    try:
        from aggregator.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(STOPPED)


if __name__ == "__main__":
    main()
