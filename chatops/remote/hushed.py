"""What must not be repeated from an answer of SuperOffice's: every secret of the configuration."""

import json

from django.conf import settings

from chatops.remote.models import Credential

NAMES = (
    "SECRET_KEY",
    "SUPEROFFICE_PASSWORD",
    "SUPEROFFICE_TICKET",
    "SUPEROFFICE_APP_TOKEN",
    "SUPEROFFICE_CLIENT_SECRET",
    "SUPEROFFICE_REFRESH_TOKEN",
    "SUPEROFFICE_SYSTEM_TOKEN",
)
LISTS = ("WEBHOOK_SECRETS", "FIELD_KEYS")
#: What is shorter would blank out ordinary words.
SHORTEST = 4


def configured() -> list[str]:
    """The secrets that are set, longest first, so that no part of one is left."""
    values = [str(getattr(settings, name, "") or "") for name in NAMES]
    values += [str(one) for name in LISTS for one in getattr(settings, name, None) or ()]
    return _longest_first(values)


def of(credential: Credential) -> list[str]:
    """Those, and what a person linked."""
    own = json.loads(credential.secret or "{}")
    kept = [str(value) for name, value in own.items() if name != "user"]
    return _longest_first([*configured(), *kept])


def _longest_first(values: list[str]) -> list[str]:
    return sorted({one for one in values if len(one) >= SHORTEST}, key=len, reverse=True)
