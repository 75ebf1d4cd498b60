"""Settings and linked people become clients, all behind the shared gate.

The service identity reads and never performs a person's action; a person's client is made of what
that person linked.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from django.conf import settings
from django.db import connection

from chatops.remote import credentials, hushed, tenant
from chatops.remote.gate import SharedGate
from chatops.remote.models import Agent, Credential
from chatops.superoffice import errors, transport
from chatops.superoffice.client import Client
from chatops.superoffice.exchange import Rank


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes one client differ from another; equal identities share one."""

    #: Name of the Credential row.
    name: str
    #: Changes when something else was linked, so that the old client is not used any more. A
    #: digest: the secret itself has no place in a key that lives as long as the process.
    mark: str
    person: bool


#: Settings that a client is made of.
MADE_OF = (
    "SUPEROFFICE_API_URL",
    "SUPEROFFICE_TENANT",
    "SUPEROFFICE_LOGIN_URL",
    "SUPEROFFICE_AUTH",
    "SUPEROFFICE_USER",
    "SUPEROFFICE_PASSWORD",
    "SUPEROFFICE_TICKET",
    "SUPEROFFICE_APP_TOKEN",
    "SUPEROFFICE_CLIENT_ID",
    "SUPEROFFICE_CLIENT_SECRET",
    "SUPEROFFICE_REFRESH_TOKEN",
    "SUPEROFFICE_SYSTEM_TOKEN",
    "SUPEROFFICE_PRIVATE_KEY",
    "SUPEROFFICE_LANGUAGE",
    "SUPEROFFICE_CULTURE",
    "SUPEROFFICE_TIMEZONE",
    "REMOTE_CONNECT_SECONDS",
    "REMOTE_READ_TOTAL_SECONDS",
    "REMOTE_WRITE_TOTAL_SECONDS",
    "REMOTE_SIZE_CAP_BYTES",
    "REMOTE_BACKOFF_SECONDS",
)


def service_client(*, person: bool = False) -> Client:
    """The client that reads. `person`: somebody waits for what it reads.

    Raises CredentialsMissing (a NotSent) when the service identity is not configured.
    """
    return _client(_settings_mark(), Identity(Credential.SERVICE, "", person))


def client_for(agent: Agent, *, person: bool = True) -> Client:
    """The client that acts in this person's name. `person`: they wait for it at the screen."""
    row = agent.credential
    # A token that is renewed is read from its row each time.
    fixed = "" if row.scheme == Credential.Scheme.BEARER else _stored_secret(row)
    mark = sha256(f"{row.scheme} {fixed}".encode()).hexdigest()
    return _client(_settings_mark(), Identity(row.name, mark, person))


def _stored_secret(row: Credential) -> str:
    """The secret as it is stored, still encrypted: it differs whenever something else was linked.

    Raises CredentialsMissing when it is gone.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM remote_credential WHERE id = %s", [row.pk])
        found = cursor.fetchone()
    if found is None:
        raise errors.CredentialsMissing("The SuperOffice account is not linked any more.")
    return str(found[0])


def client_of(credential: Credential) -> Client:
    """A client for a credential that is not stored yet, to check it with; not kept."""
    auth = credentials.auth_of(credential)
    return Client(_transport(auth, Rank.PERSON, hush=hushed.of(credential)))


def _settings_mark() -> str:
    """A digest of the settings a client is made of: tests and reloads change them."""
    values = [getattr(settings, name) for name in MADE_OF]
    return sha256(repr(values).encode()).hexdigest()


@lru_cache(maxsize=256)
def _client(_mark: str, identity: Identity) -> Client:
    if identity.name == Credential.SERVICE:
        auth, hush = credentials.service_auth(), hushed.configured()
    else:
        row = Credential.objects.get(name=identity.name)
        auth, hush = credentials.auth_of(row), hushed.of(row)
    return Client(_transport(auth, Rank.PERSON if identity.person else Rank.POLL, hush=hush))


def _transport(auth: credentials.Auth, rank: Rank, *, hush: list[str]) -> transport.Transport:
    if not settings.SUPEROFFICE_API_URL and not settings.SUPEROFFICE_TENANT:
        raise errors.CredentialsMissing("No SuperOffice is configured.")
    return tenant.FollowingTransport(
        tenant.api_url(),
        auth,
        language=settings.SUPEROFFICE_LANGUAGE or None,
        culture=settings.SUPEROFFICE_CULTURE or None,
        timezone=settings.SUPEROFFICE_TIMEZONE,
        app_token=settings.SUPEROFFICE_APP_TOKEN or None,
        timeouts=timeouts(),
        size_cap=settings.REMOTE_SIZE_CAP_BYTES,
        gate=SharedGate(),
        allowed_hosts=tenant.host_is_allowed,
        # Whoever acts reads a session and its messages at the same moment.
        pool_size=2 * settings.WEB_THREADS,
        rank=rank,
        hush=hush,
        backoff=[settings.REMOTE_BACKOFF_SECONDS * times for times in (1, 2, 4)],
    )


def timeouts() -> transport.Timeouts:
    """Time-outs of every call, in seconds."""
    return transport.Timeouts(
        connect=settings.REMOTE_CONNECT_SECONDS,
        total_read=settings.REMOTE_READ_TOTAL_SECONDS,
        total_write=settings.REMOTE_WRITE_TOTAL_SECONDS,
    )
