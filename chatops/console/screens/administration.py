"""Administration, for operators: the way to people, tokens, topics, associates, the trail."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from chatops.actions import policy
from chatops.actions.errors import NotFound
from chatops.console.screen import caller_from, screen, show


@screen
def administration(request: HttpRequest) -> HttpResponse:
    """GET the operators' pages; for others there is no such page."""
    if not policy.may(caller_from(request), policy.Right.OPERATE):
        raise NotFound("There is no such page.")
    return show(request, "console/administration.html", {"tiles": _tiles()})


def _tiles() -> list[dict[str, str]]:
    pages = (
        ("auth_user", "people", _("People"), _("Who signs in, with which roles.")),
        ("auth_group", "shield", _("Roles"), _("Agent, lead, auditor, operator: who has them.")),
        (
            "actions_apitoken",
            "key",
            _("API tokens"),
            _("What programs act with."),
        ),
        (
            "subscriptions_subscription",
            "link",
            _("Subscriptions"),
            _("Programs that are told of changes."),
        ),
        ("actions_trailentry", "trail", _("Trail"), _("Who did what, when, with what result.")),
        ("remote_agent", "link", _("Linked accounts"), _("Who acts as whom in SuperOffice.")),
        ("mirror_chattopic", "tag", _("Topics"), _("The chat channels, as read from SuperOffice.")),
        ("mirror_associate", "person", _("Associates"), _("SuperOffice's users, as read.")),
        ("mirror_topicmember", "list", _("Memberships"), _("Who answers and leads which topic.")),
    )
    return [
        {"url": reverse(f"admin:{name}_changelist"), "icon": icon, "label": label, "text": text}
        for name, icon, label, text in pages
    ]
