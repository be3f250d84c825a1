"""Entry point of the command `aggregator` and of `python -m aggregator`. Shell."""

import gc
import sys

# With Python's own thresholds (700, 10, 10) garbage collection takes 10 % of a poll, which creates hardly any cycles.
GC_THRESHOLDS = (50_000, 20, 20)
INTERRUPTED = 130  # exit status, as a shell gives it for a command that Ctrl-C ended


def main() -> None:
    """Run the command line; Ctrl-C ends it without a traceback, even while the libraries are being imported."""
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        from aggregator.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        gc.freeze()  # saves 50 ms: at exit Python would search all libraries for cycles


if __name__ == "__main__":
    main()
