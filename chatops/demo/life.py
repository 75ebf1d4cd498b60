"""Life in the office: customers arrive, write and rate, colleagues offer, pick up and finish.

Who does what is decided by a random generator of its own, so a seed gives the same story; when it
happens follows the clock. One `step` is one look at the office.
"""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from functools import partial
from random import Random

from chatops.demo import customers, phrases, rules
from chatops.demo.office import Office
from chatops.demo.records import Session
from chatops.demo.scenes import visitor

MOST_WAITING = 12
MOST_REMEMBERED = 3000  # finished sessions
HERO = "mia"  # the demo's own agent: nobody acts for her
TICK = 0.25  # seconds between two looks

Deed = Callable[[], None]


class Life:
    """The story; `start` tells it in a thread of its own."""

    def __init__(self, office: Office, *, speed: float = 1.0) -> None:
        self.office = office
        self.random = Random(office.random.getrandbits(32))
        self.speed = speed  # 2 is twice as lively
        self._planned: list[tuple[float, int, Deed]] = []
        self._numbers = itertools.count()
        self._answered: dict[int, int] = {}  # session id: last message of an agent replied to
        self._plan(2, 6, self.somebody_arrives)
        self._plan(10, 20, self.colleague_offers)
        self._plan(8, 15, self.colleague_works)

    def start(self, stop: threading.Event) -> None:
        """Go on until `stop` is set."""
        threading.Thread(target=self._run, args=(stop,), name="life", daemon=True).start()

    def _run(self, stop: threading.Event) -> None:
        while not stop.wait(TICK):
            self.step(self.clock())

    def step(self, now: float) -> None:
        """Do what is due; notice what agents wrote."""
        with self.office.lock:
            self._notice()
            while self._planned and self._planned[0][0] <= now:
                heapq.heappop(self._planned)[2]()

    def _plan(self, low: float, high: float, deed: Deed) -> None:
        seconds = (low + self.random.random() * (high - low)) / self.speed
        heapq.heappush(self._planned, (self.clock() + seconds, next(self._numbers), deed))

    def clock(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def _notice(self) -> None:
        """Customers answer an agent's last line within a few seconds."""
        for session in self.office.sessions.values():
            if session.status != "UserLast" or not session.messages:
                continue
            last = session.messages[-1].id
            if self._answered.get(session.id) != last:
                self._answered[session.id] = last
                self._plan(3, 8, partial(self.customer_answers, session.id))

    def customer_answers(self, number: int) -> None:
        """One line, or the end of the chat and some stars."""
        session = self.office.sessions.get(number)
        if session is None or session.status != "UserLast":
            return
        lines = sum(m.type == "ToUser" for m in session.messages)
        if lines >= 4 and self.random.random() < 0.4:
            rules.end(self.office, session, None, marker="ClosedByCustomer")
            self._plan(2, 10, lambda: self.customer_rates(number))
            return
        customers.say(self.office, session, self.random.choice(phrases.FOLLOW_UPS))

    def customer_rates(self, number: int) -> None:
        """Most are content."""
        session = self.office.sessions.get(number)
        if session is not None:
            customers.rate(self.office, session, self.random.choice((2, 3, 4, 4, 5, 5, 5)))

    def somebody_arrives(self) -> None:
        """Every 20 to 40 seconds, while the queue is not too long."""
        self._plan(20, 40, self.somebody_arrives)
        self._clean_up()
        if len(self.office.waiting()) >= MOST_WAITING:
            return
        who = visitor(self.random)
        topic, lines = self.random.choice(phrases.CONVERSATIONS)
        session = customers.arrive(
            self.office, topic, who.name, email=who.email, phone=who.phone, company=who.company
        )
        session.person_id, session.contact_id = who.person_id, who.contact_id
        customers.say(self.office, session, lines[0][2:])

    def _clean_up(self) -> None:
        """Finished sessions are removed some time later (E.1), so a long demo stays small."""
        closed = [s for s in self.office.sessions.values() if not s.is_open]
        for session in closed[: max(0, len(closed) - MOST_REMEMBERED)]:
            self.office.remove(session)
            self.office.effect("delete", session.id, "control")

    def colleague_offers(self) -> None:
        """Now and then a colleague asks the demo's agent to take over."""
        self._plan(45, 90, self.colleague_offers)
        hero = self.office.associate(HERO)
        offered = [s for s in self.office.sessions.values() if s.transfer_to == hero.id]
        theirs = self._with_colleagues()
        if len(offered) >= 4 or not theirs:
            return
        session = self.random.choice(theirs)
        owner = self.office.people[session.user or 0]
        rules.post(
            self.office,
            session,
            "ToCustomer",
            self.random.choice(phrases.REASONS),
            author=owner.full_name,
            by=owner,
        )
        rules.transfer_to(self.office, session, owner, hero)

    def colleague_works(self) -> None:
        """Colleagues pick up who waits longest, answer, and finish."""
        self._plan(12, 25, self.colleague_works)
        colleagues = [
            p
            for p in self.office.people.values()
            if p.ejuser and p.user != HERO and p.present and not p.deleted
        ]
        if len(self.office.waiting()) > 4 and colleagues:
            rules.pick_up_first(self.office, self.random.choice(colleagues))
        theirs = self._with_colleagues()
        asked = [s for s in theirs if s.status == "CustomerLast"]
        if asked:
            session = self.random.choice(asked)
            owner = self.office.people[session.user or 0]
            rules.post(
                self.office,
                session,
                "ToCustomer",
                self.random.choice(phrases.ANSWERS),
                author=owner.full_name,
                by=owner,
            )
        if len(theirs) > 6:
            session = min(theirs, key=lambda s: (s.started or s.requested, s.id))
            rules.end(
                self.office, session, self.office.people[session.user or 0], marker="ClosedByUser"
            )

    def _with_colleagues(self) -> list[Session]:
        """Ongoing chats of others that are on offer to nobody."""
        hero = self.office.associate(HERO).id
        return [
            s
            for s in self.office.sessions.values()
            if s.is_open and s.user not in (None, hero) and s.transfer_to is None
        ]
