"""The figures of `/metrics`, read from the database when asked: right from any process.

Names and labels are ids and states, never a person's name or a text.
"""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Min, Q
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from chatops.actions.models import Action, State
from chatops.mirror import feed
from chatops.mirror.models import ChatSession
from chatops.remote.models import Agent, Gate
from chatops.subscriptions.models import State as Told
from chatops.subscriptions.models import Subscription
from chatops.sync import health, hooks
from chatops.sync.models import Alarm, Cursor, SyncRun, WebhookDelivery

OPEN_ACTIONS = (State.QUEUED, State.SENDING, State.UNKNOWN, State.NEEDS_PERSON)
WAITING = (WebhookDelivery.State.WAITING, WebhookDelivery.State.FAILED)


def page() -> bytes:
    """Everything, as Prometheus reads it: this process's own figures and the database's."""
    return generate_latest(REGISTRY) + generate_latest(_DATABASE)


def _gauge(name: str, help_text: str, value: float | None) -> GaugeMetricFamily:
    """A figure without labels; None, for what never happened, is no sample at all."""
    family = GaugeMetricFamily(f"chatops_{name}", help_text)
    if value is not None:
        family.add_metric([], value)
    return family


def _by(name: str, help_text: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"chatops_{name}", help_text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _age(moment: datetime | None, now: datetime) -> float | None:
    """Seconds since; None when it never was."""
    return None if moment is None else max(0.0, (now - moment).total_seconds())


class DatabaseCollector(Collector):
    """Reads the database at each scrape: a dozen small queries over indexed columns."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = timezone.now()
        yield from self._mirror(now)
        yield from self._hints(now)
        yield from self._actions(now)
        yield from self._remote(now)
        yield from self._subscriptions()

    def _mirror(self, now: datetime) -> Iterator[GaugeMetricFamily]:
        cursors = list(Cursor.objects.exclude(ran_at=None))
        succeeded = {one.name: age for one in cursors if (age := _age(one.ok_at, now)) is not None}
        yield _by(
            "task_success_age_seconds", "Since a task of the worker last succeeded.", "task",
            succeeded,
        )  # fmt: skip
        failing = {one.name: 1.0 if one.error else 0.0 for one in cursors}
        yield _by("task_failing", "1 while a task's last run failed.", "task", failing)
        fresh = health.freshness()
        yield _gauge("mirror_age_seconds", "Since the open chats were last read.",
                     _age(fresh.as_of, now))  # fmt: skip
        yield _gauge("mirror_stale", "1 while the mirror is older than it should be.",
                     float(fresh.is_stale))  # fmt: skip
        alive = Cursor.objects.filter(name=health.WORKER).values_list("ok_at", flat=True).first()
        yield _gauge("worker_age_seconds", "Since any worker said that it is alive.",
                     _age(alive, now))  # fmt: skip
        run = SyncRun.objects.filter(kind=SyncRun.Kind.RECONCILE, ok=True).order_by("-started_at")
        compared = run.values_list("ended_at", flat=True).first()
        yield _gauge("compare_age_seconds", "Since the mirror was last compared.",
                     _age(compared, now))  # fmt: skip
        position = feed.position()
        yield _gauge("feed_head", "The last number of the change feed.", position.last)
        yield _gauge("feed_first", "The oldest number still kept.", position.first)
        rows = ChatSession.objects.open().order_by().values_list("status")
        by_status = dict(rows.annotate(count=Count("pk")))
        yield _by("open_sessions", "Chats that go on, by status.", "status", by_status)
        alarms = {one.name: 1.0 for one in Alarm.objects.all()}
        yield _by("alarm", "1 while something needs a person.", "alarm", alarms)

    def _hints(self, now: datetime) -> Iterator[GaugeMetricFamily]:
        waiting = WebhookDelivery.objects.filter(state__in=WAITING)
        yield _gauge("hints_waiting", "Hints that are not worked off.", waiting.count())
        hook = hooks.seen()
        active = float(hook.state == "Active") if hook.webhook_id else None
        yield _gauge("hook_active", "1 while SuperOffice's webhook is active; none: no webhook.",
                     active)  # fmt: skip
        yield _gauge("hint_age_seconds", "Since SuperOffice sent a hint.",
                     _age(hook.last_hint_at, now))  # fmt: skip

    def _actions(self, now: datetime) -> Iterator[GaugeMetricFamily]:
        rows = Action.objects.filter(state__in=OPEN_ACTIONS).order_by().values_list("state")
        found = {
            state: (count, first)
            for state, count, first in rows.annotate(count=Count("pk"), first=Min("created_at"))
        }
        counts = {str(one): float(found.get(one, (0, None))[0]) for one in OPEN_ACTIONS}
        yield _by("actions_open", "Actions without an ending, by state.", "state", counts)
        oldest = found.get(State.UNKNOWN, (0, None))[1]
        yield _gauge("oldest_unknown_seconds", "Age of the oldest unconfirmed action.",
                     _age(oldest, now) or 0.0)  # fmt: skip

    def _remote(self, now: datetime) -> Iterator[GaugeMetricFamily]:
        gate = Gate.objects.filter(pk=1).first() or Gate()
        is_open = gate.open_until > now.timestamp()
        yield _gauge("breaker_open", "1 while SuperOffice is left alone.", float(is_open))
        yield _gauge("remote_pause_seconds", "Left of the pause that SuperOffice asked for.",
                     max(0.0, gate.not_before - now.timestamp()))  # fmt: skip
        yield _gauge("remote_failures", "Failed calls in a row.", gate.failures)
        yield _gauge("remote_ok_age_seconds", "Since SuperOffice answered.",
                     _age(gate.last_ok_at, now))  # fmt: skip
        broken = Agent.objects.exclude(credential__broken_at=None).count()
        yield _gauge("links_broken", "Linked accounts that SuperOffice refuses.", broken)

    def _subscriptions(self) -> Iterator[GaugeMetricFamily]:
        rows = Subscription.objects.order_by().values_list("state")
        by_state = dict(rows.annotate(count=Count("pk")))
        yield _by("subscriptions", "Programs that are told of changes, by state.", "state",
                  {str(one): float(by_state.get(one, 0)) for one in Told})  # fmt: skip
        ours = Subscription.objects.filter(state=Told.STOPPED).exclude(notice="")
        yield _gauge("subscriptions_switched_off", "Stopped, and not by their owner.",
                     ours.count())  # fmt: skip
        active = Subscription.objects.filter(state=Told.ACTIVE)
        found = active.aggregate(failing=Count("pk", filter=Q(failures__gt=0)), last=Min("number"))
        yield _gauge("subscriptions_failing", "Whose last delivery failed.", found["failing"])
        behind = None if found["last"] is None else feed.position().last - found["last"]
        yield _gauge("subscriptions_behind", "Changes that the slowest still has to be told.",
                     behind)  # fmt: skip


_DATABASE = CollectorRegistry()
_DATABASE.register(DatabaseCollector())
