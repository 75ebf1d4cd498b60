"""The OpenAPI document and its pages, both from here: no other host is asked for anything."""

import json
from functools import lru_cache

import yaml
from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularSwaggerSplitView

from chatops.api import problems, schema

JSON, YAML = "application/vnd.oai.openapi+json", "application/yaml"


@lru_cache(maxsize=2)
def _text(form: str) -> bytes:
    text = schema.PLACE.read_text(encoding="utf-8")
    if form == "yaml":
        text = yaml.safe_dump(json.loads(text), allow_unicode=True, sort_keys=False)
    return text.encode()


@require_safe
def document(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document as JSON, or as YAML with `?format=yaml` or by the Accept header."""
    form = request.GET.get(
        "format", "yaml" if "yaml" in request.headers.get("Accept", "") else "json"
    )
    if form not in ("json", "yaml"):
        return problems.plain(request, 422, "The format is `json` or `yaml`.")
    return HttpResponse(_text(form), content_type=YAML if form == "yaml" else JSON)


#: Swagger's own page styles itself with inline styles and shows images from its style sheet; its
#: scripts are files of ours. Nothing else here gets as much.
pages = csp_replace(
    {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
)(
    SpectacularSwaggerSplitView.as_view(
        url_name="api:schema", template_name="api/docs.html", authentication_classes=[]
    )
)
