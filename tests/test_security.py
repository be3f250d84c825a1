"""SECURITY.md names proofs that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_proof_is_there() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    proofs = re.findall(r"`((?:tests/|requirements)[\w./]+)(?:::(\w+))?`", text)
    assert len(proofs) > 20
    for path, name in proofs:
        assert (ROOT / path).is_file(), path
        assert not name or f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), (path, name)
