"""`Archive/{name}`: the same lists under their archive's name, and the dynamic one (contract G)."""

from chatops.demo.archives import answer_list, archive_of
from chatops.demo.routing import Call, route
from chatops.demo.wire import JSONDict


@route("GET", "Archive/{name}")
@route("POST", "Archive/{name}")
def archive(call: Call, name: str) -> JSONDict:
    """A list; POST takes the parameters as a form body when the address would be too long."""
    return answer_list(call, name)


@route("GET", "Archive/{name}/$metadata")
def metadata(call: Call, name: str) -> JSONDict:
    """The columns of this server."""
    found = archive_of(call, name)
    return {"EntityName": found.entity, "Columns": sorted(found.columns)}
