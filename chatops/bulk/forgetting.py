"""What of runs is not kept: by age, of customers who are forgotten, and after a restored backup."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chatops.bulk import runs
from chatops.bulk.models import BulkRow, BulkRun, RowState, Stage


def prune() -> int:
    """Drop drafts that were never started, and runs that ended BULK_KEEP_DAYS ago; how many.

    Their actions and their lines in the trail stay.
    """
    now = timezone.now()
    drafts, _ = BulkRun.objects.filter(stage=Stage.DRAFT, expires_at__lt=now).delete()
    if not settings.BULK_KEEP_DAYS:
        return drafts
    before = now - timedelta(days=settings.BULK_KEEP_DAYS)
    dropped, _ = BulkRun.objects.filter(ended_at__lt=before).delete()
    return drafts + dropped


@transaction.atomic
def erase(session_ids: Sequence[int]) -> int:
    """Empty what runs hold in words about these sessions; how many rows.

    What a run asked for goes for all its sessions, because it was one text for all; only a run that
    is under way still needs it, and it ends within BULK_EXPIRES_SECONDS.
    """
    rows = BulkRow.objects.filter(session_id__in=session_ids)
    BulkRun.objects.filter(rows__in=rows).exclude(stage=Stage.RUNNING).update(asked={})
    return rows.exclude(detail="").update(detail="")


def call_off() -> int:
    """Cancel every run that is under way: after a restore nothing is sent by itself; how many."""
    with transaction.atomic():
        running = list(BulkRun.objects.select_for_update().filter(stage=Stage.RUNNING))
        for run in running:
            runs.stop(run, RowState.CANCELLED)
    return len(running)
