"""Numbers of things, in words."""


def counted(number: int, one: str, several: str = "") -> str:
    """`number` with the name of what it counts: "1 source", "2 sources"."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"
