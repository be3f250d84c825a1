"""What systemd is told of the daemon, by the protocol of sd_notify(3). Edge."""

import socket
import time
from contextlib import suppress


class Supervisor:
    """Who started us and asked, with NOTIFY_SOCKET, to hear how we are; None, and nobody is told."""

    def __init__(self, address: str | None) -> None:
        self._address = address.replace("@", "\0", 1) if address and address.startswith("@") else address

    def ready(self) -> None:
        """We work, and go by the configuration that we were told to take up."""
        self._tell("READY=1")

    def reloading(self) -> None:
        """We read the configuration again; `ready` says that it is done, whether it was of use or not."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """We will be gone in some seconds."""
        self._tell("STOPPING=1")

    def _tell(self, state: str) -> None:
        if self._address:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender, suppress(OSError):
                sender.setblocking(False)  # news that nobody takes must not stop us
                sender.sendto(state.encode(), self._address)
