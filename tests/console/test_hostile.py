"""What comes from outside is text: no page lets it be anything else."""

import json
from html.parser import HTMLParser

import pytest

from chatops.console import richtext
from chatops.mirror import people
from chatops.superoffice import jsontext
from tests.conftest import Person
from tests.console.conftest import AtConsole, SignIn, Stored, carrier, message

HOSTILE = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext></p><style><img src=x onerror=alert(1)>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' &#106;avascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='//evil.example' onclick=alert(1) style='position:fixed'>x</a>",
    "<b onmouseover=alert(1)>bold</b>",
    "<p style='background:url(//evil.example)'>x</p>",
    "<div style='position:fixed;inset:0'>x</div>",
    "<form action=//evil.example><input name=p><button>x</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example>",
    "<link rel=stylesheet href=//evil.example>",
    "<object data=//evil.example></object>",
    "<embed src=//evil.example>",
    "<video src=x onerror=alert(1)></video>",
    "<body onload=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</main></body></html><script>alert(1)</script>",
    '"><script>alert(1)</script>',
    "' onmouseover='alert(1)",
    '" onfocus="alert(1)" autofocus="',
    "<!--<script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "{{ 7|add:7 }}{% debug %}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<ul><li>" * 200,
    "\u202eright to left\u202c\u0000\u0007",
    "Z\u0337\u0301" * 60,
    "w" * 250,
    "<template><script>alert(1)</script></template>",
)
CHAT = 50
#: Tags that only our templates may bring, and how often a page without hostile text has them.
COUNTED = (
    "script",
    "img",
    "iframe",
    "object",
    "embed",
    "link",
    "meta",
    "base",
    "form",
    "input",
    "style",
    "video",
    "math",
    "template",
    "body",
    "title",
    "textarea",
    "details",
    "button",
)
PAGES = ("", "sessions/", f"sessions/{CHAT}/", f"sessions/{CHAT}/edit/", "actions/", "mirror/")


class Markup(HTMLParser):
    """The elements of a page: how often each occurs, and every attribute."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.count: dict[str, int] = {}
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def dangers(self) -> list[tuple[str, str, str]]:
        return [one for one in self.attributes if self._is_danger(one[1], one[2])]

    @staticmethod
    def _is_danger(name: str, value: str) -> bool:
        if name.startswith("on") or name == "style":
            return True
        if name not in {"href", "src", "action", "formaction"}:
            return False
        ours = value.startswith(("/admin/", "/static/", "../", "?", "#"))
        return not ours and not value.startswith(("http://", "https://", "mailto:"))


def hostile_chat(text: str) -> dict[str, object]:
    return carrier(
        CHAT,
        CustomerName=text[:255],
        CustomerEmail=text[:255],
        CustomerPhone=text[:32],
        CustomerCompanyName=text[:255],
        CustomerAlias=text[:64],
        CustomerHost=text[:255],
        FirstMessage=text,
        LastMessage=text,
        Person={"PersonId": 5, "FullName": text},
        Contact={"ContactId": 6, "Name": text},
        Ticket={"TicketId": 7, "Title": text},
        Sale={"SaleId": 8, "Title": text},
        Project={"ProjectId": 9, "Name": text},
        TransferTo={"AssociateId": 18, "FullName": text, "Name": text},
    )


def hostile_messages(text: str) -> list[dict[str, object]]:
    kinds = ("None", "Url", "Options", "ClickedOption", "BotMessage", "Error", text[:60] or "x")
    return [
        message(100 + index, CHAT, Message=text, Author=text[:255], SpecialType=kind,
                SpecialParam=text[:255])
        for index, kind in enumerate(kinds)
    ]  # fmt: skip


def pages_of(console: AtConsole) -> dict[str, Markup]:
    return {page: Markup(console.page(page)) for page in PAGES}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_field_of_superoffice_becomes_markup(
    mia: Person, sign_in: SignIn, stored: Stored, text: str
) -> None:
    console = sign_in(mia)
    stored([hostile_chat("harmless")], hostile_messages("harmless"))
    expected = pages_of(console)
    topic = {"ChatTopicId": 7, "Name": text[:255], "Description": text[:255]}
    # As it comes off the wire, where what no database can hold is taken out.
    people.store_topic(jsontext.parse(json.dumps(topic).encode()))
    stored([hostile_chat(text)], hostile_messages(text))
    for page, found in pages_of(console).items():
        assert found.dangers() == [], page
        for tag in COUNTED:
            assert found.count.get(tag, 0) == expected[page].count.get(tag, 0), (page, tag)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_message_is_made_safe_by_an_allow_list(text: str) -> None:
    found = Markup(richtext.safe(text))
    assert set(found.count) <= richtext.TAGS
    assert found.dangers() == []
    assert {name for _, name, _ in found.attributes} <= {"href", "rel", "target"}


def test_what_is_allowed_stays_readable() -> None:
    shown = richtext.safe(
        'See <a href="https://example.net/x?a=1">this</a><br><b>now</b>\nor <i>later</i>'
    )
    assert "<b>now</b><br>or <i>later</i>" in shown
    assert 'href="https://example.net/x?a=1"' in shown
    assert 'rel="noopener noreferrer nofollow"' in shown


def test_the_customers_session_key_is_on_no_page(
    mia: Person, sign_in: SignIn, stored: Stored
) -> None:
    stored([carrier(CHAT, SessionKey="the-secret-key")], hostile_messages("x"))
    console = sign_in(mia)
    for page in PAGES:
        assert "the-secret-key" not in console.page(page)


def test_every_page_has_the_strict_policy(mia: Person, sign_in: SignIn, stored: Stored) -> None:
    stored([carrier(CHAT)])
    console = sign_in(mia)
    for page in PAGES:
        policy = console.get(page)["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
