"""A carrier as the API answers it: snake_case names, UTC times, null for nobody, no secret.

The rule (README, "The API"): SuperOffice's property in snake_case; `When…` becomes `…_at`; the
object's own id becomes `id`; an empty date or an empty link is null.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from chatops.mirror.bodies import is_id
from chatops.mirror.moments import moment, rfc3339
from chatops.superoffice import entities
from chatops.superoffice.entities.carrier import plan_of

__all__ = ["carrier", "masked", "message", "names_somebody", "rfc3339", "session"]

JSONDict = dict[str, Any]

#: Rights of whoever asked, addresses of the inner host, and the customer's secret.
LEFT_OUT = frozenset({"SessionKey", "TableRight", "FieldProperties", "_Links"})
#: Links of a session and the property that says whom they name (contract, E.3).
LINKS = {
    "User": "AssociateId",
    "TransferTo": "AssociateId",
    "Person": "PersonId",
    "Contact": "ContactId",
    "Project": "ProjectId",
    "Sale": "SaleId",
    "Ticket": "TicketId",
}
#: Dates inside linked carriers (contract, M.4 to M.6); a session's own all begin with `When`.
DATES = frozenset(
    {
        *("Updated", "PublishFrom", "PublishTo", "StartDate", "SaleDate", "NextDueDate"),
        *("CreatedAt", "LastChanged", "ReadByOwner", "ReadByCustomer", "FirstReadByUser"),
        *("Activate", "ClosedAt", "RepliedAt", "AlertTimeout", "Deadline"),
    }
)

#: `CustomerName` as `customer_name`, `WhenRequested` as `requested_at`, `URL` as `url`.
snake = lru_cache(maxsize=4096)(entities.our_name)


def _date(value: Any) -> str | None:
    return moment(value).shown


def carrier(data: Mapping[str, Any]) -> JSONDict:
    """A linked carrier as the API answers it."""
    return {
        snake(name): _date(value)
        if name in DATES and (value is None or isinstance(value, str))
        else value
        for name, value in data.items()
        if name not in LEFT_OUT
    }


def names_somebody(link: Any, key: str) -> bool:
    """Whether a link is filled: null and an object with an id of 0 or less both mean nobody."""
    return isinstance(link, dict) and is_id(link.get(key))


def _names(of: type[entities.Carrier]) -> tuple[str, ...]:
    """What a carrier has, in the order of the contract."""
    return tuple(plan.carried for plan in plan_of(of))


_SESSION, _MESSAGE = _names(entities.ChatSessionEntity), _names(entities.ChatMessage)


def _ordered(data: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """What is known first, in its order, so that the same content is always the same text."""
    yield from ((name, data[name]) for name in names if name in data)
    yield from ((name, value) for name, value in data.items() if name not in names)


def session(data: Mapping[str, Any]) -> JSONDict:
    """A ChatSessionEntity carrier (contract, E.1) as the API answers it."""
    out: JSONDict = {"id": data["ChatSessionId"]}
    for name, value in _ordered(data, _SESSION):
        if name in LEFT_OUT or name == "ChatSessionId":
            continue
        if name in LINKS:
            out[snake(name)] = carrier(value) if names_somebody(value, LINKS[name]) else None
        elif name.startswith("When"):
            out[snake(name)] = _date(value)
        elif name == "Status":
            out["status"] = entities.ChatSessionStatus.read(value)
        else:
            out.setdefault(snake(name), value)  # an unknown `Id` does not hide the id
    return out


def message(data: Mapping[str, Any]) -> JSONDict:
    """A ChatMessage carrier (contract, E.2) as the API answers it."""
    out: JSONDict = {"id": data["ChatMessageId"]}
    for name, value in _ordered(data, _MESSAGE):
        if name == "WhenPosted":
            out["posted_at"] = _date(value)
        elif name != "ChatMessageId" and name not in LEFT_OUT:
            out.setdefault(snake(name), value)
    return out


def masked_email(value: str) -> str:
    """`ola@example.net` as `o•••@example.net`."""
    name, at, host = value.partition("@")
    return f"{name[:1]}•••@{host}" if at else "•••"


def masked_phone(value: str) -> str:
    """A phone number as its last two digits."""
    return f"•••{value[-2:]}" if len(value) > 4 else "•••"


def _hidden(_value: str) -> None:
    return None


Mask = Callable[[str], str | None]
_MASKS: dict[str, Mask] = {"customer_host": _hidden, "from_address": masked_email}
_MASKS |= dict.fromkeys(("customer_email", "email", "email_address"), masked_email)
_MASKS |= dict.fromkeys(
    (
        "customer_phone",
        "direct_phone",
        "mobile_phone",
        "fax_phone",
        "contact_phone",
        "contact_fax",
    ),
    masked_phone,
)
#: Free blocks that can hold any of the above.
_DROPPED = frozenset(
    {"address", "formatted_address", "extra_fields", "custom_fields", "person_number"}
)


def masked(rendered: JSONDict) -> JSONDict:
    """A rendered session with e-mail, phone and IP masked, in the session and in what it links."""
    out: JSONDict = {}
    for name, value in rendered.items():
        if isinstance(value, str) and value and name in _MASKS:
            out[name] = _MASKS[name](value)
        elif name in _DROPPED:
            out[name] = None
        elif isinstance(value, dict):
            out[name] = masked(value)
        elif isinstance(value, list):
            out[name] = [masked(one) if isinstance(one, dict) else one for one in value]
        else:
            out[name] = value
    return out
