"""Real Chromium, driven by Playwright: pages that fail a test on foreign requests, page errors and console errors."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Page, Request, async_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--use-angle=swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
EXPECTED_CONSOLE = (
    "WebGL",
    "GPU stall",
    "GL Driver Message",
    "net::ERR_INTERNET_DISCONNECTED",
    "net::ERR_CONNECTION_REFUSED",
)
"""What Chromium itself says of a software renderer and of a server that a test has taken away."""


def executable() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise AssertionError("Chromium is missing: run `make programs`")


@asynccontextmanager
async def chromium(extra: Sequence[str] = ()) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), args=[*FLAGS, *extra])
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Watch:
    """What a page did that it should not."""

    origin: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    requests: int = 0

    def on_request(self, request: Request) -> None:
        self.requests += 1
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.origin:
            self.foreign.append(request.url)

    def on_console(self, kind: str, text: str) -> None:
        if kind == "error" and not any(known in text for known in EXPECTED_CONSOLE):
            self.errors.append(text)

    def attach(self, page: Page) -> None:
        page.on("request", self.on_request)
        page.on("websocket", lambda socket: self.on_websocket(socket.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.on_console(message.type, message.text))

    def on_websocket(self, url: str) -> None:
        if urlsplit(url).netloc != self.origin:
            self.foreign.append(url)


class Person:
    """One person at one browser window."""

    def __init__(self, context: BrowserContext, page: Page, url: str, watch: Watch) -> None:
        self.context, self.page, self.url, self.watch = context, page, url, watch

    async def open(self, path: str = "/") -> None:
        await self.page.goto(self.url + path)

    async def open_project(self, project: str) -> None:
        await self.open(f"/p/{project}")
        await self.until("() => window.maquette?.project?.scene && document.querySelector('[data-testid=viewport]')")
        await self.until_status("saved")

    async def until_status(self, words: str) -> None:
        status = "document.querySelector('[data-testid=status]')"
        await self.until(f"words => {status}?.textContent.toLowerCase().includes(words)", words)

    async def eval(self, expression: str, arg: Any = None) -> Any:
        return await self.page.evaluate(expression, arg)

    async def canonical(self) -> str:
        return str(await self.eval("window.maquette.project.scene.canonical()"))

    async def until(self, condition: str, arg: Any = None, timeout: float = 30_000) -> None:
        """Waits for a JavaScript function of `arg` to answer true in the page."""
        await self.page.wait_for_function(condition, arg=arg, timeout=timeout)


@asynccontextmanager
async def person(
    browser: Browser, url: str, name: str = "Ada", size: tuple[int, int] = (1280, 800), **context_options: Any
) -> AsyncIterator[Person]:
    """A fresh context of its own; on leaving, fails on foreign requests and on errors in the page."""
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]}, **context_options)
    watch = Watch(urlsplit(url).netloc)
    page = await context.new_page()
    watch.attach(page)
    try:
        yield Person(context, page, url, watch)
    finally:
        await context.close()
    assert not watch.foreign, f"{name} asked other hosts: {watch.foreign}"
    assert not watch.errors, f"{name} saw errors: {watch.errors}"
