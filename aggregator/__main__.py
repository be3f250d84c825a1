"""The command `aggregator`, which is `python -m aggregator` too. Shell."""

import gc
import sys

# Of garbage collection: Python's own (700, 10, 10) takes a tenth of a poll, which leaves hardly any cycle behind.
SELDOM = (50_000, 20, 20)
STOPPED = 130  # exit status, as a shell gives it for what Ctrl-C ended


def main() -> None:
    """Run the command line; Ctrl-C ends it without a word, while its libraries are still loaded as well as later."""
    gc.set_threshold(*SELDOM)
    try:
        from aggregator.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(STOPPED)
    finally:
        gc.freeze()  # else Python, as it ends, walks through all libraries for cycles: 50 ms


if __name__ == "__main__":
    main()
