"""References to the environment, `${NAME}`, in a source's URL and headers and in `translate.key`. Pure.

Settings hold a value as it is written. The environment's text takes the place of a reference only in memory, for a
request and for the log's list of secrets, and is never stored.
"""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\$\{([^}]*\}?)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\}")


def referenced_names(text: str) -> tuple[str, ...]:
    """Return the names that `text` refers to, well-formed or not."""
    return tuple(reference.rstrip("}") for reference in _REFERENCE.findall(text))


def reference_problems(text: str, environ: Mapping[str, str] | None) -> tuple[str, ...]:
    """Return what is wrong with the references in `text`, one message each; without an environment only with names."""
    problems = (_reference_problem(reference, environ) for reference in _REFERENCE.findall(text))
    return tuple(problem for problem in problems if problem)


def _reference_problem(reference: str, environ: Mapping[str, str] | None) -> str | None:
    if not _NAME.fullmatch(reference):
        return "the `${` here opens no name; write ${NAME}, of letters, digits and _"
    name = reference[:-1]
    return (
        None if environ is None or environ.get(name) else f"`${{{name}}}` is not in the environment; set {name} there"
    )


def resolved(text: str, environ: Mapping[str, str]) -> str:
    """Return `text` with the environment's text in place of its references. Raises ValueError with what is wrong."""
    for problem in reference_problems(text, environ):
        raise ValueError(problem)
    return _REFERENCE.sub(lambda match: environ[match[1][:-1]], text).strip()
