"""Where the screens are; every one behind the site's sign-in."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.urls import URLPattern, path
from django.views.i18n import set_language

from chatops.console.screen import View
from chatops.console.screens import (
    account,
    actions,
    acts,
    administration,
    bulk,
    edit,
    export,
    here,
    hook,
    inbox,
    mirror,
    notes,
    numbers,
    queue,
    replies,
    review,
    session,
    sessions,
    signin,
    unmask,
    views,
)


def doors() -> list[URLPattern]:
    """What has to be open to those who are not signed in (yet)."""
    return [
        path("signin/", signin.enter, name="signin"),
        path("signin/back/", signin.back, name="signin_back"),
        path("language/", set_language, name="language"),
    ]


def screens(site: AdminSite) -> list[URLPattern]:
    """The paths of the console, before those of Django's admin."""

    def to(route: str, view: View, name: str) -> URLPattern:
        return path(route, site.admin_view(view), name=name)

    return [
        to("", queue.queue, "index"),
        to("sessions/", sessions.sessions, "sessions"),
        to("sessions/pick-up-next/", acts.pick_up_next, "pick_up_next"),
        to("sessions/export/", export.export, "export"),
        to("sessions/bulk/", bulk.bulk, "bulk"),
        to("sessions/bulk/<int:run_id>/", bulk.run, "bulk_run"),
        to("sessions/bulk/<int:run_id>/start/", bulk.start, "bulk_start"),
        to("sessions/bulk/<int:run_id>/cancel/", bulk.cancel, "bulk_cancel"),
        to("sessions/bulk/<int:run_id>/again/", bulk.again, "bulk_again"),
        to("sessions/views/save/", views.save, "view_save"),
        to("sessions/views/<int:view_id>/remove/", views.remove, "view_remove"),
        to("sessions/<int:session_id>/", session.session, "session"),
        to("sessions/<int:session_id>/messages/", acts.send, "send"),
        to("sessions/<int:session_id>/edit/", edit.edit, "edit"),
        to("sessions/<int:session_id>/do/<slug:verb>/", acts.act, "act"),
        to("sessions/<int:session_id>/unmask/", unmask.unmask, "unmask"),
        to("sessions/<int:session_id>/mask/", unmask.mask, "mask"),
        to("sessions/<int:session_id>/notes/", notes.write, "note"),
        to("sessions/<int:session_id>/tags/", notes.put_tag, "tag"),
        to("sessions/<int:session_id>/tags/take/", notes.take_tag, "tag_take"),
        to("sessions/<int:session_id>/review/", notes.ask_review, "review_ask"),
        to("notes/<int:note_id>/remove/", notes.remove, "note_remove"),
        to("review/", review.review, "review"),
        to("review/<int:review_id>/", review.scorecard, "scorecard"),
        to("review/<int:review_id>/drop/", review.drop, "review_drop"),
        to("review/criteria/", review.define, "criterion"),
        to("review/criteria/<int:criterion_id>/retire/", review.retire, "criterion_retire"),
        to("replies/", replies.replies, "replies"),
        to("replies/<int:reply_id>/remove/", replies.remove, "reply_remove"),
        to("actions/", actions.actions, "actions"),
        to("actions/<int:action_id>/", actions.action, "action"),
        to("actions/<int:action_id>/close/", actions.close, "close"),
        to("actions/<int:action_id>/again/", actions.again, "again"),
        to("here/", here.here, "here"),
        to("numbers/", numbers.numbers, "numbers"),
        to("mirror/", mirror.mirror, "mirror"),
        to("mirror/hook/<slug:do>/", hook.hook, "hook"),
        to("mirror/inbox/", inbox.inbox, "inbox"),
        to("mirror/inbox/again/", inbox.all_again, "hints_again"),
        to("mirror/inbox/<int:delivery_id>/again/", inbox.again, "hint_again"),
        to("account/", account.account, "account"),
        to("account/link/", account.link, "link"),
        to("account/signin/", signin.link, "signin_link"),
        to("account/test/", account.test, "test"),
        to("account/unlink/", account.unlink, "unlink"),
        to("administration/", administration.administration, "administration"),
    ]
