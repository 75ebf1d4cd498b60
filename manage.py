#!/usr/bin/env python
"""Django's command line for chatops."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatops.settings")
    try:
        settings.DEBUG  # noqa: B018 - what is read first, so that what is wrong is told and no trace
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
