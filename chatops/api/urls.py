"""The routes below /api/."""

from django.urls import include, path

from chatops.api import (
    asked,
    changes,
    documents,
    exporting,
    messages,
    mirror,
    people,
    sessions,
    subscriptions,
    verbs,
)

app_name = "api"

_session = [
    path("", sessions.Session.as_view(), name="session"),
    path("messages/", messages.Messages.as_view(), name="session-messages"),
    path("transcript/", messages.Transcript.as_view(), name="session-transcript"),
    path("refresh/", sessions.Refresh.as_view(), name="session-refresh"),
    path("accept-transfer/", verbs.AcceptTransfer.as_view(), name="accept-transfer"),
    path("reject-transfer/", verbs.RejectTransfer.as_view(), name="reject-transfer"),
    path("pick-up/", verbs.PickUp.as_view(), name="pick-up"),
    path("transfer/", verbs.Transfer.as_view(), name="transfer"),
    path("reset/", verbs.Reset.as_view(), name="reset"),
    path("end/", verbs.End.as_view(), name="end"),
]
_v1 = [
    path("sessions/", sessions.Sessions.as_view(), name="sessions"),
    path("sessions/export/", exporting.Export.as_view(), name="sessions-export"),
    path("sessions/pick-up-next/", verbs.PickUpNext.as_view(), name="pick-up-next"),
    path("sessions/<int:session_id>/", include(_session)),
    path("messages/", messages.Search.as_view(), name="messages"),
    path("topics/", people.Topics.as_view(), name="topics"),
    path("agents/", people.Agents.as_view(), name="agents"),
    path("actions/", asked.Actions.as_view(), name="actions"),
    path("actions/<int:action_id>/", asked.OneAction.as_view(), name="action"),
    path("actions/<int:action_id>/close/", asked.Close.as_view(), name="action-close"),
    path(
        "actions/<int:action_id>/second-attempt/",
        asked.SecondAttempt.as_view(),
        name="action-second-attempt",
    ),
    path("changes/", changes.Changes.as_view(), name="changes"),
    path("subscriptions/", include(subscriptions.urlpatterns)),
    path("mirror/", mirror.Mirror.as_view(), name="mirror"),
]
urlpatterns = [
    path("v1/", include(_v1)),
    path("schema/", documents.document, name="schema"),
    path("docs/", documents.pages, name="docs"),
]
