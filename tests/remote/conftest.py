"""SuperOffice Online instead of a fixed address, and several processes at once."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from chatops.demo.adapter import StandIn
from chatops.demo.identity import CLIENT_ID, CLIENT_SECRET, TENANT
from chatops.demo.oauth import SYSTEM_TOKEN
from tests import processes


@pytest.fixture
def online(superoffice: StandIn, settings: Settings) -> StandIn:
    """The stand-in as SuperOffice Online: sign-in host, tenant state, tokens."""
    settings.SUPEROFFICE_API_URL = ""
    settings.SUPEROFFICE_TENANT = TENANT
    settings.SUPEROFFICE_LOGIN_URL = superoffice.origin
    settings.SUPEROFFICE_ALLOWED_HOSTS = [".superoffice.com"]
    settings.SUPEROFFICE_AUTH = "bearer"
    settings.SUPEROFFICE_CLIENT_ID = CLIENT_ID
    settings.SUPEROFFICE_CLIENT_SECRET = CLIENT_SECRET
    settings.SUPEROFFICE_REFRESH_TOKEN = superoffice.credentials("integration")["refresh_token"]
    settings.SUPEROFFICE_SYSTEM_TOKEN = SYSTEM_TOKEN
    settings.SUPEROFFICE_PRIVATE_KEY = superoffice.control("GET", "app")["private_key"]
    return superoffice


Together = Callable[..., list[Any]]


@pytest.fixture
def together(transactional_db: None) -> Together:
    """`processes.together`, where what was committed before is seen by all."""
    return processes.together
