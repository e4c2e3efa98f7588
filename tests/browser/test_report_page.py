"""The report in a real browser: no request, no error, sorting by mouse and keys, light, dark and paper."""

from __future__ import annotations

import io
import re
from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A page of a small run with a column and classes that are no plain words, and a failed model."""
    import numpy as np
    import pandas as pd

    import deepworth

    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(160, 3)), columns=["a", "<b>bold</b>", "c"])
    said = np.where(X["a"] + rng.normal(0, 0.7, 160) > 0, "<script>alert(1)</script>", "no")
    models = ["constant", "logistic-regression", "naive-bayes", "k-nearest-neighbours"]
    folder = tmp_path_factory.mktemp("browser")
    deepworth.compare(
        X.assign(target=said),
        target="target",
        models=[*models, "hist-gradient-boosting"],
        params={"hist-gradient-boosting": {"learning_rate": -1.0}},
        folds=3,
        costs=False,
        store=folder / "runs",
    )
    deepworth.report("last", folder / "page.html", store=folder / "runs")
    return folder / "page.html"


@pytest.fixture
def opened(browser, file):
    """A page in a fresh context that notes whatever it asks for or complains about."""
    contexts = []

    def open_page(**options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        seen = SimpleNamespace(requests=[], errors=[], dialogs=[])
        page.on("request", lambda request: seen.requests.append(request.url))
        page.on("console", lambda message: seen.errors.append(message.text))
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
        page.goto(file.as_uri())
        return page, seen

    yield open_page
    for context in contexts:
        context.close()


def column(page, place):
    return page.eval_on_selector_all(
        f"#board tbody tr > :nth-child({place})", "cells => cells.map(c => c.dataset.value ?? c.textContent)"
    )


def sorts(page):
    return page.eval_on_selector_all(
        "#board thead th", "heads => heads.map(h => h.getAttribute('aria-sort'))"
    )


def numbers(cells):
    return [float(c) for c in cells if c]


def test_nothing_is_asked_for_and_nothing_goes_wrong(opened, file):
    page, seen = opened()
    page.click("#board thead th:nth-child(3) button")
    page.emulate_media(media="print")
    assert seen.requests == [file.as_uri()]
    assert seen.errors == []
    assert seen.dialogs == []
    assert page.locator("script").count() == 1


def test_the_policy_of_the_page_stops_what_is_slipped_in(opened):
    page, seen = opened()
    page.evaluate(
        """() => { const s = document.createElement('script'); s.textContent = 'window.slipped = 1';
        document.body.append(s); const i = new Image(); i.src = 'http://127.0.0.1:9/x.png';
        document.body.append(i); }"""
    )
    assert page.evaluate("window.slipped") is None
    assert any("Content Security Policy" in text for text in seen.errors)


def test_sorting_by_mouse(opened):
    page, _ = opened()
    best_first = column(page, 1)
    assert sorts(page)[2] == "descending"
    page.click("#board thead th:nth-child(3) button")
    assert sorts(page) == [None, None, "ascending", *[None] * (len(sorts(page)) - 3)]
    cells = column(page, 3)
    assert numbers(cells) == sorted(numbers(cells))
    assert cells[-1] == "", "a model without a score stays last"
    page.click("#board thead th:nth-child(3) button")
    cells = column(page, 3)
    assert numbers(cells) == sorted(numbers(cells), reverse=True)
    assert cells[-1] == ""
    assert sorted(column(page, 1)) == sorted(best_first), "no row is lost"
    page.click("#board thead th:nth-child(1) button")
    names = column(page, 1)
    assert names == sorted(names)


def test_sorting_by_keys(opened):
    page, _ = opened()
    head = page.locator("#board thead th[data-key=number] button", has_text="fit")
    for _ in range(60):
        page.keyboard.press("Tab")
        if head.evaluate("button => button === document.activeElement"):
            break
    else:
        pytest.fail("the button cannot be reached by Tab")
    assert head.evaluate("button => getComputedStyle(button).outlineStyle") != "none", "focus can be seen"
    page.keyboard.press("Enter")
    place = head.evaluate("button => button.closest('th').cellIndex") + 1
    assert sorts(page)[place - 1] == "ascending"
    cells = numbers(column(page, place))
    assert cells == sorted(cells)
    page.keyboard.press("Space")
    assert sorts(page)[place - 1] == "descending"
    assert page.inner_text("#sorted") == "Sorted by fit, descending."
    assert page.get_attribute("#sorted", "aria-live") == "polite"


def test_the_first_tab_skips_to_the_leaderboard(opened):
    page, _ = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.wait_for_url("**#leaderboard")


def colours(page, selector):
    found = page.eval_on_selector(selector, "e => getComputedStyle(e).color")
    return tuple(map(int, re.findall(r"\d+", found)[:3]))


def contrast(one, other):
    def luminance(colour):
        linear = [
            v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in colour)
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def ground(page):
    found = page.eval_on_selector("body", "e => getComputedStyle(e).backgroundColor")
    return tuple(map(int, re.findall(r"\d+", found)[:3]))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_visible_text_has_contrast(opened, scheme):
    page, _ = opened(color_scheme=scheme)
    assert (sum(ground(page)) > 384) == (scheme == "light")
    found = page.evaluate(
        """() => [...document.querySelectorAll('body *')].filter(e => e.checkVisibility()
            && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
          .map(e => { let at = e, behind = 'rgba(0, 0, 0, 0)';
            while (at && /, 0\\)$|transparent/.test(behind)) {
              behind = getComputedStyle(at).backgroundColor; at = at.parentElement; }
            const style = getComputedStyle(e), ink = e.ownerSVGElement ? style.fill : style.color;
            return [ink, behind, e.textContent.trim().slice(0, 40)]; })"""
    )
    assert len(found) > 100
    plain = [row for row in found if row[0].startswith("rgb(") and row[1].startswith("rgb(")]
    assert len(plain) > 0.8 * len(found)
    for ink, behind, text in plain:
        one, other = (tuple(map(int, re.findall(r"\d+", c)[:3])) for c in (ink, behind))
        assert contrast(one, other) >= 4.5, (text, ink, behind)


def test_pictures_change_with_the_ground(opened):
    inks = []
    for scheme in ("light", "dark"):
        page, _ = opened(color_scheme=scheme)
        inks.append(page.eval_on_selector("figure svg text", "e => getComputedStyle(e).fill"))
    assert inks[0] != inks[1]


def test_a_narrow_screen_scrolls_inside_and_not_as_a_whole(opened):
    page, _ = opened(viewport={"width": 360, "height": 700})
    wide = page.evaluate(
        """() => [...document.querySelectorAll('body *')].filter(e => !e.closest('.wide, .skip')
            && e.getBoundingClientRect().right > 360).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert wide == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_paper_shows_all_that_is_folded(opened):
    page, _ = opened(color_scheme="dark")
    assert page.locator("details:not([open])").count() > 3
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() > 3
    page.emulate_media(media="print", color_scheme="dark")
    assert sum(ground(page)) > 384, "paper is white"
    assert page.pdf(format="A4")[:5] == b"%PDF-"


def test_without_scripts_all_can_be_read(opened):
    page, _ = opened(java_script_enabled=False)
    told = page.locator("body").inner_text()
    for words in ("Verdict:", "Leaderboard", "naive-bayes", "How to reproduce it"):
        assert words in told


def test_what_a_screen_reader_is_told(opened):
    page, _ = opened()
    tree = page.locator("body").aria_snapshot()
    for role in (
        "banner",
        "navigation",
        "main",
        "contentinfo",
        "heading",
        "table",
        "columnheader",
        "rowheader",
    ):
        assert re.search(rf"- {role}\b", tree), role
    pictures = re.findall(r'- img "([^"]*)"', tree)
    assert len(pictures) >= 3
    assert all(len(words) > 15 for words in pictures)
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('a, button, summary')]
           .filter(e => !e.textContent.trim() && !e.ariaLabel).length"""
    )
    assert unnamed == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_painted(opened, scheme):
    """Screenshots are not blank: families in two colours that can be told apart are on them."""
    from PIL import Image

    page, _ = opened(color_scheme=scheme, viewport={"width": 1100, "height": 900})
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    assert picture.height > 2000
    there = {colour for _, colour in picture.getcolors(maxcolors=10**6)}
    expected = {"light": {(213, 94, 0), (255, 255, 255)}, "dark": {(230, 159, 0), (22, 24, 28)}}[scheme]
    assert expected <= there
