"""Users, presence, lists worth caching, version documents: contract A.3, B.5, D.3, D.4."""

from typing import Any

from chatops.demo import carriers, routing
from chatops.demo.archives import answer_list
from chatops.demo.errors import malformed, not_found
from chatops.demo.records import STATUSES
from chatops.demo.routing import Call, no_content, route
from chatops.demo.times import ZONES
from chatops.demo.wire import JSONDict, WireResponse


@route("GET", "User/currentPrincipal")
def current_principal(call: Call) -> JSONDict:
    """Who the credentials stand for."""
    return carriers.principal(call.office, call.who)


@route("GET", "User/currentAssociate")
def current_associate(call: Call) -> JSONDict:
    """The caller as an `Associate`."""
    return carriers.associate(call.who)


@route("GET", "User")
def users(call: Call) -> JSONDict:
    """All users, as a list."""
    return answer_list(call, "User")


@route("GET", "Presence/GetAll")
@route("GET", "ChatPresence/GetAll")
def presence(call: Call) -> list[JSONDict]:
    """Who is at work."""
    people = call.office.people.values()
    return [carriers.presence(call.office, p) for p in people if p.ejuser and not p.deleted]


@route("POST", "Presence/SaveAll")
def save_presence(call: Call) -> WireResponse:
    """Only `UserId` and `Present` are used; unknown users are passed over."""
    rows = call.request.json()
    if not isinstance(rows, list):
        raise malformed("The request body must be an array")
    for row in rows:
        person = call.office.by_ejuser(int(row.get("UserId") or 0))
        if person:
            person.present = bool(row.get("Present"))
            call.office.effect("presence", 0, person.user, present=person.present)
    return no_content()


@route("GET", "MDOList/{name}")
def mdo_list(call: Call, name: str) -> list[JSONDict]:
    """Three lists of chat; "All" is item 0 of the channels."""
    office = call.office
    if name.lower() == "chatsessionstatus":
        return [
            carriers.list_item(number, call.view.label(status), extra=status)
            for status, (number, _, _) in STATUSES.items()
        ]
    if name.lower() == "chatuser":
        return [
            carriers.list_item(p.ejuser, p.full_name, extra=p.user)
            for p in office.people.values()
            if p.ejuser and not p.deleted
        ]
    if name.lower() == "chatchannel":
        every = [carriers.list_item(0, "All")]
        return every + [carriers.list_item(t.id, t.name) for t in office.topics.values()]
    raise not_found("MDOList", name)


def zone_data(code: str) -> JSONDict:
    """`TimeZoneData` (M.8)."""
    number, name, cities = ZONES[code]
    return {
        "TZLocationID": number,
        "Name": name,
        "TZLocationCode": code,
        "TZLocationCities": cities,
        "IsoNumber": 0,
        "TimeZoneSTDRules": {},
        "TimeZoneDSTRules": {},
    }


@route("GET", "TimeZone")
def time_zones(call: Call) -> list[JSONDict]:
    """The zones that `SO-TimeZone` takes."""
    return [zone_data(code) for code in ZONES]


@route("GET", "TimeZone/base")
@route("GET", "TimeZone/current")
def base_zone(call: Call) -> JSONDict:
    """The zone data is stored in."""
    return zone_data("NO")


@route("GET", "")
def calls(call: Call) -> dict[str, dict[str, str]]:
    """Which calls this server has: an object from URL to verb and help (A.3)."""
    result: dict[str, dict[str, str]] = {}
    for (method, _), entries in routing.ROUTES.items():
        for path, endpoint in entries:
            if method == "PATCH" and not call.office.options.patch_supported:
                continue
            summary = (endpoint.__doc__ or "").partition("\n")[0]
            result.setdefault(f"{call.view.base}/{path}", {})[method] = summary
    return result


def version_document(base: str) -> dict[str, Any]:
    """`GET {base}/api`, answered without signing in."""
    return {
        "v1": base,
        "NetServerVersion": "11.10.721.0",
        "NetServerAssembly": "SuperOffice.Services, Version=11.10.721.0",
        "NetServerDate": "2026-02-24",
        "NetServerLabel": "Release_11.10_2026.02.24-02",
        "NetServer": "11.10",
        "Services": "Services87",
        "ServicesCurrent": "Services88",
        "Version": "v1",
    }
