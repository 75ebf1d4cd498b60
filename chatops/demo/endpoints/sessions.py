"""ChatSession: contract D.1, the seventeen calls."""

import html
from typing import Any

from chatops.demo import carriers, customers, patching, rules
from chatops.demo.archives import answer_list
from chatops.demo.errors import Answer, malformed, not_found
from chatops.demo.records import MESSAGE_TYPES, SPECIAL_TYPES, Session
from chatops.demo.routing import Call, no_content, route
from chatops.demo.selecting import selected
from chatops.demo.times import NO_DATE
from chatops.demo.wire import JSONDict, WireResponse


def entity(call: Call, session: Session, *, links: bool = False) -> JSONDict:
    """The session as this caller sees it; `$select` only counts where `_Links` are (C.3)."""
    carrier = carriers.session(call.office, session, call.view, links=links)
    return selected(carrier, call.request.params.get("$select", "")) if links else carrier


@route("GET", "ChatSession/default")
def default(call: Call) -> JSONDict:
    """Defaults of a new row; nothing is stored."""
    blank = carriers.session(
        call.office, Session(0, 0, "Invalid", call.office.now(), host=""), call.view
    )
    return {**blank, "WhenRequested": NO_DATE}


@route("GET", "ChatSession")
def listing(call: Call) -> JSONDict:
    """The archive `ChatSession` (G)."""
    return answer_list(call, "ChatSession")


@route("GET", "ChatSession/ForCurrentUser")
def for_current_user(call: Call) -> list[JSONDict]:
    """Sessions in the channels where the caller has a role, closed ones of the last day too."""
    office, who = call.office, call.who
    horizon = office.now().timestamp() - 24 * 3600
    rows = (office.sessions[number] for number in office.ids_above(0))
    return [
        entity(call, s)
        for s in rows
        if s.id not in call.hidden
        and (s.is_open or (s.ended and s.ended.timestamp() > horizon))
        and (office.role(who, s.topic_id) or who.id in (s.user, s.transfer_to))
    ]


@route("GET", "ChatSession/{id}")
def get(call: Call, session_id: int) -> JSONDict:
    """One session with links."""
    return entity(call, call.session(session_id), links=True)


@route("PATCH", "ChatSession/{id}")
def patch(call: Call, session_id: int) -> JSONDict | WireResponse:
    """Contract F."""
    if not call.office.options.patch_supported:
        raise Answer(405, "HttpMethodNotAllowed", "PATCH is not supported", Allow="GET, PUT")
    session = call.session(session_id)
    patching.check_unmodified(call.office, session, call.request.header("if-unmodified-since"))
    patching.patch(call.office, session, call.who, call.view, call.request.json())
    return entity(call, session, links=True)


@route("PUT", "ChatSession/{id}")
def put(call: Call, session_id: int) -> JSONDict:
    """The whole entity; a field left out is lost. Saved through the same save as PATCH."""
    session = call.session(session_id)
    return entity(call, save_whole(call, session), links=True)


@route("POST", "ChatSession")
def create(call: Call) -> JSONDict:
    """Save a new entity; it must name a channel."""
    body = body_object(call)
    session = customers.arrive(
        call.office,
        int(body.get("TopicId") or 0),
        str(body.get("CustomerName") or ""),
        by=call.who,
    )
    return entity(call, save_whole(call, session), links=True)


def save_whole(call: Call, session: Session) -> Session:
    """Take over a whole carrier: what is missing becomes empty."""
    body = {name.lower(): value for name, value in body_object(call).items()}
    before = carriers.session(call.office, session, call.view)
    after = {name: body.get(name.lower()) for name in before}
    after["Status"] = after["Status"] or before["Status"]
    patching.save(call.office, session, call.who, before, after)
    return session


@route("DELETE", "ChatSession/{id}")
def delete(call: Call, session_id: int) -> WireResponse:
    """Gone with its messages (L 33); no event tells of it (I.3)."""
    session = call.session(session_id)
    call.office.remove(session)
    call.office.effect("delete", session_id, call.who.user)
    return no_content()


@route("POST", "ChatSession/{id}/AcceptTransfer")
def accept_transfer(call: Call, session_id: int) -> JSONDict:
    """200 also when nothing was on offer to the caller."""
    session = call.session(session_id)
    rules.accept_transfer(call.office, session, call.who)
    return entity(call, session)


@route("POST", "ChatSession/{id}/RejectTransfer")
def reject_transfer(call: Call, session_id: int) -> JSONDict:
    """200 also when nothing was on offer to the caller."""
    session = call.session(session_id)
    rules.reject_transfer(call.office, session, call.who)
    return entity(call, session)


@route("POST", "ChatSession/{id}/TransferTo/{to}")
def transfer_to(call: Call, session_id: int, to: str) -> JSONDict:
    """200 also when the session is not the caller's."""
    session = call.session(session_id)
    rules.transfer_to(call.office, session, call.who, call.office.associate(to))
    return entity(call, session)


@route("POST", "ChatSession/{id}/Pickup")
def pick_up(call: Call, session_id: int) -> JSONDict | None:
    """`null` when somebody was faster."""
    session = call.session(session_id)
    return entity(call, session) if rules.pick_up(call.office, session, call.who) else None


@route("POST", "ChatSession/Pickup")
def pick_up_first(call: Call) -> JSONDict | None:
    """`null` for an empty queue (L 3)."""
    session = rules.pick_up_first(call.office, call.who)
    return entity(call, session) if session else None


@route("POST", "ChatSession/{id}/Reset")
def reset(call: Call, session_id: int) -> JSONDict:
    """Back to the queue."""
    session = call.session(session_id)
    rules.reset(call.office, session, call.who)
    return entity(call, session)


@route("POST", "ChatSession/{id}/Transcript")
def transcript(call: Call, session_id: int) -> str:
    """The conversation as a JSON string, plain or HTML."""
    as_html = call.request.params.get("html", "").lower() == "true"
    lines = []
    for m in call.session(session_id).messages:
        when, words = call.view.clock.write_utc(m.posted)[:19], m.text or f"({m.special})"
        if as_html:
            lines.append(f"<p><b>{html.escape(m.author)}</b> {when}<br>{words}</p>")
        else:
            lines.append(f"{m.author} ({when}): {words}")
    return "\n".join(lines)


@route("GET", "ChatSession/{id}/Messages")
def messages(call: Call, session_id: int) -> list[JSONDict]:
    """Messages with an id above `after`; the order is not promised, so it is not by id here."""
    after = call.request.params.get("after", "0") or "0"
    if not after.lstrip("-").isdigit():
        raise malformed("The parameter 'after' is not a number")
    rows = [
        m
        for m in call.session(session_id).messages
        if m.id > int(after) and m.id not in call.hidden
    ]
    return [carriers.message(m, call.view) for m in sorted(rows, key=lambda m: (m.posted, m.id))]


@route("POST", "ChatSession/{id}/Messages")
def send(call: Call, session_id: int) -> JSONDict:
    """Store a message as sent: ids and `WhenPosted` of the body are ignored (D.1, 17)."""
    session, body = call.session(session_id), body_object(call)
    known = {"Type": MESSAGE_TYPES, "SpecialType": SPECIAL_TYPES}
    for name, words in known.items():
        if body.get(name) is not None and body[name] not in words:
            raise malformed(f"Error converting value to '{name}'")
    return carriers.message(rules.send(call.office, session, call.who, body), call.view)


def body_object(call: Call) -> dict[str, Any]:
    """The JSON object of the body. Raises `Answer` 400 when there is none (D.1, 5)."""
    body = call.request.json()
    if not isinstance(body, dict):
        raise malformed("The request body must be an object")
    return body


@route("GET", "ChatTopic/{id}/Sessions")
def sessions_of_topic(call: Call, topic_id: int) -> JSONDict:
    """The same archive, of one channel."""
    call.office.topic(topic_id)
    return answer_list(call, "ChatSession", topic_id=topic_id)


@route("POST", "ChatTopic/{id}/Sessions")
def start_session(call: Call, topic_id: int) -> JSONDict:
    """Start a session on the channel; it waits."""
    if topic_id not in call.office.topics:
        raise not_found("ChatTopic", topic_id)
    return entity(call, customers.arrive(call.office, topic_id, "", by=call.who))
