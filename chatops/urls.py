"""Where everything is: the console, the API, SuperOffice's hook, and what machines ask."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from chatops.api import hooks, problems

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/", include("chatops.api.urls")),
    path("hooks/superoffice/", hooks.receive),
    path("", include("chatops.ops.urls")),
]

# Problem documents for programs, pages for people.
handler400 = problems.bad_request
handler404 = problems.not_found
handler500 = problems.server_error
