"""What machines ask: alive, ready, metrics. Without prefix and without trailing slash."""

from django.urls import path

from chatops.ops import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics_page, name="metrics"),
]
