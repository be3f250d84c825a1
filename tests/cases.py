"""Many small cases of a test as one: thousands of tests cost more than what they do, in each process that runs some."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

import pytest


def for_each(names: str | Sequence[str], cases: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give the test each case as these arguments, as `pytest.mark.parametrize` does, but within one test.

    Every case is tried; those that failed are raised together, each with its number and its values. Not for tests
    that need a fixture anew for each case. Raises ValueError if there are no cases.
    """
    arguments = (names,) if isinstance(names, str) else tuple(names)
    values = [(case,) if isinstance(names, str) else tuple(case) for case in cases]
    if not values:
        raise ValueError("there are no cases")

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @wraps(test)
        def every_case(**others: Any) -> None:
            failures: list[Exception] = []
            for number, case in enumerate(values):
                try:
                    test(**others, **dict(zip(arguments, case, strict=True)))
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001  # every other case is tried, too
                    failure = error if isinstance(error, Exception) else AssertionError(str(error))
                    failure.add_note(f"case {number}: {case!r:.300}")
                    failures.append(failure)
            if failures:
                raise ExceptionGroup(f"{len(failures)} of {len(values)} cases failed", failures)

        signature = inspect.signature(test)
        others = [parameter for name, parameter in signature.parameters.items() if name not in arguments]
        vars(every_case)["__signature__"] = signature.replace(parameters=others)
        return every_case

    return decorate
