"""The same for many chats: chosen in the list, looked at, started, watched, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from chatops.actions import errors, intent, outcomes, policy
from chatops.actions.callers import Caller
from chatops.actions.models import Action
from chatops.bulk import deeds, preparing, runs
from chatops.bulk.models import BulkRow, BulkRun, Deed, RowState, Stage
from chatops.console import acting, lines, paging, selecting, wording
from chatops.console.screen import caller_from, screen, show, wants_fragment
from chatops.console.screens import export, session
from chatops.console.screens.edit import LABELS
from chatops.console.sentences import told
from chatops.mirror.models import Associate
from chatops.notebook.models import Tag

PAGE = 100
RUNS = 30
#: Tags that are offered while one types.
TAGS = 200
#: In the list's form these stand beside the deeds.
FILES = {"export_csv": "csv", "export_jsonl": "jsonl"}


class Told(NamedTuple):
    """A run as the list of runs tells it."""

    run: BulkRun
    deed: wording.Word
    stage: wording.Word
    about: str
    counts: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a run: the chat, as far as the reader may see it now, and what became of it."""

    row: BulkRow
    line: lines.Line | None
    word: wording.Word
    sentence: str


@screen
@require_http_methods(["GET", "HEAD", "POST"])
def bulk(request: HttpRequest) -> HttpResponseBase:
    """GET the caller's runs; POST a selection of the list and what to do with it."""
    if request.method == "POST":
        return _take(request)
    page = paging.page(runs.mine(caller_from(request)), request.GET, size=RUNS)
    counts, names = runs.counted_each([one.pk for one in page.rows]), _names(page.rows)
    told_runs = [
        Told(
            one,
            wording.DEED[one.deed],
            wording.STAGE[one.stage],
            _about(one, names),
            _some(one, counts[one.pk]),
        )
        for one in page.rows
    ]
    return show(request, "console/bulk.html", {"runs": told_runs, "page": page})


def _take(request: HttpRequest) -> HttpResponseBase:
    caller, do = caller_from(request), request.POST.get("do", "")
    try:
        if do in FILES:
            whole = request.POST.get("scope") == selecting.ALL
            return (export.listed if whole else export.ticked)(request, caller, FILES[do])
        found = selecting.selection(request, caller)
        run = preparing.prepare(caller, do, found.ids, capped=found.more)
    except (errors.Invalid, errors.IdentityRequired) as error:
        return _back(request, error)
    return _to(run.pk)


def _back(request: HttpRequest, error: errors.ActionError, to: str = "") -> HttpResponse:
    messages.error(request, told(error.detail))
    return _seen_at(to or acting.came_from(request))


def _to(run_id: int, query: str = "") -> HttpResponse:
    address = reverse("admin:bulk_run", args=[run_id])
    return _seen_at(f"{address}?{query}" if query else address)


def _seen_at(address: str) -> HttpResponse:
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


@screen
def run(request: HttpRequest, run_id: int) -> HttpResponse:
    """GET a run: the preview with its choices, the progress, the results."""
    return _page(request, runs.visible(run_id, caller_from(request)))


@screen
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, run_id: int) -> HttpResponse:
    """POST what the run needs to know: it begins. What is wrong is told at its field.

    GET: from the page that tells it, to the run's own. A live update of it is answered here: one
    that is led elsewhere loads the page anew, which would send the form again.
    """
    caller = caller_from(request)
    if request.method != "POST":
        if wants_fragment(request):
            return _page(request, runs.visible(run_id, caller))
        return _to(run_id, request.GET.urlencode())
    try:
        runs.start(run_id, caller, request.POST)
    except errors.Invalid as error:
        return _page(request, runs.visible(run_id, caller), request.POST, error)
    except (errors.StateConflict, errors.IdentityRequired) as error:
        return _back(request, error, reverse("admin:bulk_run", args=[run_id]))
    return _to(run_id)


@screen
@require_POST
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    """POST: begin nothing more; a preview is thrown away."""
    if runs.cancel(run_id, caller_from(request)) is None:
        return _seen_at(reverse("admin:sessions"))
    messages.success(request, _("Nothing more is begun. What had begun comes to its end."))
    return _to(run_id)


@screen
@require_POST
def again(request: HttpRequest, run_id: int) -> HttpResponse:
    """POST: a new preview of what did not come about."""
    try:
        return _to(runs.again(run_id, caller_from(request)).pk)
    except (errors.Invalid, errors.IdentityRequired) as error:
        return _back(request, error)


def _page(
    request: HttpRequest,
    one: BulkRun,
    typed: Mapping[str, str] | None = None,
    error: errors.Invalid | None = None,
) -> HttpResponse:
    caller = caller_from(request)
    shown = request.GET.get("show", "")
    counts = runs.counted(one)
    page = paging.page(runs.rows_of(one, shown), request.GET, size=PAGE)
    total = sum(counts.values()) - counts["left_out"]
    return show(
        request,
        "console/run.html",
        {
            "run": one,
            "deed": wording.DEED[one.deed],
            "stage": wording.STAGE[one.stage],
            "about": "" if one.stage == Stage.DRAFT else _about(one, _names([one])),
            "draft": one.stage == Stage.DRAFT,
            "running": one.stage == Stage.RUNNING,
            "through": one.ended_at is not None,
            "counts": counts,
            "total": total,
            "total_rows": sum(counts.values()),
            "gone_by": total - counts["coming"],
            "groups": _groups(one, counts, shown),
            "entries": _entries(page.rows, caller, one),
            "page": page,
            "error": told(error.detail) if error else "",
            "wrong": error.field if error else "",
            **(_form(one, caller, typed or {}) if one.stage == Stage.DRAFT else {}),
        },
    )


def _form(one: BulkRun, caller: Caller, typed: Mapping[str, str]) -> dict[str, Any]:
    """What is to be filled in before a run begins."""
    deed = Deed(one.deed)
    tags = Tag.objects.order_by("folded").values_list("name", flat=True)
    return {
        "typed": {
            name: typed.get(name, str(one.asked.get(name, "")))
            for name in ("to", "path", "value", "tag")
        },
        "targets": session.colleagues(caller) if deed is Deed.TRANSFER else [],
        "fields": [(path, LABELS[path]) for path in deeds.FIELDS],
        "tags": list(tags[:TAGS]) if deed in {Deed.TAG, Deed.UNTAG} else [],
        "unlinked": _unlinked(deed, caller),
    }


def _unlinked(deed: Deed, caller: Caller) -> str:
    """Why this person cannot act at SuperOffice; nothing when they can, or need not."""
    if not deeds.KINDS[deed].remote:
        return ""
    try:
        intent.identity_of(caller)
    except errors.IdentityRequired as error:
        return told(error.detail)
    return ""


def _groups(
    one: BulkRun, counts: Mapping[str, int], shown: str
) -> list[tuple[str, str, int, bool]]:
    """The outcomes that occur, as links: address, label, how many, whether it is shown."""
    every = ("?", _("All"), sum(counts.values()), shown not in counts)
    some = [
        (f"?show={name}", _outcome(one, name), count, name == shown)
        for name, count in counts.items()
        if count or name == shown
    ]
    return [every, *some]


def _outcome(one: BulkRun, name: str) -> str:
    possible = one.stage == Stage.DRAFT and name == "coming"
    return _("Possible") if possible else str(wording.OUTCOME[name])


def _some(one: BulkRun, counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(_outcome(one, name), count) for name, count in counts.items() if count]


def _names(found: Iterable[BulkRun]) -> dict[int, str]:
    """The colleagues to whom these runs offered chats, by id."""
    ids = {one.asked["to"] for one in found if "to" in one.asked}
    return {pk: str(each) for pk, each in Associate.objects.in_bulk(ids).items()}


def _about(one: BulkRun, names: Mapping[int, str]) -> str:
    """To whom, or to what: what the run was started with."""
    asked = one.asked
    if "to" in asked:
        return names.get(asked["to"], str(asked["to"]))
    if "path" in asked:
        value = asked["value"] or "–"
        return f"{LABELS[asked['path']]}: {value}"
    return str(asked.get("tag", ""))


def _entries(rows: list[BulkRow], caller: Caller, run: BulkRun) -> list[Entry]:
    """The rows of a page; the number of queries does not depend on how many they are."""
    ids = [one.session_id for one in rows]
    seen = lines.listed(policy.visible_sessions(caller).filter(pk__in=ids))
    by_id = {line.id: line for line in lines.lines(seen, caller)}
    sentence = _sentences()
    found = [_entry(one, by_id.get(one.session_id), sentence) for one in rows]
    if run.stage != Stage.DRAFT:
        return found
    possible = wording.Word(_("Possible"), "good", "check")
    return [replace(one, word=one.word if one.row.detail else possible) for one in found]


def _sentences() -> Callable[[Action], str]:
    """What became of actions of one run. They asked for the same, so equal ends read the same."""
    known: dict[tuple[str, str, str], str] = {}

    def sentence(action: Action) -> str:
        end = (action.state, action.code, action.detail)
        if end not in known:
            known[end] = told(outcomes.sentence(action))
        return known[end]

    return sentence


def _entry(row: BulkRow, line: lines.Line | None, sentence: Callable[[Action], str]) -> Entry:
    if row.state == RowState.ACTED and row.action is not None:
        return Entry(row, line, wording.state(row.action.state), sentence(row.action))
    word = wording.ROW.get(row.state) or wording.Word(row.state)
    return Entry(row, line, word, told(row.detail))
