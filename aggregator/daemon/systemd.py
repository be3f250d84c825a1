"""Notifications to systemd about the daemon's state, by the protocol of sd_notify(3). Edge."""

import logging
import socket
import time

log = logging.getLogger(__name__)


class Supervisor:
    """The service manager that started us with NOTIFY_SOCKET; without an address nothing is sent."""

    def __init__(self, address: str | None) -> None:
        self._address = address.replace("@", "\0", 1) if address and address.startswith("@") else address
        self._is_reported = False

    def ready(self) -> None:
        """Report that the daemon works, by the configuration that it was to read."""
        self._send("READY=1")

    def reloading(self) -> None:
        """Report that the configuration is read again; `ready` ends that, whether it is valid or not."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Report that the daemon ends within seconds."""
        self._send("STOPPING=1")

    def _send(self, state: str) -> None:
        if self._address:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)  # a manager that reads nothing must not stop us
                try:
                    sender.sendto(state.encode(), self._address)
                except OSError as error:
                    self._report(error)

    def _report(self, error: OSError) -> None:
        """Warn once: the manager may take the daemon for one that does not start or reload, and end it."""
        if not self._is_reported:
            self._is_reported = True
            address = (self._address or "").replace("\0", "@", 1)
            log.warning("NOTIFY_SOCKET: the service manager at %s cannot be notified: %s", address, error.strerror)
