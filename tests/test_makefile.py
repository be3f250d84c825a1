"""`make crash` and `make hostile` run the thorough form of every test that has one."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
OTHERWISE = {"tests/fuzz/test_fuzz.py", "tests/test_makefile.py"}  # `make fuzz` has a form of its own


def test_every_test_with_a_thorough_form_is_named() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    modules = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/test_*.py")
    }
    thorough = {path for path, text in modules.items() if "from tests.thorough import" in text} - OTHERWISE
    assert thorough
    assert [path for path in sorted(thorough) if path not in makefile] == []
    named = re.findall(r"tests/[\w/]+/test_\w+\.py", makefile)
    assert set(named) <= modules.keys()
