"""ChatTopic: contract D.2, the calls a back office uses."""

from chatops.demo import carriers
from chatops.demo.errors import not_found
from chatops.demo.records import Topic
from chatops.demo.routing import Call, route
from chatops.demo.times import Clock
from chatops.demo.wire import JSONDict


def entity(topic: Topic, clock: Clock) -> JSONDict:
    """`ChatTopicEntity` (M.7)."""
    return {
        "ChatTopicId": topic.id,
        "Name": topic.name,
        "Description": topic.description,
        "WelcomeMessage": topic.welcome,
        "Language": {"Id": 1, "Value": "English", "Tooltip": ""},
        "LastAccept": clock.write(topic.last_accept),
        "SecondsPrAccept": 42,
        "AlertRecipient": "",
        "AlertTemplate": None,
        "CollectConsent": True,
        "OfflineCollectConsent": True,
        "BadgeHeader": topic.name,
        "CustomQueueTextEnabled": False,
        "CustomQueueText": "You are number {cque}, about {cavw} to go",
        "WarnNewChatMinutes": topic.warn_new,
        "WarnManagerNewChatMinutes": topic.warn_manager_new,
        "WarnChatMessageMinutes": topic.warn_message,
        "WarnManagerChatMessageMinutes": topic.warn_manager_message,
        "TicketEnabled": True,
        "TicketCategory": {"Id": 1, "Value": topic.name, "Tooltip": ""},
        "TicketPriority": {"Id": 2, "Value": "Medium", "Tooltip": ""},
        "OpeningHoursEnabled": False,
        "OpeningHours": None,
        "UseQueueOfflineForm": False,
        "OfflineFormTimeLimit": 0,
        "OfflineFormQueueLength": 0,
        "Widget": widget(topic),
        "WidgetEnableRating": True,
        "WidgetRatingText": "How did we do?",
        "BotEnabled": topic.bot,
        "BotSettings": None,
        "TableRight": None,
        "FieldProperties": {},
    }


def widget(topic: Topic) -> JSONDict:
    """`ChatWidgetSettings` (M.10), what matters for a back office."""
    return {
        "PreFormEnabled": True,
        "PreFormMessage": "",
        "RequiredFields": "Email, Name",
        "AutoFaqEnabled": False,
        "AutoFaqCategory": None,
        "PostFormEnabled": topic.reopenable,
        "PostFormHeader": "",
        "PostFormMessage": "",
        "PostTranscriptEnabled": True,
        "LanguageIsoCode": "en",
        "Size": "Normal",
        "Theme": "Modern",
        "ShowAgentPhoto": True,
        "UseAgentFirstname": True,
    }


@route("GET", "ChatTopic/ForCurrentUser")
def for_current_user(call: Call) -> list[JSONDict]:
    """Channels where the caller has any role."""
    topics = call.office.topics.values()
    return [
        entity(t, call.view.clock) for t in topics if call.who.is_system or call.who.id in t.members
    ]


@route("GET", "ChatTopic/{id}")
def get(call: Call, topic_id: int) -> JSONDict:
    """One channel with links."""
    links = {
        "Self": f"{call.view.base}/ChatTopic/{topic_id}",
        "Archive": f"{call.view.base}/ChatTopic",
    }
    return {**entity(call.office.topic(topic_id), call.view.clock), "_Links": links}


@route("GET", "ChatTopic/{id}/IsOpen")
def is_open(call: Call, topic_id: int) -> bool:
    """True also when the channel uses no opening hours, as here."""
    return bool(call.office.topic(topic_id))


@route("GET", "ChatTopic/UserAgents")
def user_agents(call: Call) -> list[JSONDict]:
    """Who can be assigned to channels; the ids are ejuser ids here (L 38)."""
    only_present = call.request.params.get("onlypresent", "").lower() == "true"
    if "flat" not in call.request.params:
        raise not_found("ChatTopic", "UserAgents")  # `flat` is part of the route's signature
    return [
        carriers.list_item(p.ejuser, p.full_name, extra=p.user)
        for p in call.office.people.values()
        if p.ejuser and not p.deleted and (p.present or not only_present)
    ]


@route("GET", "ChatTopic/{id}/UserAgent")
def members(call: Call, topic_id: int) -> list[JSONDict]:
    """Members and their roles."""
    topic = call.office.topic(topic_id)
    return [carriers.member(call.office, topic, m) for m in topic.members.values()]


@route("GET", "ChatTopic/{id}/UserAgent/{name}")
def member(call: Call, topic_id: int, name: str) -> JSONDict:
    """One member, by user name or associate id."""
    topic, person = call.office.topic(topic_id), call.office.associate(name)
    if person.id not in topic.members:
        raise not_found("ChatTopicAgent", name)
    return carriers.member(call.office, topic, topic.members[person.id])
