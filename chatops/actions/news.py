"""What the change feed tells of actions."""

from chatops.actions.models import Action
from chatops.mirror import feed
from chatops.mirror.models import Change


def of(action: Action) -> list[feed.News]:
    """News of this action: none while it has no session, because then it cannot be told whose
    news it is."""
    if action.session_id is None:
        return []
    return [feed.News(Change.Kind.ACTION, action.pk, action.session_id)]
