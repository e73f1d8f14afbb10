"""Chromium without a window, asked over the pipe of its DevTools protocol: it ends when the pipe does, however we end."""

import asyncio
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

SECONDS = 120.0  # for whatever is waited for: none of it is slow in itself, but the machine may be busy
END_SECONDS = 10.0
LARGEST = 1 << 26  # bytes of one message
# The protocol is spoken on descriptors 3 and 4; what Chromium prints goes to its log.
PIPED = ("sh", "-c", 'exec "$@" 3<&0 4>&1 0</dev/null 1>&2', "sh")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-dev-shm-usage",  # in a container it may be too small, and Debian's launcher does not notice where it is mounted twice
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
NOISE = ("dbus/", "unexpected operator")  # there is no desktop, and Debian's launcher compares sizes too large for sh
GONE = (TimeoutError, EOFError, ConnectionError)


class PageFailed(AssertionError):
    """The page, or the browser around it, did not do what was waited for."""


class Page:
    """One page of a browser.

    `asked` are the addresses that it asked for; `complaints` what went to its console as an error: a script that failed, a policy that was broken.
    """

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log
        self._number = 0
        self._session: dict[str, str] = {}
        self.asked: list[str] = []
        self.complaints: list[str] = []

    async def open(self) -> None:
        """Waits for the browser, and lets it make the page."""
        async with self._waiting("Chromium starts"):
            target = await self._call("Target.createTarget", url="about:blank")
            self._session = await self._call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
            for domain in ("Network", "Runtime", "Log"):
                await self._call(f"{domain}.enable")

    async def go(self, url: str) -> None:
        """Opens the address."""
        async with self._waiting(f"{url} is opened"):
            await self._call("Page.navigate", url=url)

    async def run(self, expression: str) -> None:
        """Evaluates the expression in the page; one that throws fails."""
        async with self._waiting(f"{expression} is run"):
            await self._value(expression)

    async def until(self, what: str, expression: str) -> None:
        """Returns once the expression is true; `what` says in words what that means."""
        async with self._waiting(what):
            while not await self._value(expression):  # noqa: ASYNC110  a page tells nobody
                await asyncio.sleep(0.1)

    @asynccontextmanager
    async def _waiting(self, what: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(SECONDS):
                yield
        except GONE as error:
            raise PageFailed(f"Waited in vain: {what}. {await self._state()}") from error

    async def _value(self, expression: str) -> Any:
        found = await self._call("Runtime.evaluate", expression=expression)
        if thrown := found.get("exceptionDetails"):
            raise PageFailed(f"{expression} threw {_said(thrown)}")
        return found["result"].get("value")

    async def _call(self, method: str, **params: Any) -> Any:
        assert self._process.stdin and self._process.stdout
        self._number += 1
        message = {"id": self._number, "method": method, "params": params} | self._session
        self._process.stdin.write(json.dumps(message).encode() + b"\0")
        while True:
            said = json.loads((await self._process.stdout.readuntil(b"\0"))[:-1])
            self._note(said.get("method"), said.get("params"))
            if said.get("id") == self._number:
                if "error" in said:
                    raise PageFailed(f"{method}: {said['error']}")
                return said["result"]

    def _note(self, method: str | None, params: Any) -> None:
        match method:
            case "Network.requestWillBeSent" if not params["request"]["url"].startswith("data:"):
                self.asked.append(params["request"]["url"])
            case "Network.webSocketCreated":
                self.asked.append(params["url"])
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.complaints.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
            case "Runtime.exceptionThrown":
                self.complaints.append(_said(params["exceptionDetails"]))

    async def _state(self) -> str:
        shown = code = None
        with suppress(*GONE, PageFailed):
            async with asyncio.timeout(END_SECONDS):
                shown = await self._value("document.body.innerText")
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                code = await self._process.wait()
        said = [
            line for line in self._log.read_text(errors="replace").splitlines() if not any(w in line for w in NOISE)
        ]
        parts = {
            "the page shows": shown or "nothing",
            "it complained of": "\n".join(self.complaints) or "nothing",
            "it asked for": "\n".join(self.asked) or "nothing",
            "Chromium": "runs" if code is None else f"ended with {code}",
            "it said": "\n".join(said[-20:]) or "nothing",
        }
        return "".join(f"\n-- {name}: {value}" for name, value in parts.items())


@asynccontextmanager
async def browsing(command: str = "chromium") -> AsyncIterator[Page]:
    """A browser with one page, for the time of the block; none of its processes and files is left."""
    with tempfile.TemporaryDirectory(prefix="chorus-browser-") as folder:
        log = Path(folder) / "chromium.log"
        with log.open("wb") as said:
            process = await asyncio.create_subprocess_exec(
                *PIPED,
                command,
                f"--user-data-dir={folder}/profile",
                *FLAGS,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=said,
                limit=LARGEST,
                start_new_session=True,
                env=os.environ
                | {"HOME": folder, "TMPDIR": folder, "XDG_CONFIG_HOME": folder, "XDG_CACHE_HOME": folder},
            )
        try:
            page = Page(process, log)
            await page.open()
            yield page
        finally:
            await _end(process, folder)


async def _end(process: asyncio.subprocess.Process, folder: str) -> None:
    assert process.stdin
    process.stdin.close()
    patience = time.monotonic() + END_SECONDS
    while left := _left(process.pid, folder):
        for each in left if time.monotonic() > patience else ():
            with suppress(psutil.Error):
                each.kill()
        await asyncio.sleep(0.1)
    await process.wait()


def _left(session: int, folder: str) -> list[psutil.Process]:
    """The browser's processes: most share its session; what waits for it to crash has one of its own, and our folder in its command."""
    left = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            ours = os.getsid(process.pid) == session or any(folder in word for word in process.cmdline())
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                left.append(process)
    return left


def _said(thrown: Any) -> str:
    return str(thrown.get("exception", {}).get("description", thrown["text"]))
