"""A headless Chromium, driven through its DevTools protocol."""

import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest

EVENTS = ("Page", "Log", "Network", "Runtime")


class Tab:
    """A page of the browser; what its console complained of, and every URL that it asked for."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._numbers = socket, count(1)
        self._loaded = 0
        self.complaints: list[str] = []
        self.asked: list[str] = []

    async def call(self, method: str, **parameters: Any) -> Any:
        """The result of a command; events that come before it are noted."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while (message := await self._socket.receive_json(timeout=60)).get("id") != number:
            self._note(message)
        assert "error" not in message, message
        return message["result"]

    async def show(self, url: str, *, width: int, scheme: str) -> None:
        """Load the page at `url` on a screen of this width, in the light or the dark scheme."""
        await self.wear(width=width, scheme=scheme)
        before = self._loaded
        await self.call("Page.navigate", url=url)
        while self._loaded == before:
            self._note(await self._socket.receive_json(timeout=60))

    async def wear(self, *, width: int, scheme: str) -> None:
        """Show the page that is there on a screen of this width, in the light or the dark scheme."""
        await self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=True)
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    async def press(self, key: str) -> None:
        """Press a key and let it go."""
        code = {"Tab": 9, "Enter": 13}[key]
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            words = {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, **text}
            await self.call("Input.dispatchKeyEvent", **words)

    async def value(self, expression: str) -> Any:
        """What a JavaScript expression, or the promise that it gives, comes to on the page."""
        answer = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def _note(self, message: dict[str, Any]) -> None:
        match message["method"]:
            case "Page.loadEventFired":
                self._loaded += 1
            case "Log.entryAdded":
                self.complaints.append(message["params"]["entry"]["text"])
            case "Runtime.exceptionThrown" | "Runtime.consoleAPICalled":
                self.complaints.append(str(message["params"]))
            case "Network.requestWillBeSent":
                self.asked.append(message["params"]["request"]["url"])


@contextmanager
def chromium(profile: Path) -> Iterator[str]:
    """A new Chromium with this folder for its profile; gives the address ("host:port") of its debugger.

    Skips where none is installed.
    """
    program = shutil.which("chromium") or pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    words = (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
    )
    process = subprocess.Popen([program, *words, "about:blank"], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        yield next(address[1] for line in process.stderr if (address := re.search(r"ws://([\d.:]+)/", line)))
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=60)
        process.kill()


@asynccontextmanager
async def tab(address: str) -> AsyncIterator[Tab]:
    """A new tab of the browser with the debugger at `address`; no other tab knows its cookies and cache."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://{address}/json/version") as answer:
            url = (await answer.json())["webSocketDebuggerUrl"]
        async with session.ws_connect(url) as browser_socket:
            browser = Tab(browser_socket)
            context = await browser.call("Target.createBrowserContext")
            target = await browser.call("Target.createTarget", url="about:blank", **context)
            page_url = f"ws://{address}/devtools/page/{target['targetId']}"
            async with session.ws_connect(page_url, max_msg_size=0) as socket:
                opened = Tab(socket)
                for name in EVENTS:
                    await opened.call(f"{name}.enable")
                yield opened
            await browser.call("Target.disposeBrowserContext", **context)
