"""What axe-core finds wrong with a page for those who read it by ear, by keyboard or with weak eyes."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from tests.whole.browser import Tab

_FOUND = """axe.run({resultTypes: ["violations"]}).then(found => found.violations
  .filter(one => ["serious", "critical"].includes(one.impact))
  .map(one => one.id + ": " + one.help + " at " + one.nodes.map(node => node.target + " " + node.failureSummary)))"""


@cache
def _script() -> str:
    """The script itself, of the package that carries it; nothing else of that is used."""
    package = find_spec("axe_core_python")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).with_name("axe.min.js").read_text(encoding="utf-8")


async def violations(tab: Tab) -> list[str]:
    """The serious and critical violations on the page that `tab` shows, a sentence each.

    The debugger's expressions are not subject to the page's Content-Security-Policy, which allows no script.
    """
    if not await tab.value("typeof axe === 'object'"):
        await tab.value(f"{_script()}; null")
    messages: list[str] = await tab.value(_FOUND)
    return messages
