"""`make fuzz`: each property against as many inputs as its time allows; what fails is kept and told.

With atheris, which follows the code's branches; without it (no wheel for this Python) with hypothesis.
"""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.mutations import mutated
from tests.fuzz.properties import PROPERTIES
from tests.fuzz.seeds import FOUND, seeds

FIRST = ("parse", "clean", "jsonfeed", "dates", "titles")
# What hypothesis does between two looks at the clock.
_STEP = settings(
    max_examples=500,
    deadline=None,
    database=None,
    suppress_health_check=[*HealthCheck],
    phases=[Phase.generate, Phase.shrink],
)


def main() -> int:
    """Fuzz the properties named on the command line; the number of those that failed."""
    options = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    options.add_argument("properties", nargs="*", default=[*FIRST, *(set(PROPERTIES) - {*FIRST})])
    options.add_argument("--seconds", type=int, default=60, help="for each property")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="aggregator-fuzz-") as folder:
        failed = [name for name in chosen.properties if not _holds(name, chosen.seconds, Path(folder))]
    for name in failed:
        print(f"{name} does not hold; its input is in {FOUND / name}. Mend it and keep the input: the tests run it.")
    return len(failed)


def _holds(name: str, seconds: int, folder: Path) -> bool:
    print(f"fuzzing {name} for {seconds} s", flush=True)
    if importlib.util.find_spec("atheris"):
        return _by_atheris(name, seconds, folder)
    return _by_hypothesis(name, seconds)


def _by_atheris(name: str, seconds: int, folder: Path) -> bool:
    """A process for each, since libFuzzer ends the one it runs in."""
    corpus, crashes = folder / name, FOUND / name
    corpus.mkdir()
    crashes.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(name)):
        (corpus / str(number)).write_bytes(seed)
    limits = (f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=2048", "-max_len=20000")
    words = (*limits, f"-artifact_prefix={crashes}/", "-verbosity=0", "-print_final_stats=1", str(corpus))
    done = subprocess.run([sys.executable, "-m", "tests.fuzz.guided", name, *words], check=False)
    if not any(crashes.iterdir()):
        crashes.rmdir()
    return done.returncode == 0


def _by_hypothesis(name: str, seconds: int) -> bool:
    end = time.monotonic() + seconds
    crashes = FOUND / name
    last = b""

    @_STEP
    @given(mutated(name))
    def holds(data: bytes) -> None:
        nonlocal last
        last = data
        PROPERTIES[name](data)

    while time.monotonic() < end:
        try:
            holds()
        except Exception as fault:  # noqa: BLE001  # whatever it is, it is a finding
            crashes.mkdir(parents=True, exist_ok=True)
            (crashes / f"hypothesis-{abs(hash(last)):x}").write_bytes(last)
            print(f"{type(fault).__name__}: {fault}")
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
