"""Chromium for the tests of the pages: where it is, how it is started, and what a page did wrong meanwhile."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The browser's program: `CALMLINE_CHROMIUM`, or one of the usual names on the path."""
    return os.environ.get("CALMLINE_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )


@contextmanager
def browser() -> Iterator[Any]:
    """A headless browser. Needs `chromium()` and the package playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), headless=True, args=FLAGS)
        try:
            yield running
        finally:
            running.close()


def faults_of(page: Any) -> list[str]:
    """A list that fills with the page's script errors and console errors (broken content policy among them)."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    return faults
