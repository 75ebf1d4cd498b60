"""The client: one transport, and a resource per endpoint family."""

from chatops.superoffice.exchange import Rank
from chatops.superoffice.registrations import Webhooks
from chatops.superoffice.resources import Archive, Associates, ChatTopics, Lists, Presence, Service
from chatops.superoffice.sessions import ChatSessions
from chatops.superoffice.transport import Transport


class Client:
    """SuperOffice, as one identity sees it."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.sessions = ChatSessions(transport)
        self.topics = ChatTopics(transport)
        self.associates = Associates(transport)
        self.presence = Presence(transport)
        self.lists = Lists(transport)
        self.webhooks = Webhooks(transport)
        self.archive = Archive(transport)
        self.service = Service(transport)

    def ranked(self, rank: Rank) -> "Client":
        """This client, over the same connections, with calls of another rank."""
        return Client(self.transport.ranked(rank))

    def close(self) -> None:
        """Close idle connections; the client can be used again."""
        self.transport.close()
