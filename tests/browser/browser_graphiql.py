"""GraphiQL in Chromium, over the DevTools protocol: the page draws itself, asks, and listens, from our own origin alone."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from tests.conftest import Copy
from tests.serving import serving

CHROMIUM = shutil.which("chromium") or "chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "about:blank",
]
RUN = "document.querySelector('.graphiql-execute-button').click()"
ANSWER = "document.querySelector('.result-window')?.textContent ?? ''"
TAB = "[...document.querySelectorAll('.graphiql-tab-button')].find(tab => tab.textContent === {name!r}).click()"


class Page:
    """One page of the browser; `asked` are the addresses that it asked for."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._number = 0
        self.asked: list[str] = []

    async def call(self, method: str, **params: Any) -> Any:
        self._number += 1
        await self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            said = json.loads(await self._socket.recv())
            if said.get("method") == "Network.requestWillBeSent":
                self.asked.append(said["params"]["request"]["url"])
            if said.get("id") == self._number:
                return said.get("result", {})

    async def value(self, expression: str) -> Any:
        return (await self.call("Runtime.evaluate", expression=expression))["result"].get("value")

    async def until(self, expression: str, seconds: float = 30) -> None:
        async with asyncio.timeout(seconds):
            while not await self.value(expression):  # noqa: ASYNC110  a page tells nobody
                await asyncio.sleep(0.1)


def port_of(profile: Path) -> str:
    """The port that the browser noted, or nothing yet."""
    noted = profile / "DevToolsActivePort"
    return noted.read_text().split("\n")[0] if noted.exists() else ""


@asynccontextmanager
async def browsing() -> AsyncIterator[Page]:
    with tempfile.TemporaryDirectory() as profile:
        process = await asyncio.create_subprocess_exec(
            CHROMIUM, f"--user-data-dir={profile}", *FLAGS, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            async with asyncio.timeout(30):
                while not (port := port_of(Path(profile))):  # noqa: ASYNC110  a file tells nobody
                    await asyncio.sleep(0.1)
            async with httpx.AsyncClient() as client:
                pages = (await client.get(f"http://127.0.0.1:{port}/json")).json()
            address = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
            async with websockets.connect(address, max_size=None) as socket:
                yield Page(socket)
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


@pytest.fixture
async def page(copy: Copy, template_world: str) -> AsyncIterator[Page]:
    async with copy(template_world) as dsn, serving(dsn) as site, browsing() as page:
        await page.call("Network.enable")
        await page.call("Page.navigate", url=site.url)
        await page.until("!!document.querySelector('.graphiql-execute-button')")
        yield page
        assert {url.split("/graphql")[0].split("/graphiql")[0] for url in page.asked if url.startswith("http")} == {
            f"http://127.0.0.1:{site.port}"
        }


async def test_an_example_is_answered_from_the_sample_world(page: Page) -> None:
    await page.value(RUN)
    await page.until(f"({ANSWER}).includes('\"title\"')")


async def test_the_subscription_shows_the_chart(page: Page) -> None:
    await page.value(TAB.format(name="Rising"))
    await page.value(RUN)
    await page.until(f"({ANSWER}).includes('TrendingSnapshot')")
