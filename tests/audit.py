"""Asks whether a locked dependency has a known vulnerability: `python -m tests.audit`, a part of `make check`.

The advisories are OSV's (PyPA's and GitHub's among them), asked for in one request. Where they cannot be had within
five seconds, one line says that the audit was skipped, and nothing fails.
"""

import json
import re
import sys
import threading
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

LOCK = Path(__file__).parent.parent / "requirements.lock"
DATABASE = "https://api.osv.dev/v1/querybatch"
PATIENCE = 5.0  # seconds, looking up the name included
ACCEPTED: dict[str, str] = {}  # advisories that do not reach us, by id: why not

_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_SKIPPED = "dependency audit skipped: the advisory database cannot be reached"


def pinned(lock: str) -> tuple[tuple[str, str], ...]:
    """Names and versions in the text of a lock file."""
    return tuple((name, version) for name, version in _PINNED.findall(lock))


def advisories(packages: Sequence[tuple[str, str]], database: str) -> dict[tuple[str, str], list[str]] | None:
    """Ids of the advisories of each package that has some; None where the database gives no answer in time."""
    answers: list[Any] = []
    asking = threading.Thread(target=_ask, args=(packages, database, answers), daemon=True)
    asking.start()
    asking.join(PATIENCE)  # a name server that hangs heeds no time limit of a socket
    try:
        results = answers[0]["results"]
        ids = [[vulnerability["id"] for vulnerability in result.get("vulns") or ()] for result in results]
        return {package: named for package, named in zip(packages, ids, strict=True) if named}
    except (IndexError, KeyError, TypeError, AttributeError, ValueError):
        return None


def _ask(packages: Sequence[tuple[str, str]], database: str, answers: list[Any]) -> None:
    queries = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in packages]
    body = json.dumps({"queries": queries}).encode()
    request = Request(database, data=body, headers={"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=PATIENCE) as answer:
            answers.append(json.loads(answer.read(10_000_000)))
    except (OSError, HTTPException, ValueError):
        pass  # nothing found: it was skipped


def main(lock: Path = LOCK, database: str = DATABASE) -> int:
    """Say what was found; 1 where there is an advisory that is not accepted."""
    packages = pinned(lock.read_text(encoding="utf-8"))
    ids_by_package = advisories(packages, database)
    if ids_by_package is None:
        print(_SKIPPED)
        return 0
    open_ones = [
        (name, version, advisory)
        for (name, version), ids in ids_by_package.items()
        for advisory in ids
        if advisory not in ACCEPTED
    ]
    for name, version, advisory in open_ones:
        problem = f"{name} {version} has a known vulnerability, https://osv.dev/{advisory}"
        print(f"{lock.name}: {problem}; raise it by `make lock`")
    print(f"dependency audit: {len(packages)} packages, {len(open_ones)} open advisories")
    return int(bool(open_ones))


if __name__ == "__main__":
    sys.exit(main())
