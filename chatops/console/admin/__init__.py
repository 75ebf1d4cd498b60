"""Pages of rows, for operators only: people, roles, tokens, subscriptions, trail, the mirror."""

from chatops.console.admin import mirrored, people, subscriptions, tokens, trail

__all__ = ["mirrored", "people", "subscriptions", "tokens", "trail"]
