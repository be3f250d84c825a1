"""A configuration file as a test wants it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from aggregator import config
from aggregator.errors import ConfigError
from aggregator.settings import Settings

Load = Callable[..., Settings]
Faults = Callable[..., list[str]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """The settings of a text written to `feeds.yaml`."""

    def load(text: str | bytes, environ: Mapping[str, str] | None = None) -> Settings:
        file = tmp_path / "feeds.yaml"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return config.load(file, environ or {})

    return load


@pytest.fixture
def faults(load: Load, tmp_path: Path) -> Faults:
    """The faults of such a text, `LINE:COLUMN: message` or `VARIABLE: message`; none where it loads."""

    def faults(text: str | bytes, environ: Mapping[str, str] | None = None) -> list[str]:
        try:
            load(text, environ)
        except ConfigError as error:
            return [str(fault).removeprefix(f"{tmp_path / 'feeds.yaml'}:") for fault in error.faults]
        return []

    return faults
