"""One installed browser for all tests of pages; nothing is ever downloaded."""

from __future__ import annotations

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def program():
    """The path of an installed browser: DEEPWORTH_BROWSER, or the first that is found."""
    given = os.environ.get("DEEPWORTH_BROWSER")
    return given or next((found for name in NAMES if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (deepworth[dev])")
    path = program()
    if path is None:
        pytest.skip(f"no browser is installed (looked for {', '.join(NAMES)}); pages were not tried")
    with api.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield found
        found.close()
