"""The checks before anything starts: each wrong setting is named, with what to do."""

import re
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pytest_django.fixtures import Settings

from chatops.ops.checks import check_settings

RIGHT = {
    "DEMO": False,
    "DEBUG": False,
    "REMOTE_IS_LOOPBACK": False,
    "SUPEROFFICE_API_URL": "https://crm.example.com/SuperOffice/api",
    "SUPEROFFICE_TENANT": "",
    "SUPEROFFICE_AUTH": "basic",
    "SUPEROFFICE_USER": "u",
    "SUPEROFFICE_PASSWORD": "p",
    "FIELD_KEYS": [Fernet.generate_key().decode()],
    "WEBHOOK_SECRETS": ["a-long-enough-secret"],
    "PUBLIC_URL": "https://chat.example.com",
    "ALLOWED_HOSTS": ["chat.example.com"],
}


def found(settings: Settings, **wrong: object) -> list[str]:
    for name, value in {**RIGHT, **wrong}.items():
        setattr(settings, name, value)
    return [str(one.id) for one in check_settings(None)]


def test_what_is_right_is_not_complained_about(settings: Settings) -> None:
    assert found(settings) == []


def test_what_the_readme_tells_to_set_for_online_is_enough(settings: Settings) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    online = readme.split("**Online.**", 1)[1].split("```", 2)[1]
    named = dict(re.findall(r"^(SUPEROFFICE_\w+)=(\S+)", online, re.MULTILINE))
    assert found(settings, SUPEROFFICE_API_URL="", SUPEROFFICE_USER="", **named) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"FIELD_KEYS": ["short"]}, "chatops.E001"),
        ({"SUPEROFFICE_TENANT": "Cust12345; drop"}, "chatops.E002"),
        ({"SUPEROFFICE_API_URL": "crm.example.com/api"}, "chatops.E003"),
        ({"SUPEROFFICE_API_URL": "http://crm.example.com/api"}, "chatops.E004"),
        ({"SUPEROFFICE_API_URL": "http://127.0.0.1.example.com/api"}, "chatops.E004"),
        ({"PUBLIC_URL": "http://chat.example.com"}, "chatops.E004"),
        ({"SUPEROFFICE_AUTH": ""}, "chatops.E005"),
        ({"SUPEROFFICE_PASSWORD": ""}, "chatops.E006"),
        ({"SUPEROFFICE_AUTH": "system"}, "chatops.E006"),
        ({"DEBUG": True}, "chatops.E007"),
        ({"SUPEROFFICE_API_URL": "https://crm.example.com/SuperOffice"}, "chatops.W001"),
        ({"PUBLIC_URL": ""}, "chatops.W002"),
        ({"WEBHOOK_SECRETS": ["guess"]}, "chatops.W003"),
        ({"ALLOWED_HOSTS": ["*"]}, "chatops.W004"),
    ],
)
def test_each_wrong_setting_is_named(
    settings: Settings, wrong: dict[str, object], said: str
) -> None:
    assert found(settings, **wrong) == [said]


def test_plain_http_is_fine_on_loopback(settings: Settings) -> None:
    assert found(settings, SUPEROFFICE_API_URL="http://127.0.0.1:9000/api") == []
