"""`python -m tests.browser.screenshots OUTDIR`: every screen as every role, from a living demo.

With `--readme` instead of a folder it makes the pictures that the README shows.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.house import House, Window, chromium, chromium_running, opened

#: Screens of each role. `page#box` is the first thing to open in that box of that page.
SCREENS: dict[str, dict[str, str]] = {
    "mia": {
        "queue": "",
        "offered": "#offered",
        "session": "#mine",
        "edit": "#mine edit/",
        "sessions": "sessions/",
        "found": "sessions/?search=invoice",
        "not-found": "sessions/?search=unheardof",
        "actions": "actions/",
        "action-needs": "actions/#needs",
        "run": "sessions/bulk/#run-list",
        "numbers-agent": "numbers/",
        "mirror-agent": "mirror/",
        "replies": "replies/",
        "account": "account/",
    },
    "kari": {
        "queue-lead": "",
        "session-lead": "#others",
        "unmask": "#others unmask/",
        "sessions-lead": "sessions/",
        "runs": "sessions/bulk/",
        "run-preview": "sessions/bulk/#run-list",
        "actions-lead": "actions/",
        "numbers": "numbers/",
        "numbers-year": "numbers/?days=365",
        "review": "review/",
        "scorecard": "review/#waiting",
        "mirror-lead": "mirror/",
        "account-lead": "account/",
    },
    "audrey": {
        "queue-auditor": "",
        "session-auditor": "#others",
        "sessions-auditor": "sessions/?show=ended",
        "actions-auditor": "actions/",
        "action-auditor": "actions/#action-rows",
        "numbers-auditor": "numbers/",
        "review-auditor": "review/",
        "mirror-auditor": "mirror/",
    },
    "oscar": {
        "queue-operator": "",
        "sessions-operator": "sessions/",
        "actions-operator": "actions/",
        "numbers-operator": "numbers/",
        "mirror": "mirror/",
        "inbox": "mirror/inbox/",
        "administration": "administration/",
        "people": "auth/user/",
        "person": "auth/user/1/change/",
        "person-new": "auth/user/add/",
        "password": "auth/user/1/password/",
        "roles": "auth/group/",
        "tokens": "actions/apitoken/",
        "token-new": "actions/apitoken/add/",
        "subscriptions": "subscriptions/subscription/",
        "trail": "actions/trailentry/",
        "accounts": "remote/agent/",
        "topics": "mirror/chattopic/",
        "topic": "mirror/chattopic/7/change/",
        "associates": "mirror/associate/",
        "memberships": "mirror/topicmember/",
    },
}

#: The README's pictures: who, which screen, in which colours.
PICTURES = {
    "queue": ("mia", "", "light"),
    "session-dark": ("mia", "#mine", "dark"),
    "sessions": ("kari", "sessions/?search=invoice", "light"),
    "numbers": ("kari", "numbers/", "light"),
}
IMAGES = Path(__file__).resolve().parents[2] / "docs/images"


def path_of(page: Page, path: str) -> str:
    """The path of a screen below /admin/; what stands in a box of a page is looked up there."""
    if "#" not in path:
        return path
    within, _, box = path.partition("#")
    box, _, rest = box.partition(" ")
    page.goto(page.url.split("/admin/")[0] + f"/admin/{within}")
    here = page.locator(f"#{box} [data-open], section[aria-labelledby={box}-title] li a")
    href = here.first.get_attribute("href") or ""
    return href.removeprefix("/admin/") + rest


def arrange(house: House, browser: Browser) -> None:
    """What a quiet scene lacks: a message that needs a person, a review, and something said."""
    chat = house.office.chat(
        user="mia", topic=7, customer="Lost Answer", messages=["About my invoice, please."]
    )
    mia = Window(house, browser)
    page = mia.sign_in("mia")
    page.locator(f"[data-session='{chat.id}']").wait_for()
    mia.open(f"sessions/{chat.id}/")
    house.office.fault("drop_before", method="POST", path="Messages", times=1)
    page.get_by_label("Message to the customer").fill("Did this arrive?")
    page.get_by_role("button", name="Send").click()
    page.locator("#sends .bubble").wait_for()
    prepare_run(mia, "tag")
    page.get_by_label("Tag").fill("follow up")
    page.get_by_role("button", name="Begin with").click()
    page.locator("#run-state:not([data-busy])").wait_for()
    mia.close()
    kari = Window(house, browser)
    page = kari.sign_in("kari")
    kari.open("review/")
    page.get_by_label("Criterion").fill("Answered the question")
    page.get_by_role("button", name="Add").click()
    page.get_by_text("Answered the question").first.wait_for()
    kari.open(f"sessions/{chat.id}/")
    page.get_by_role("button", name="To the review queue").click()
    prepare_run(kari, "reset")
    kari.open("actions/")
    page.locator("#needs [data-open]").first.wait_for(timeout=30_000)
    kari.close()


def prepare_run(window: Window, deed: str) -> None:
    """The preview of doing this to all that are open."""
    page = window.open("sessions/?show=open")
    page.get_by_label("This page").check()
    page.get_by_label("What to do").select_option(deed)
    page.get_by_label("Which chats").select_option("all")
    page.get_by_role("button", name="Continue").click()
    page.locator("[data-screen=run]").wait_for()


def shoot(house: House, browser: Browser, folder: Path) -> None:
    """A picture of every screen in both colours and both widths."""
    for scheme in ("light", "dark"):
        for width, height in ((1280, 860), (390, 844)):
            for who, screens in SCREENS.items():
                window = Window(
                    house,
                    browser,
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,
                )
                page = window.sign_in(who)
                for name, path in screens.items():
                    window.open(path_of(page, path))
                    page.wait_for_timeout(400)
                    page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
                window.close()


def shoot_for_readme(house: House, browser: Browser, folder: Path) -> None:
    """The README's pictures: one width, live."""
    for name, (who, path, scheme) in PICTURES.items():
        viewport = {"width": 1280, "height": 800}
        window = Window(house, browser, viewport=viewport, color_scheme=scheme)
        page = window.sign_in(who)
        window.open(path_of(page, path))
        window.is_live()
        page.screenshot(path=folder / f"{name}.png")
        window.close()


def main() -> int:
    """Make the pictures; 1 where there is no Chromium."""
    readme = sys.argv[1:] == ["--readme"]
    folder = IMAGES if readme else Path(sys.argv[1] if sys.argv[1:] else "var/screenshots")
    if not chromium():
        sys.stderr.write("There is no Chromium here: apt-get install chromium\n")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        opened(Path(data), scene="busy") as house,
        chromium_running() as browser,
    ):
        if readme:
            shoot_for_readme(house, browser, folder)
        else:
            arrange(house, browser)
            shoot(house, browser, folder)
    sys.stdout.write(f"{len(list(folder.glob('*.png')))} pictures in {folder}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
