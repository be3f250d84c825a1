"""What `deploy/` gives to systemd and to container engines agrees with the program."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from aggregator.daemon.service import DRAIN_SECONDS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
STOP = 10  # seconds that the daemon may take to stop


def unit() -> dict[str, list[str]]:
    """The unit's settings, each with all its values."""
    settings: dict[str, list[str]] = {}
    for line in (DEPLOY / "aggregator.service").read_text().splitlines():
        if setting := re.fullmatch(r"(\w+)=(.*)", line):
            settings.setdefault(setting[1], []).append(setting[2])
    return settings


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze here")
    text = (DEPLOY / "aggregator.service").read_text()
    copy = tmp_path / "aggregator.service"
    copy.write_text(re.sub("(?m)^ExecStart=.*", "ExecStart=/bin/true", text))  # else it is missed where not installed
    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_waits_for_readiness_reloads_by_signal_and_gives_time_to_stop() -> None:
    settings = unit()
    assert settings["Type"] == ["notify"]
    assert settings["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert int(settings["TimeoutStopSec"][0].removesuffix("s")) > STOP > DRAIN_SECONDS
    assert settings["RestartPreventExitStatus"] == ["2"]
    assert settings["ExecStart"][0].endswith(" run")


def test_what_is_copied_into_the_image_is_there() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    copied = [word for line in re.findall(r"(?m)^COPY (?!--from)(.*)", text) for word in line.split()[:-1]]
    paths = [word for word in copied if not word.startswith("--")]
    assert "aggregator" in paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_image_runs_without_root_and_without_a_shell_between() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    assert re.search(r"(?m)^USER [1-9]", text)
    assert re.search(r'(?m)^ENTRYPOINT \["', text)
    assert len(re.findall(r"(?m)^VOLUME ", text)) == 1


def test_compose_builds_that_image_and_gives_time_to_stop() -> None:
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["aggregator"]
    build = service["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Containerfile"
    assert int(service["stop_grace_period"].removesuffix("s")) > STOP
