"""Situations to start from: `busy`, `quiet`, `empty`, `odd`, `many`."""

from datetime import UTC, datetime, timedelta
from random import Random

from chatops.demo import history, oddities, phrases
from chatops.demo.cast import CUSTOMERS, hire
from chatops.demo.history import Visitor
from chatops.demo.office import Office

SCENES = ("busy", "quiet", "empty", "odd", "many")
HISTORY = 120  # sessions of the last three weeks


def make(scene: str, *, seed: int = 1, sessions: int = 1000, messages: int = 20) -> Office:
    """An office in that situation. Raises ValueError for an unknown one."""
    if scene not in SCENES:
        raise ValueError(f"unknown scene: {scene}")
    office = Office(seed=seed)
    hire(office)
    if scene in ("busy", "quiet"):
        past(office, HISTORY)
        present(office)
    elif scene == "odd":
        oddities.fill(office)
    elif scene == "many":
        many(office, sessions, messages)
    return office


def visitor(random: Random) -> Visitor:
    """Somebody we know, or somebody new."""
    if random.random() < 0.5:
        index = random.randrange(len(CUSTOMERS))
        name, email, phone, company = CUSTOMERS[index]
        known = index < 9
        return Visitor(
            name,
            email,
            phone,
            company,
            1001 + index if known else 0,
            2001 + index if known and company else 0,
        )
    first, last = random.choice(phrases.FIRST_NAMES), random.choice(phrases.LAST_NAMES)
    email = f"{first}.{last}@mail.example".lower()
    return Visitor(f"{first} {last}", email, f"+47 555 {random.randrange(10_000):04d}")


def past(office: Office, count: int) -> None:
    """Finished conversations of three weeks, in the order in which they began."""
    random, now = office.random, office.now()
    moments = sorted(random.random() * 21 for _ in range(count))
    for index, days in enumerate(reversed(moments)):
        at = now - timedelta(days=days, minutes=70)
        topic, lines = random.choice(phrases.CONVERSATIONS)
        session = history.visit(office, topic, visitor(office.random), at)
        if index % 29 == 28:
            left_the_queue(office, session.id, lines[0][2:], at)
            continue
        agent = office.people[random.choice(sorted(office.topic(topic).members))]
        history.write(
            office, session, "ToUser", lines[0][2:], at + timedelta(seconds=8), author=session.name
        )
        began = at + timedelta(seconds=20 + random.random() * 200)
        history.picked_up(office, session, agent, began)
        ended = history.talk(office, session, agent, lines[1:], began)
        if index % 8 == 3:
            oddities.extra_line(office, session, index // 8, ended)
        marker = random.choice(("ClosedByUser", "ClosedByCustomer", "ClosedByIdle"))
        history.finish(
            office,
            session,
            ended + timedelta(seconds=40),
            marker=marker,
            status="Closed" if days > 14 else "Finished",
        )
        session.rating = random.choice((0, 0, 0, 3, 4, 4, 5, 5, 5))
        if index % 13 == 0:
            session.ticket_id = 3001 + index % 9


def left_the_queue(office: Office, session_id: int, words: str, at: datetime) -> None:
    """Somebody who did not wait."""
    session = office.session(session_id)
    history.write(office, session, "ToUser", words, at + timedelta(seconds=9), author=session.name)
    history.finish(
        office,
        session,
        at + timedelta(minutes=6),
        marker="ClosedByCustomer",
        status="ClosedFromQueue",
    )


def ongoing(office: Office, user: str, talk: int, minutes: float, *, lines: int = 3) -> int:
    """A conversation of `phrases` that is going on with that agent; its session id."""
    agent = office.associate(user)
    topic, words = phrases.CONVERSATIONS[talk]
    at = office.now() - timedelta(minutes=minutes)
    session = history.visit(office, topic, visitor(office.random), at)
    history.write(office, session, "ToUser", words[0][2:], at, author=session.name)
    history.picked_up(office, session, agent, at + timedelta(seconds=50))
    history.talk(office, session, agent, words[1:lines], at + timedelta(seconds=55))
    return session.id


def present(office: Office) -> None:
    """Now: 3 with Mia, 2 offered to her by Ola, some with others, 5 waiting."""
    showcase(office)
    for talk, minutes, lines in ((0, 11, 3), (6, 8, 2), (7, 4, 3)):
        ongoing(office, "mia", talk, minutes, lines=lines)
    for user, talk, minutes in (("ola", 3, 9), ("ola", 9, 7), ("jonas", 10, 12), ("sara", 8, 5)):
        ongoing(office, user, talk, minutes, lines=4)
    ola, mia = office.associate("ola"), office.associate("mia")
    for talk, minutes, reason in ((1, 6, 0), (2, 5, 2)):
        session = office.session(ongoing(office, "ola", talk, minutes, lines=3))
        at = office.now() - timedelta(seconds=40 * minutes)
        history.write(
            office, session, "ToCustomer", phrases.REASONS[reason], at, author=ola.full_name, by=ola
        )
        session.transfer_to = mia.id
    for ago, (talk, topic) in zip(
        (7.0, 4.0, 2.5, 1.2, 0.4), ((3, 9), (4, 9), (5, 7), (11, 8), (10, 7)), strict=True
    ):
        at = office.now() - timedelta(minutes=ago)
        session = history.visit(office, topic, visitor(office.random), at)
        history.write(
            office,
            session,
            "ToUser",
            phrases.CONVERSATIONS[talk][1][0][2:],
            at + timedelta(seconds=5),
            author=session.name,
        )


def showcase(office: Office) -> None:
    """Two conversations of this morning that show everything a message can be."""
    at = office.now() - timedelta(minutes=65)
    oddities.every_special_type(office, at)
    oddities.hostile_texts(office, at + timedelta(minutes=5))


def many(office: Office, sessions: int, messages: int) -> None:
    """So many sessions with so many messages each, the same on every machine and day."""
    start = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
    agents = [p for p in office.people.values() if not p.is_system]
    topics = sorted(office.topics)
    for index in range(sessions):
        at = start + timedelta(minutes=index, microseconds=index * 37 % 1_000_000)
        name, email, phone, company = CUSTOMERS[index % len(CUSTOMERS)]
        who = Visitor(f"{name} {index}", email, phone, company)
        session = history.visit(office, topics[index % len(topics)], who, at)
        agent = agents[index % len(agents)]
        session.user, session.started = agent.id, at + timedelta(seconds=30)
        for line in range(messages - 1):
            mine = line % 2 == 1
            text = (phrases.ANSWERS if mine else phrases.FOLLOW_UPS)[(index + line) % 5]
            history.write(
                office,
                session,
                "ToCustomer" if mine else "ToUser",
                f"{text} ({index}.{line})",
                at + timedelta(seconds=40 + 20 * line),
                author=agent.full_name if mine else session.name,
                by=agent if mine else None,
            )
        if index < sessions - sessions // 20:  # the last twentieth is going on
            session.status, session.ended = "Finished", at + timedelta(minutes=30)
            session.rating = index % 6
