"""The whole product for a browser to open: a stand-in, a filled mirror, `serve` with its worker."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from chatops.demo.adapter import StandIn

ROOT = Path(__file__).resolve().parents[2]
MANAGE = (sys.executable, "manage.py")
MAKE_PEOPLE = "from chatops.ops.demo import make_people; make_people()"
READY_SECONDS = 60
#: For whatever has to appear by itself: how fast it appears is not what the journeys are about.
PATIENCE_MS = 30_000
#: Where Debian, Ubuntu, Fedora and others put it.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The path of an installed Chromium, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@dataclass(frozen=True)
class House:
    """Where the console is, and the SuperOffice behind it."""

    url: str
    office: StandIn


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _manage(environment: Mapping[str, str], *arguments: str) -> None:
    subprocess.run(
        [*MANAGE, *arguments], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
    )


@contextmanager
def opened(folder: Path, *, scene: str = "quiet", life: bool = False) -> Iterator[House]:
    """Everything started on ports of its own, its data in `folder`; ended afterwards."""
    with StandIn(scene=scene, seed=1, life=life) as office:
        environment = {
            **{name: value for name, value in os.environ.items() if "SUPEROFFICE" not in name},
            "VAR_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{folder / 'chatops.sqlite3'}",
            "DJANGO_SETTINGS_MODULE": "chatops.settings",
            "STANDIN_PORT": str(urlsplit(office.url).port),
            "LOG_LEVEL": "ERROR",
            # What is not confirmed asks for a person while a test can wait for it.
            "ACTION_ASKS_AFTER_SECONDS": "3",
        }
        _manage(environment, "migrate", "--verbosity", "0")
        _manage(environment, "shell", "-v0", "-c", MAKE_PEOPLE)
        _manage(environment, "backfill", "--no-progress")
        with _served(environment) as url:
            yield House(url, office)


@contextmanager
def _served(environment: Mapping[str, str]) -> Iterator[str]:
    bind = f"127.0.0.1:{_free_port()}"
    with subprocess.Popen(
        [*MANAGE, "serve", "--bind", bind], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    ) as serve:
        try:
            _wait_for(f"http://{bind}/healthz", serve)
            yield f"http://{bind}"
        finally:
            serve.send_signal(signal.SIGTERM)
            serve.wait(timeout=30)


def _wait_for(url: str, serve: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        try:
            with urlopen(url, timeout=2):  # our own address, over http
                return
        except OSError:
            if serve.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError("serve did not come up")


@contextmanager
def chromium_running() -> Iterator[Browser]:
    """A headless Chromium."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        # In a container Chromium cannot make its own sandbox.
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


class Window:
    """One person's browser window, and everything it had to complain about."""

    def __init__(self, house: House, browser: Browser, **more: Any) -> None:
        self.house = house
        options = {"viewport": {"width": 1280, "height": 900}, "timezone_id": "Europe/Oslo", **more}
        self.context: BrowserContext = browser.new_context(**options)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.complaints: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("request", self._request)

    def _console(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.house.url, "data:", "blob:", "about:")):
            self.complaints.append(f"outside request: {request.url}")

    def open(self, path: str = "") -> Page:
        self.page.goto(f"{self.house.url}/admin/{path}")
        return self.page

    def sign_in(self, name: str) -> Page:
        page = self.open()
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill(f"{name}-demo")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_selector("[data-screen=queue]")
        return page

    def choose_language(self, code: str) -> None:
        """Read the console in this language from here on."""
        self.context.add_cookies(
            [{"name": "django_language", "value": code, "url": self.house.url}]
        )

    def is_live(self) -> None:
        """Wait until the page says that it is live."""
        self.page.wait_for_selector(".live[data-state=live]", state="attached")

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        wide: int = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return wide

    def close(self) -> None:
        self.context.close()
