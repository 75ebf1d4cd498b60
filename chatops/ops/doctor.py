"""Looks at everything that has to be right, here and at SuperOffice, and says what to do.

It reads only. Each check is a function that yields findings; what SuperOffice does not answer ends
the checks that need it, not the others.
"""

from collections.abc import Callable, Generator, Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from chatops.actions.models import Action, State
from chatops.ops import checks as checks_of_ours
from chatops.ops.findings import Finding, fail, ok, warn
from chatops.remote import abilities, wiring
from chatops.remote.gate import GateClosed
from chatops.remote.models import Agent
from chatops.subscriptions.models import State as Told
from chatops.subscriptions.models import Subscription
from chatops.superoffice import times
from chatops.superoffice.client import Client
from chatops.superoffice.errors import (
    CredentialsMissing,
    Forbidden,
    HostNotAllowed,
    NotFound,
    SuperOfficeError,
    Unauthorized,
    UnreadableAnswer,
)
from chatops.sync import health, hooks
from chatops.sync.models import Alarm, Cursor

#: So far apart, clocks differ: more than a slow answer and whole seconds can explain.
APART = timedelta(minutes=2)
#: Tasks that failed this often in a row are told.
FAILURES = 3


def examine() -> Iterator[Finding]:
    """Every finding, as it is made. What SuperOffice has to answer comes in the middle."""
    yield from _settings()
    if not (yield from _database()):
        return
    yield from _superoffice()
    for check in (_people, _hook, _freshness, _tasks, _alarms, _actions, _subscriptions):
        yield from check()


def _settings() -> Iterator[Finding]:
    messages = checks.run_checks(tags=["chatops"])
    for one in messages:
        make = fail if one.level >= checks.ERROR else warn
        yield make("settings", one.msg, one.hint or "See README.md, Settings.")
    if not messages:
        kind = "the demo: no SuperOffice is configured" if settings.DEMO else "complete"
        yield ok("settings", f"The settings are {kind}.")


def _database() -> Generator[Finding, None, bool]:
    """The database and its migrations. Returns whether the rest can be asked."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        yield fail("database", f"The database does not answer ({type(error).__name__}).",
                   "Check DATABASE_URL, whether its server runs, and who holds it.")  # fmt: skip
        return False
    if missing:
        yield fail("database", f"{len(missing)} migrations are not applied.",
                   "Run `manage.py migrate`.")  # fmt: skip
        return False
    yield ok("database", f"The database ({connection.vendor}) answers and is up to date.")
    return True


def _superoffice() -> Iterator[Finding]:
    try:
        client = wiring.service_client(person=True)
        root = _root(client)
    except CredentialsMissing as error:
        yield fail("sign-in", error.detail, "See README.md, Settings: SUPEROFFICE_AUTH.")
        return
    except HostNotAllowed as error:
        yield fail("reachable", error.detail, "Check SUPEROFFICE_API_URL and "
                   "SUPEROFFICE_ALLOWED_HOSTS.")  # fmt: skip
        return
    except GateClosed as error:
        yield fail("reachable", error.detail,
                   "Wait: it is tried again by itself.")  # fmt: skip
        return
    except SuperOfficeError as error:
        why, do = _why(error)
        yield fail("reachable", f"{error.detail}{why}", do)
        return
    version = root.get("NetServerVersion")
    which = f"NetServer {version}" if version else "which version, it does not say"
    yield ok("reachable", f"SuperOffice answers ({which}).")
    if (yield from _sign_in(client)):
        for name, check in AT_SUPEROFFICE.items():
            try:
                yield from check(client)
            except SuperOfficeError as error:
                yield warn(name, f"This could not be asked: {error.detail}",
                           "Try again; if it stays, SuperOffice's log knows why.")  # fmt: skip


#: What is found in the text of what lies behind “cannot be reached”: what that means, what to do.
BEHIND = (
    ("NameResolution", "The host's name is not known.", "Check its spelling in {}, and this "
     "machine's DNS."),
    ("CERTIFICATE", "Its certificate is not trusted.", "With a CA of your own, name it in "
     "REQUESTS_CA_BUNDLE; else the certificate of the host in {} has to be renewed."),
    ("SSL", "There is no TLS at that address.", "Check scheme, host and port in {}."),
    ("Proxy", "The proxy does not let us through.", "Check HTTPS_PROXY and NO_PROXY."),
    ("refused", "Nobody listens there.", "Check host and port in {}, and whether the server runs."),
    ("imed out", "It does not answer in time.", "Check host and port in {}, and the firewall."),
)  # fmt: skip


def _why(error: BaseException) -> tuple[str, str]:
    """What lies behind an error of the network, and what to do about it."""
    name = "SUPEROFFICE_LOGIN_URL" if settings.SUPEROFFICE_TENANT else "SUPEROFFICE_API_URL"
    behind, texts = error.__cause__, []
    while behind is not None:
        texts.append(repr(behind))
        behind = behind.__cause__
    said = " ".join(texts)
    for word, why, do in BEHIND:
        if word in said:
            return f" {why}", do.format(name)
    return "", f"Check {name}, the network, and the host's certificate."


def _root(client: Client) -> dict[str, Any]:
    """The version document; empty where there is none. Something answers there, then, and whether
    it is SuperOffice's API shows when it is asked who we are."""
    try:
        return client.service.root()
    except (NotFound, UnreadableAnswer):
        return {}


def _sign_in(client: Client) -> Generator[Finding, None, bool]:
    """Who we are at SuperOffice. Returns whether we are anybody."""
    try:
        principal = client.associates.current_principal()
    except (Unauthorized, Forbidden) as error:
        names = checks_of_ours.NEEDED_BY_SCHEME.get(settings.SUPEROFFICE_AUTH, ())
        yield fail("sign-in", f"Our sign-in is not accepted. {error.detail}",
                   f"Check {', '.join(names) or 'SUPEROFFICE_AUTH'}.")  # fmt: skip
        return False
    except SuperOfficeError as error:
        yield fail("sign-in", f"Signing in failed: {error.detail}", "Try again.")
        return False
    yield ok("sign-in", f"Signed in by {settings.SUPEROFFICE_AUTH} as associate "
             f"{principal.associate_id}.")  # fmt: skip
    return True


def _reads(client: Client) -> Iterator[Finding]:
    page = next(iter(client.sessions.list(top=1)), [])
    if page:
        yield ok("reads", "Chat sessions can be listed.")
    else:
        yield warn("reads", "SuperOffice lists no chat session at all.",
                   "If there are any, the service identity has no role on a topic.")  # fmt: skip


def _clock(client: Client) -> Iterator[Finding]:
    """Whether times arrive as they were meant: as this machine's clock has them, with their
    offset, and the newest chat not in the future."""
    zone = settings.SUPEROFFICE_TIMEZONE
    apart = timedelta(seconds=client.transport.ahead or 0.0)
    if abs(apart) > APART:
        behind = "behind" if apart > timedelta(0) else "ahead of"
        yield fail("clock", f"This machine's clock is {abs(apart).total_seconds():.0f} s {behind} "
                   "SuperOffice's.", "Set it by NTP: what expires and waits goes "
                   "by it.")  # fmt: skip
        return
    cursor = Cursor.objects.filter(name="new").first()
    newest = cursor.value if cursor else 0
    if not newest:
        yield warn("clock", "Nothing is mirrored yet to compare clocks with.",
                   "Run `manage.py backfill` first.")  # fmt: skip
        return
    before = times.naive_times.total
    try:
        session = client.sessions.get(newest)
    except NotFound:
        yield ok("clock", "The newest chat is gone; there is nothing to compare clocks with.")
        return
    if times.naive_times.total > before:
        yield warn("clock", "SuperOffice writes times without an offset; they are read as UTC.",
                   f"Switch its time zone support on (we ask for {zone}).")  # fmt: skip
        return
    ahead = (session.requested_at - timezone.now()) if session.requested_at else timedelta(0)
    if ahead > APART:
        yield fail("clock", f"The newest chat began {ahead.seconds} s in our future.",
                   "Set this machine's clock (NTP); check SUPEROFFICE_TIMEZONE.")  # fmt: skip
    else:
        yield ok("clock", "Times come with their offset, and none lies in the future.")


def _zone(client: Client) -> Iterator[Finding]:
    try:
        zone = client.service.time_zone()
    except NotFound:
        yield ok("zone", "This server has no time zone support.")
        return
    name = zone.get("TZLocationCode") or "an unnamed zone"
    yield ok("zone", f"SuperOffice keeps times in {name}; we ask for "
             f"{settings.SUPEROFFICE_TIMEZONE}.")  # fmt: skip


def _patch(client: Client) -> Iterator[Finding]:
    can = abilities.ask(client).patch
    if can:
        yield ok("patch", "This server can change single fields of a chat (PATCH).")
    elif can is None:
        yield ok("patch", "This server does not say what it can do; what it refuses is learned.")
    else:
        yield warn("patch", "This server does not list PATCH for chat sessions.",
                   "Chats are shown and not edited; allow the verb in IIS, or "
                   "use a newer SuperOffice.")  # fmt: skip


def _presence(client: Client) -> Iterator[Finding]:
    try:
        present = sum(one.present for one in client.presence.all())
    except NotFound:
        yield warn("presence", "This server does not tell who is present.",
                   "Nothing is to be done: the console shows no presence.")  # fmt: skip
    else:
        yield ok("presence", f"{present} agents are present.")


#: What is asked of SuperOffice once we are signed in.
AT_SUPEROFFICE: dict[str, Callable[[Client], Iterator[Finding]]] = {
    "reads": _reads,
    "clock": _clock,
    "zone": _zone,
    "patch": _patch,
    "presence": _presence,
}


def _people() -> Iterator[Finding]:
    linked = Agent.objects.select_related("credential", "user")
    broken = [one for one in linked if one.credential.broken_at]
    for one in broken:
        yield warn("people", f"{one.user.get_username()}: {one.credential.broken_because}",
                   "They link it again under “My SuperOffice account”.")  # fmt: skip
    if not linked:
        yield warn("people", "Nobody has linked a SuperOffice account, so nobody can act.",
                   "`manage.py person link NAME --scheme … --secret-stdin`")  # fmt: skip
    elif not broken:
        yield ok("people", f"{len(linked)} people have linked their account.")


def _hook() -> Iterator[Finding]:
    seen = hooks.seen()
    if not seen.configured:
        yield ok("hook", "No webhook is configured; polls keep the mirror fresh.")
    elif not seen.webhook_id:
        yield warn("hook", "PUBLIC_URL and WEBHOOK_SECRETS are set, but no webhook is registered.",
                   "Run `manage.py webhook register`.")  # fmt: skip
    elif seen.state != "Active":
        yield warn("hook", f"Our webhook is {seen.state}.",
                   "The worker switches it on again; if it stays, check PUBLIC_URL.")  # fmt: skip
    elif not seen.trusted:
        yield warn("hook", "The webhook is active, but hints do not arrive.",
                   "Check that SuperOffice can reach PUBLIC_URL.")  # fmt: skip
    else:
        yield ok("hook", "The webhook is active and hints arrive.")


def _freshness() -> Iterator[Finding]:
    now = health.freshness()
    if now.as_of is None:
        yield warn("lag", f"The mirror has never been fresh: {now.reason}.",
                   "Run `manage.py serve` or `manage.py worker`.")  # fmt: skip
        return
    age = round((timezone.now() - now.as_of).total_seconds())
    if now.is_stale:
        yield fail("lag", f"The mirror is {age} s old: {now.reason}.",
                   "Start the worker, or see why SuperOffice does not answer.")  # fmt: skip
    else:
        yield ok("lag", f"The mirror is {age} s old.")


def _tasks() -> Iterator[Finding]:
    failing = Cursor.objects.filter(failures__gte=FAILURES).order_by("name")
    for one in failing:
        yield warn("tasks", f"`{one.name}` failed {one.failures} times in a row: {one.error}",
                   "It is tried again by itself; the log has more.")  # fmt: skip
    if not failing:
        yield ok("tasks", "No task of the worker keeps failing.")


def _alarms() -> Iterator[Finding]:
    for one in Alarm.objects.order_by("since"):
        yield warn("alarm", f"Since {one.since:%Y-%m-%d %H:%M} UTC: {one.detail}",
                   "See the console's page Mirror.")  # fmt: skip


def _actions() -> Iterator[Finding]:
    needs = Action.objects.filter(state=State.NEEDS_PERSON).count()
    late = timezone.now() - timedelta(seconds=settings.ACTION_ASKS_AFTER_SECONDS * 2)
    unknown = Action.objects.filter(state=State.UNKNOWN, created_at__lt=late).count()
    if needs:
        yield warn("actions", f"{needs} actions wait for a person to decide.",
                   "See the console's page Actions.")  # fmt: skip
    if unknown:
        yield warn("actions", f"{unknown} actions are unconfirmed for longer than they should be.",
                   "Is the worker running? They are settled by reading.")  # fmt: skip
    if not needs and not unknown:
        yield ok("actions", "No action waits for anybody.")


def _subscriptions() -> Iterator[Finding]:
    """Programs that are no longer told, or hardly. One that its own owner stopped is fine."""
    told = Subscription.objects.defer("secret", "previous_secret").order_by("pk")
    off = list(told.filter(state=Told.STOPPED).exclude(notice=""))
    for one in off:
        yield warn("subscriptions", f"Subscription {one.pk} is switched off: {one.notice}",
                   "Ask its owner; then switch it on: Administration, Subscriptions.")  # fmt: skip
    failing = list(told.filter(state=Told.ACTIVE, failures__gte=FAILURES))
    for one in failing:
        yield warn("subscriptions",
                   f"Subscription {one.pk} has failed {one.failures} times: {one.last_error}",
                   "Its receiver must answer 2xx; after a day it is switched off.")  # fmt: skip
    if told and not off and not failing:
        yield ok("subscriptions", f"{len(told)} subscriptions are served.")
