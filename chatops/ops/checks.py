"""What must be right before anything starts: Django system checks over the settings."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

TENANT = re.compile(r"[A-Za-z]{3,8}\d{1,9}\Z")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
NEEDED_BY_SCHEME = {
    "basic": ("SUPEROFFICE_USER", "SUPEROFFICE_PASSWORD"),
    "ticket": ("SUPEROFFICE_TICKET",),
    "bearer": (
        "SUPEROFFICE_CLIENT_ID",
        "SUPEROFFICE_CLIENT_SECRET",
        "SUPEROFFICE_REFRESH_TOKEN",
    ),
    "system": (
        "SUPEROFFICE_TENANT",
        "SUPEROFFICE_CLIENT_SECRET",
        "SUPEROFFICE_SYSTEM_TOKEN",
        "SUPEROFFICE_PRIVATE_KEY",
    ),
}


def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """All of it; each message says what to do."""
    return [*_keys(), *_remote(), *_identity(), *_exposure()]


def _keys() -> list[CheckMessage]:
    for place, key in enumerate(settings.FIELD_KEYS, start=1):
        try:
            Fernet(key)
        except (ValueError, TypeError):
            return [
                Error(
                    f"Number {place} of FIELD_KEYS is not a key.",
                    hint="A key is 32 random bytes in URL-safe base64: `Fernet.generate_key()`.",
                    id="chatops.E001",
                )
            ]
    return []


def _remote() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    tenant = settings.SUPEROFFICE_TENANT
    if tenant and not TENANT.match(tenant):
        found.append(
            Error(
                f"SUPEROFFICE_TENANT is {tenant!r}, which is no tenant.",
                hint="It looks like Cust12345.",
                id="chatops.E002",
            )
        )
    for name in ("SUPEROFFICE_API_URL", "SUPEROFFICE_LOGIN_URL", "PUBLIC_URL"):
        found += _address(name, getattr(settings, name))
    url = settings.SUPEROFFICE_API_URL
    if url and not tenant and not url.lower().endswith("/api"):
        found.append(
            Warning(
                "SUPEROFFICE_API_URL does not end in `/api`.",
                hint="Give it up to and including `/api`: https://crm.example.com/SuperOffice/api",
                id="chatops.W001",
            )
        )
    return found


def _address(name: str, value: str) -> list[CheckMessage]:
    if not value:
        return []
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return [Error(f"{name} is not an address.", hint="https://…", id="chatops.E003")]
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return [
            Error(
                f"{name} is plain http.",
                hint="Write https://…: passwords and chats would pass in the open.",
                id="chatops.E004",
            )
        ]
    return []


def _identity() -> list[CheckMessage]:
    scheme = settings.SUPEROFFICE_AUTH
    if settings.DEMO:
        return []
    if scheme not in NEEDED_BY_SCHEME:
        return [
            Error(
                "SUPEROFFICE_AUTH does not say how the service identity signs in.",
                hint=f"One of: {', '.join(NEEDED_BY_SCHEME)}.",
                id="chatops.E005",
            )
        ]
    missing = [name for name in NEEDED_BY_SCHEME[scheme] if not getattr(settings, name)]
    if missing:
        return [
            Error(
                f"SUPEROFFICE_AUTH={scheme} needs {' and '.join(missing)}.",
                hint="README.md, “Connecting your SuperOffice”, shows where they come from.",
                id="chatops.E006",
            )
        ]
    return []


def _exposure() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.DEBUG and not settings.REMOTE_IS_LOOPBACK:
        found.append(
            Error(
                "DEBUG is on with a real SuperOffice.",
                hint="Its error pages show settings and customers' data: unset DEBUG.",
                id="chatops.E007",
            )
        )
    if settings.WEBHOOK_SECRETS and not settings.PUBLIC_URL:
        found.append(
            Warning(
                "WEBHOOK_SECRETS is set and PUBLIC_URL is not.",
                hint="SuperOffice can be told where to send hints only when it is known.",
                id="chatops.W002",
            )
        )
    if any(len(secret) < 16 for secret in settings.WEBHOOK_SECRETS):
        found.append(
            Warning(
                "A webhook secret has fewer than 16 characters.",
                hint="Whoever guesses it can make us read sessions all day.",
                id="chatops.W003",
            )
        )
    if "*" in settings.ALLOWED_HOSTS and not settings.DEBUG:
        found.append(
            Warning(
                "ALLOWED_HOSTS allows every host.",
                hint="Name the hosts people use.",
                id="chatops.W004",
            )
        )
    return found
