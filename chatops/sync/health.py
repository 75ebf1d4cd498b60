"""How true the mirror is, from what is written down: no call to SuperOffice is made here."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Min, Q, Sum
from django.utils import timezone

from chatops.mirror.models import ChatSession, Drift
from chatops.remote import gate, tenant
from chatops.sync import alarms, hooks, hours, inbox
from chatops.sync.models import Alarm, Cursor, RangeProof, SyncRun, WebhookDelivery

JSONDict = dict[str, Any]

#: The poll whose success says as of when the mirror is.
OPEN = "open"
#: Where a worker says that it is alive.
WORKER = "worker"
STALE = "stale"
#: No worker has said so for this long: it is dead.
WORKER_SILENT = timedelta(seconds=30)
#: So many times the age that is allowed, and somebody should know: a minute, unless set otherwise.
ALARMED_AFTER = 2

#: What an error means to a person, by its class.
MEANINGS: dict[str, str] = {
    "Unreachable": "SuperOffice cannot be reached",
    "AnswerLost": "SuperOffice does not answer",
    "ServerFailed": "SuperOffice answers with errors",
    "UnreadableAnswer": "SuperOffice's answers cannot be read",
    "Unauthorized": "SuperOffice does not accept our sign-in any more",
    "CredentialsMissing": "we cannot sign in at SuperOffice",
    "Forbidden": "SuperOffice does not allow us to read chats",
    "NotFound": "SuperOffice answers that it does not know what it should know",
    "Misdirected": "SuperOffice has moved to another address",
    "HostNotAllowed": "SuperOffice's address is not one that may be called",
    "Throttled": "SuperOffice asked us to slow down",
    "GateClosed": "calls to SuperOffice are paused",
    "OddAnswer": "SuperOffice's lists contradict its chats",
    "OperationalError": "our own database does not keep up",
}


#: What a closed tenant means to a person, by its state (contract A.1).
CLOSED: dict[str, str] = {
    "Provisioning": "the SuperOffice tenant is still being set up",
    "Deleted": "the SuperOffice tenant was deleted",
    "Deleting": "the SuperOffice tenant is being deleted",
    "DeleteFailed": "the SuperOffice tenant is being deleted",
    "Suspended": "the SuperOffice tenant is suspended: its subscription needs attention",
    "OfflineMaintenance": "SuperOffice is closed for maintenance, usually for minutes",
    "ProvisioningFailed": "the SuperOffice tenant could not be set up",
    "MigrationPending": "the SuperOffice tenant is waiting to be moved, which may take days",
}
CLOSED_SOMEHOW = "SuperOffice says that the tenant is not available"


@dataclass(frozen=True, slots=True)
class Freshness:
    """As of when the mirror is; since when it is stale and why, in words for a person."""

    as_of: datetime | None
    stale_since: datetime | None
    #: Empty while it is fresh.
    reason: str = ""

    @property
    def is_stale(self) -> bool:
        """Whether what is shown may be older than it should be."""
        return self.as_of is None or self.stale_since is not None


def allowed_age() -> timedelta:
    """How old the last successful poll may be."""
    slowest = settings.SYNC_OPEN_SECONDS * settings.SYNC_TRUSTED_FACTOR
    return timedelta(seconds=max(settings.STALE_AFTER_SECONDS, 1.5 * slowest))


def freshness() -> Freshness:
    """How fresh the mirror is now."""
    row = Cursor.objects.filter(name=OPEN).first()
    as_of = row.ok_at if row else None
    if row is None or as_of is None:
        return Freshness(None, None, _because(row) or "nothing has been read yet")
    if closed := tenant.closed():
        return Freshness(as_of, as_of, CLOSED.get(closed.state, CLOSED_SOMEHOW))
    if timezone.now() - as_of <= allowed_age():
        return Freshness(as_of, None)
    return Freshness(as_of, as_of, _because(row) or "no worker is running")


def _because(row: Cursor | None) -> str:
    """Why the open sessions were not read, as far as anybody knows."""
    alive = Cursor.objects.filter(name=WORKER, ok_at__gt=timezone.now() - WORKER_SILENT).exists()
    if not alive:
        return "no worker is running"
    if row is None or not row.failures:
        return ""
    kind = row.error.partition(":")[0]
    if kind == "GateClosed":
        failing = gate.state().last_error.partition(" ")[0]
        kind = failing if failing in MEANINGS else kind
    return MEANINGS.get(kind, "reading fails for a reason that is in the log")


def watch() -> None:
    """Begin or end the alarm about a stale mirror; the worker calls it now and then."""
    now = freshness()
    silence = None if now.stale_since is None else timezone.now() - now.stale_since
    if silence is not None and silence > ALARMED_AFTER * allowed_age():
        alarms.sound(STALE, f"The mirror is stale: {now.reason}.")
    elif Cursor.objects.filter(name=OPEN, ok_at=None, failures__gt=0).exists():
        alarms.sound(STALE, f"The mirror has never been fresh: {now.reason}.")
    elif now.as_of is not None and now.stale_since is None:
        alarms.end(STALE)


# The report of `GET mirror/`, the console page and `doctor`


def report() -> JSONDict:
    """Everything that says how true the mirror is; datetimes and plain values."""
    parts: dict[str, Callable[[], Any]] = {
        "worker": _worker,
        "hook": lambda: asdict(hooks.seen()),
        "inbox": _inbox,
        "last_backfill": lambda: _run(SyncRun.Kind.BACKFILL),
        "last_compare": lambda: _run(SyncRun.Kind.RECONCILE),
        "ranges": _ranges,
        "alarms": _alarms,
        "jobs": _jobs,
        "drift": _drift,
        "hours": hours.last,
    }
    now = freshness()
    lag = None if now.as_of is None else max((timezone.now() - now.as_of).total_seconds(), 0.0)
    return {
        "as_of": now.as_of,
        "stale_since": now.stale_since,
        "reason": now.reason,
        "is_stale": now.is_stale,
        "lag_seconds": lag,
        **{name: part() for name, part in parts.items()},
    }


def _worker() -> JSONDict:
    row = Cursor.objects.filter(name=WORKER).first()
    seen = row.ok_at if row else None
    alive = seen is not None and timezone.now() - seen < WORKER_SILENT
    return {"alive": alive, "seen_at": seen}


def _inbox() -> JSONDict:
    waiting = Q(state__in=(WebhookDelivery.State.WAITING, WebhookDelivery.State.FAILED))
    oldest = WebhookDelivery.objects.filter(waiting).aggregate(at=Min("received_at"))["at"]
    return {**inbox.counts(), "oldest_waiting_at": oldest}


def _run(kind: SyncRun.Kind) -> JSONDict | None:
    row = SyncRun.objects.filter(kind=kind).order_by("-started_at", "-pk").first()
    if row is None:
        return None
    return {
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "ok": row.ok,
        "counts": row.counts,
        "error": row.error,
    }


def _ranges() -> JSONDict:
    """The proofs together. `equal` only when each of them is, and the last comparison came to its
    end: red until compared equal again.

    Sessions that came after the last comparison are counted apart.
    """
    proofs = RangeProof.objects.order_by("first_id")
    together = proofs.aggregate(sessions=Sum("mirror_count"), oldest=Min("compared_at"))
    unequal = [
        {"first_id": one.first_id, "last_id": one.last_id, "compared_at": one.compared_at}
        for one in proofs.filter(~Q(remote_digest=F("mirror_digest")) | Q(unread__gt=0))[:100]
    ]
    total = proofs.count()
    return {
        "total": total,
        "equal": total > 0 and not unequal and _last_compare_was_equal(),
        "unequal": unequal,
        "sessions_compared": together["sessions"] or 0,
        "sessions_not_compared": _newer_than(proofs.last()),
        "oldest_compared_at": together["oldest"],
    }


def _last_compare_was_equal() -> bool:
    ended = SyncRun.objects.filter(kind=SyncRun.Kind.RECONCILE).exclude(ended_at=None)
    last = ended.order_by("-started_at", "-pk").first()
    return last is not None and last.ok is True


def _newer_than(newest: RangeProof | None) -> int:
    """Sessions that came after the newest range was compared."""
    if newest is None:
        # Two counts in indexes; asked for those that are here, a database goes through the table.
        gone = ChatSession.objects.filter(gone_at__isnull=False)
        return ChatSession.objects.count() - gone.count()
    held = ChatSession.objects.here().filter(pk__gte=newest.first_id)
    return max(held.count() - newest.mirror_count, 0)


def _alarms() -> list[JSONDict]:
    return [
        {"name": one.name, "since": one.since, "detail": one.detail}
        for one in Alarm.objects.order_by("since")
    ]


def _jobs() -> list[JSONDict]:
    columns = ("name", "ran_at", "ok_at", "failed_at", "failures", "error")
    return list(Cursor.objects.exclude(ran_at=None).order_by("name").values(*columns))


def _drift() -> JSONDict:
    rows = Drift.objects.order_by("kind", "name")
    listed = rows.values("kind", "name", "count", "first_seen_at", "last_seen_at")
    return {"count": rows.count(), "first": list(listed[:50])}
