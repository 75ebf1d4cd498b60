"""Every screen, in both colours and both widths: nothing overflows, axe finds nothing."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import MakeWindow
from tests.browser.house import House
from tests.browser.screenshots import SCREENS, arrange, path_of

pytestmark = pytest.mark.browser

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


#: The words below charts that run into the next one.
CROWDED = """
[...document.querySelectorAll(".plot-ticks")].flatMap((axis) => {
  const words = [...axis.querySelectorAll("text")];
  const places = words.map((one) => one.getBoundingClientRect());
  return words.filter((_, at) => at && places[at].left < places[at - 1].right + 2)
    .map((one) => one.textContent);
})
"""


@pytest.fixture(scope="module", autouse=True)
def arranged(house: House, chromium: Any) -> None:
    arrange(house, chromium)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("who", list(SCREENS))
def test_screens_fit_and_are_accessible(
    house: House, window: MakeWindow, who: str, scheme: str, width: int
) -> None:
    one = window(viewport={"width": width, "height": 860}, color_scheme=scheme)
    page = one.sign_in(who)
    findings: list[Any] = []
    for name, path in SCREENS[who].items():
        one.open(path_of(page, path))
        page.wait_for_timeout(200)
        if one.overflow() > 0:
            findings.append((name, "overflow", one.overflow()))
        if crowded := page.evaluate(CROWDED):
            findings.append((name, "crowded", crowded))
        for found in Axe().run(page, options=WCAG).response["violations"]:
            nodes = [node["html"][:160] for node in found["nodes"][:3]]
            findings.append((name, found["id"], nodes))
    assert findings == []


@pytest.mark.parametrize("width", [390, 1000])
@pytest.mark.parametrize("who", list(SCREENS))
def test_screens_fit_in_norwegian(house: House, window: MakeWindow, who: str, width: int) -> None:
    one = window(viewport={"width": width, "height": 860})
    page = one.sign_in(who)
    one.choose_language("nb")
    findings = []
    for name, path in SCREENS[who].items():
        one.open(path_of(page, path))
        assert page.locator("html").get_attribute("lang") == "nb"
        if one.overflow() > 0:
            findings.append((name, one.overflow()))
        if crowded := page.evaluate(CROWDED):
            findings.append((name, crowded))
    assert findings == []


def test_the_theme_is_the_readers_choice(house: House, window: MakeWindow) -> None:
    one = window(color_scheme="light")
    page = one.sign_in("mia")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_role("button", name="Light or dark").first.click()
    dark = page.evaluate(background)
    assert light != dark
    page.reload()
    assert page.evaluate(background) == dark


def test_the_door_fits_and_is_accessible(house: House, window: MakeWindow) -> None:
    for width in (390, 1280):
        one = window(viewport={"width": width, "height": 860})
        one.open()
        assert one.overflow() <= 0
        assert Axe().run(one.page, options=WCAG).response["violations"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_stands_in_place_of_a_page_fits_and_is_accessible(
    house: House, window: MakeWindow, scheme: str
) -> None:
    for width in (390, 1280):
        one = window(viewport={"width": width, "height": 860}, color_scheme=scheme)
        page = one.sign_in("mia")
        for path, heading in (("nowhere/", "Not found"), ("auth/user/", "Not allowed")):
            one.open(path)
            expect(page.get_by_role("heading", name=heading)).to_be_visible()
            assert one.overflow() <= 0
            assert Axe().run(page, options=WCAG).response["violations"] == []
        # Chromium itself tells of an answer 403 or 404.
        one.complaints = [line for line in one.complaints if " status of 40" not in line]
