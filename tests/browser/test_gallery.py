"""The gallery's six reports, small ones made by its own command, in a real browser.

One test, since tests that run side by side would make the gallery more than once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "gallery.py"
SIX = ("sick-healthy", "breast-cancer", "wine", "diabetes", "digits", "triage-notes")


def made(folder):
    """What the command says; it opens and sorts each page in a browser itself."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--quick", "--json", "--output", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, (done.stdout[-2000:], done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])["pages"]


@pytest.mark.nightly
def test_six_reports_in_a_browser(browser, tmp_path):
    pages = made(tmp_path)
    nothing_is_asked_for_or_complained_about(tmp_path, pages)
    the_index_leads_to_all_of_them(tmp_path, browser)
    for name in SIX:
        everything_can_be_read_aloud(tmp_path, browser, name)
    an_explained_run_shows_its_champions(tmp_path, browser)


def nothing_is_asked_for_or_complained_about(folder, pages):
    assert tuple(page["data"] for page in pages) == SIX
    for page in pages:
        assert page["complaints"] == [], page
        assert page["page_bytes"] == (folder / f"{page['data']}.html").stat().st_size < 3_000_000
        for scheme in ("light", "dark"):
            assert (folder / f"{page['data']}-{scheme}.png").stat().st_size > 50_000


def the_index_leads_to_all_of_them(folder, browser):
    page = browser.new_page()
    page.goto((folder / "index.html").as_uri())
    for name in SIX:
        page.click(f"text={name}")
        assert page.locator("h1").inner_text() == name
        page.go_back()
    page.close()


def everything_can_be_read_aloud(folder, browser, name):
    """Scopes of heads, order of headings, words for pictures, numbers for each, names that are unique."""
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto((folder / f"{name}.html").as_uri())
    found = page.evaluate(
        """() => ({
            unscoped: [...document.querySelectorAll('table th')].filter(h => !h.scope).length,
            wordless: [...document.querySelectorAll('thead th')].filter(h => !h.textContent.trim()).length,
            pictures: document.querySelectorAll('figure svg').length,
            described: document.querySelectorAll('figure svg[role=img][aria-label]').length,
            numbers: [...document.querySelectorAll('figure')].filter(
                f => f.querySelector('details tbody tr')).length,
            levels: [...document.querySelectorAll('h1, h2, h3, h4')].map(h => Number(h.tagName[1])),
            regions: [...document.querySelectorAll('[role=region], section[aria-labelledby], nav')].map(
                e => e.ariaLabel ?? document.getElementById(e.getAttribute('aria-labelledby')).textContent),
            wide: document.documentElement.scrollWidth })"""
    )
    page.close()
    assert found["unscoped"] == found["wordless"] == 0, (name, found)
    assert found["pictures"] == found["described"] == found["numbers"] >= 4, (name, found)
    assert found["levels"][0] == 1
    assert found["levels"].count(1) == 1
    steps = zip(found["levels"], found["levels"][1:], strict=False)
    assert all(after <= before + 1 for before, after in steps), "no level of headings is left out"
    assert len(set(found["regions"])) == len(found["regions"])
    assert found["wide"] <= 390, (name, found)


def an_explained_run_shows_its_champions(folder, browser):
    page = browser.new_page()
    page.goto((folder / "wine.html").as_uri())
    titles = page.locator("h4").all_inner_texts()
    page.close()
    for words in ("importance of", "Partial dependence of", "Linear probes of", "Loss by epoch of"):
        assert any(words in title for title in titles), (words, titles)
