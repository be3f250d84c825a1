"""The place of published files: an interface, and the folder in the file system that has it. Edge."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from aggregator import files
from aggregator.model import OutputFile


class OutputFolder(Protocol):
    """Place of the files of articles, or of those of feeds. All methods may raise FilesError."""

    def write(self, outputs: Iterable[OutputFile]) -> tuple[str, ...]:
        """Write the files, and return the paths of those that were missing or different."""

    def remove(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Remove files, and return the paths of those that existed."""

    def differing(self, outputs: Iterable[OutputFile]) -> Iterator[tuple[OutputFile, bool]]:
        """Yield the files that are missing or different, each with True if its path exists."""

    def refresh(self) -> None:
        """Look at what is there, where `write` and `differing` go by what is known of it."""

    def listed(self) -> Iterator[str]:
        """Yield the paths of all files that are here."""

    def written(self, folder: str) -> Iterator[str]:
        """Yield the paths, relative to a folder in this one, of files that `write` put there and nothing removed."""

    def sweep(self) -> tuple[str, ...]:
        """Remove temporary files of killed processes, and return their paths."""

    def name(self, path: str) -> str:
        """Return the name of a file for messages."""


class Folder:
    """A folder in the file system with files of articles, or of feeds."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, outputs: Iterable[OutputFile]) -> tuple[str, ...]:
        """Write the files, and return the paths of those that were missing or different."""
        return files.write(self.root, outputs)

    def remove(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Remove files, with folders that become empty, and return the paths of those that existed."""
        return files.remove(self.root, paths)

    def differing(self, outputs: Iterable[OutputFile]) -> Iterator[tuple[OutputFile, bool]]:
        """Yield the files that are missing or different, each with True if its path exists."""
        return files.differing(self.root, outputs)

    def refresh(self) -> None:
        """Do nothing: each file is looked at when it is written or compared."""

    def listed(self) -> Iterator[str]:
        """Yield the paths of all files that are here."""
        return files.listed(self.root)

    def written(self, folder: str) -> Iterator[str]:
        """Yield the paths of all files in a folder in this one, relative to it."""
        return files.listed(self.root / folder)

    def sweep(self) -> tuple[str, ...]:
        """Remove temporary files of killed processes, and return their paths."""
        return files.sweep(self.root)

    def name(self, path: str) -> str:
        """Return the absolute path of a file."""
        return str(self.root / path)
