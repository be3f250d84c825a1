"""Notifications to a service manager that cannot be reached."""

from pathlib import Path

import pytest

from aggregator.daemon.systemd import Supervisor


def test_an_unreachable_service_manager_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    supervisor = Supervisor(str(tmp_path / "notify"))
    supervisor.ready()
    supervisor.stopping()
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert str(tmp_path / "notify") in record.message
    assert "No such file or directory" in record.message


def test_without_a_service_manager_nothing_is_sent(caplog: pytest.LogCaptureFixture) -> None:
    Supervisor(None).ready()
    Supervisor("").ready()
    assert caplog.records == []
