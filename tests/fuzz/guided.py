"""One property under atheris: `python -m tests.fuzz.guided NAME [options of libFuzzer] CORPUS`."""

import sys

import atheris

with atheris.instrument_imports(include=["aggregator", "feedparser"]):
    from tests.fuzz.properties import PROPERTIES

if __name__ == "__main__":
    name, *words = sys.argv[1:]
    atheris.Setup([sys.argv[0], *words], PROPERTIES[name])
    atheris.Fuzz()
