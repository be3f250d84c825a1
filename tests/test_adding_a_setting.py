"""The tour's example of a new setting of a source: one field, and the program carries it everywhere."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
TOUR = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")

PROGRAM = """
import sys
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec, module_from_spec
from pathlib import Path

spec = find_spec("aggregator.settings")
code = Path(spec.origin).read_text(encoding="utf-8")
field = sys.argv[1]
last = "    enabled: Flag = Field("
assert code.count(last) == 1
module = sys.modules["aggregator.settings"] = module_from_spec(spec)
exec(compile(code.replace(last, field + last), spec.origin, "exec"), module.__dict__)

from aggregator import config
from aggregator.model import Source
from aggregator.settings import Fetch
from aggregator.store import Store
from aggregator.sync import sync_sources

now = datetime(2026, 11, 24, 12, tzinfo=UTC)
file = Path("feeds.yaml")


def configured(timeout):
    file.write_text(f"sources: [{{url: https://example.org/feed, timeout: {timeout}}}]\\n")
    settings = config.load(file, {})
    return settings, [Source(settings=source) for source in settings.sources]


settings, sources = configured("5s")
assert sources[0].settings.timeout == timedelta(seconds=5)
for timeout in ("5s", "7s"):
    settings, sources = configured(timeout)
    with Store.open(settings.database) as store:
        sync_sources(store, sources, now, settings.fetch)
    del settings, sources
    with Store.open(f"sqlite:///{Path.cwd()}/storage/aggregator.db") as store:
        for stored in (store.sources.all(), store.sources.overview(now), store.sources.by_id([1])):
            assert [one.source.settings.timeout for one in stored] == [timedelta(seconds=int(timeout[0]))], stored
(claimed,) = Store.open(f"sqlite:///{Path.cwd()}/storage/aggregator.db").leases.claim(
    now, limit=1, lease=timedelta(minutes=1)
)
assert claimed.source.settings.timeout == timedelta(seconds=7)
try:
    configured("5 parsecs")
except Exception as error:
    print(error)
print(config.schema()["$defs"]["SourceSettings"]["anyOf"][1]["properties"]["timeout"]["description"])
"""


def test_the_field_alone_goes_through_configuration_database_and_overview(tmp_path: Path) -> None:
    section = TOUR.partition("## Adding a setting of a source")[2]
    field = re.findall(r"```python\n(.*?)```", section, re.DOTALL)[0]
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, field], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "feeds.yaml:1:52: `5 parsecs` is no duration; write a whole number and a unit, such as 30s, 15m, 6h or 7d",
        "Time-out of its requests; fetch.timeout if left out.",
    ]
