"""Django as a WSGI application; `chatops.asgi` runs it in a thread pool beside the live streams."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatops.settings")
application = get_wsgi_application()
