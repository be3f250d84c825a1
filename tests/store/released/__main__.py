"""Prints the rows of a database that this version of the program makes."""

import sys
import tempfile
from pathlib import Path

from tests.store.released import printed

with tempfile.TemporaryDirectory() as folder:
    sys.stdout.write(printed(Path(folder)))
