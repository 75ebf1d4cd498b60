"""Every setting, from the environment or `.env`. An empty environment is the demo.

What each name means for an operator is in README.md, "Settings"; here are the defaults and the
reasons that are about code.
"""

import os
import secrets
import sys
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import urlsplit

import environ
import structlog
from cryptography.fernet import Fernet
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")
#: What is made while running: the database, keys made once, the stand-in's state.
VAR_DIR = BASE_DIR / str(env.str("VAR_DIR", "var"))


def kept_in_var(name: str, make: str) -> str:
    """A secret made once and kept in a file only its owner can read; for the demo and DEBUG."""
    VAR_DIR.mkdir(mode=0o700, exist_ok=True)
    path = VAR_DIR / name
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(make)
    return make


# --- SuperOffice ---------------------------------------------------------------------------------

SUPEROFFICE_TENANT = env.str("SUPEROFFICE_TENANT", "")
SUPEROFFICE_LOGIN_URL = env.str("SUPEROFFICE_LOGIN_URL", "https://online.superoffice.com")
SUPEROFFICE_API_URL = env.str("SUPEROFFICE_API_URL", "").rstrip("/")
SUPEROFFICE_AUTH = env.str("SUPEROFFICE_AUTH", "")
SUPEROFFICE_USER = env.str("SUPEROFFICE_USER", "")
SUPEROFFICE_PASSWORD = env.str("SUPEROFFICE_PASSWORD", "")
SUPEROFFICE_TICKET = env.str("SUPEROFFICE_TICKET", "")
SUPEROFFICE_APP_TOKEN = env.str("SUPEROFFICE_APP_TOKEN", "")
SUPEROFFICE_CLIENT_ID = env.str("SUPEROFFICE_CLIENT_ID", "")
SUPEROFFICE_CLIENT_SECRET = env.str("SUPEROFFICE_CLIENT_SECRET", "")
SUPEROFFICE_REFRESH_TOKEN = env.str("SUPEROFFICE_REFRESH_TOKEN", "")
SUPEROFFICE_SYSTEM_TOKEN = env.str("SUPEROFFICE_SYSTEM_TOKEN", "")
SUPEROFFICE_PRIVATE_KEY = env.str("SUPEROFFICE_PRIVATE_KEY", "", multiline=True)
SUPEROFFICE_LANGUAGE = env.str("SUPEROFFICE_LANGUAGE", "")
SUPEROFFICE_CULTURE = env.str("SUPEROFFICE_CULTURE", "")
SUPEROFFICE_TIMEZONE = env.str("SUPEROFFICE_TIMEZONE", "UTC")
#: Hosts a tenant may move to (suffixes); a move elsewhere is refused and told to the operator.
SUPEROFFICE_ALLOWED_HOSTS = env.list("SUPEROFFICE_ALLOWED_HOSTS", default=[".superoffice.com"])
WEBHOOK_SECRETS = env.list("WEBHOOK_SECRETS", default=[])
PUBLIC_URL = env.str("PUBLIC_URL", "").rstrip("/")

STANDIN_PORT_FILE = VAR_DIR / "standin.port"


def _standin_port() -> int:
    """Where `make run` put the stand-in: its usual port, or the free one it had to take."""
    if "STANDIN_PORT" in os.environ or not STANDIN_PORT_FILE.exists():
        return int(env.int("STANDIN_PORT", 9000))
    return int(STANDIN_PORT_FILE.read_text().strip())


STANDIN_PORT = _standin_port()

#: Nothing is configured: the stand-in SuperOffice on loopback is the remote.
DEMO = not (SUPEROFFICE_API_URL or SUPEROFFICE_TENANT)
if DEMO:
    SUPEROFFICE_API_URL = f"http://127.0.0.1:{STANDIN_PORT}/api"
    SUPEROFFICE_AUTH = "basic"
    SUPEROFFICE_USER, SUPEROFFICE_PASSWORD = "integration", "integration-demo"
REMOTE_IS_LOOPBACK = urlsplit(SUPEROFFICE_API_URL).hostname in {"127.0.0.1", "localhost", "::1"}

# --- Manners towards the remote (contract, section J) --------------------------------------------

REMOTE_CALLS_PER_SECOND = env.float("REMOTE_CALLS_PER_SECOND", 0.0 if REMOTE_IS_LOOPBACK else 8.0)
REMOTE_CONNECT_SECONDS = env.float("REMOTE_CONNECT_SECONDS", 5.0)
REMOTE_READ_TOTAL_SECONDS = env.float("REMOTE_READ_TOTAL_SECONDS", 15.0)
REMOTE_WRITE_TOTAL_SECONDS = env.float("REMOTE_WRITE_TOTAL_SECONDS", 20.0)
#: Before the second try of a read; doubled for each further one (contract, J.4).
REMOTE_BACKOFF_SECONDS = env.float("REMOTE_BACKOFF_SECONDS", 1.0)
REMOTE_SIZE_CAP_BYTES = env.int("REMOTE_SIZE_CAP_BYTES", 64 * 1024 * 1024)
BREAKER_FAILURES = env.int("BREAKER_FAILURES", 5)
BREAKER_SECONDS = env.float("BREAKER_SECONDS", 5.0)
#: How long to be quiet after a 429 that does not say so in a way that can be understood.
REMOTE_THROTTLED_SECONDS = env.float("REMOTE_THROTTLED_SECONDS", 5.0)
RETRY_AFTER_CAP_SECONDS = env.float("RETRY_AFTER_CAP_SECONDS", 900.0)

# --- Staying fresh (contract, section G.6); seconds ----------------------------------------------

SYNC_NEW_SECONDS = env.float("SYNC_NEW_SECONDS", 2.0 if REMOTE_IS_LOOPBACK else 30.0)
SYNC_OPEN_SECONDS = env.float("SYNC_OPEN_SECONDS", 2.0 if REMOTE_IS_LOOPBACK else 10.0)
SYNC_TRANSFERS_SECONDS = env.float("SYNC_TRANSFERS_SECONDS", 5.0)
SYNC_ENDED_SECONDS = env.float("SYNC_ENDED_SECONDS", 20.0 if REMOTE_IS_LOOPBACK else 600.0)
SYNC_ENDED_OVERLAP_SECONDS = env.float("SYNC_ENDED_OVERLAP_SECONDS", 86_400.0)
SYNC_PEOPLE_SECONDS = env.float("SYNC_PEOPLE_SECONDS", 20.0 if REMOTE_IS_LOOPBACK else 300.0)
SYNC_SWEEP_SECONDS = env.float("SYNC_SWEEP_SECONDS", 120.0 if REMOTE_IS_LOOPBACK else 86_400.0)
#: In UTC: when a full comparison begins that is asked for once a day. SuperOffice's maintenance,
#: 00:00 to 02:00, is kept free of it (contract, section 0).
SYNC_SWEEP_HOUR = env.int("SYNC_SWEEP_HOUR", 2)
SYNC_NEW_OVERLAP_IDS = env.int("SYNC_NEW_OVERLAP_IDS", 50)
SYNC_THREADS = env.int("SYNC_THREADS", 4)
SYNC_HOOK_SECONDS = env.float("SYNC_HOOK_SECONDS", 60.0)
#: Polls are this much rarer while hints arrive.
SYNC_TRUSTED_FACTOR = env.float("SYNC_TRUSTED_FACTOR", 1.5)
#: Conversations of open sessions are read again from their beginning this often (read flags).
SYNC_COMPLETE_SECONDS = env.float("SYNC_COMPLETE_SECONDS", 30.0 if REMOTE_IS_LOOPBACK else 300.0)
#: Open sessions read one by one in a round, those first that were not read for longest.
SYNC_TRANSFERS_BATCH = env.int("SYNC_TRANSFERS_BATCH", 20)
SYNC_DYNAMIC_ARCHIVE = env.str("SYNC_DYNAMIC_ARCHIVE", "off")  # or "auto"
#: Between the first time SuperOffice does not know a session and the tombstone.
SYNC_GONE_AFTER_SECONDS = env.float("SYNC_GONE_AFTER_SECONDS", 5.0)
#: How often the text index is brought up to the mirror.
SEARCH_INDEX_SECONDS = env.float("SEARCH_INDEX_SECONDS", 1.0)
#: A worker that stops without a word is replaced after this long.
SYNC_LEASE_SECONDS = env.float("SYNC_LEASE_SECONDS", 15.0)
HINT_KEEP_DAYS = env.int("HINT_KEEP_DAYS", 30)
#: Days after the end of a session; 0 keeps it for good. Texts: what was said. Facts: who the
#: customer was; numbers and times stay.
RETENTION_TEXT_DAYS = env.int("RETENTION_TEXT_DAYS", 0)
RETENTION_FACT_DAYS = env.int("RETENTION_FACT_DAYS", 0)
RETENTION_TRAIL_DAYS = env.int("RETENTION_TRAIL_DAYS", 0)
STALE_AFTER_SECONDS = env.float("STALE_AFTER_SECONDS", 30.0)
MIRROR_MAX_GONE = env.int("MIRROR_MAX_GONE", 20)
MIRROR_MAX_GONE_SHARE = env.float("MIRROR_MAX_GONE_SHARE", 0.01)

# --- Actions -------------------------------------------------------------------------------------

ACTION_EXPIRES_SECONDS = env.float("ACTION_EXPIRES_SECONDS", 60.0)
ACTION_ASKS_AFTER_SECONDS = env.float("ACTION_ASKS_AFTER_SECONDS", 120.0)
ACTION_WATCH_SECONDS = env.float("ACTION_WATCH_SECONDS", 86_400.0)
ACTION_LANE_WAIT_SECONDS = env.float("ACTION_LANE_WAIT_SECONDS", 10.0)
MESSAGE_MAX_CHARACTERS = env.int("MESSAGE_MAX_CHARACTERS", 20_000)
#: The most chats in one bulk run; what matches beyond it is told and left alone.
BULK_MAX_ROWS = env.int("BULK_MAX_ROWS", 500)
#: Rows of all runs together that are under way at once.
BULK_AT_ONCE = env.int("BULK_AT_ONCE", 2)
#: After its start no row of a run is begun any more; a preview is as old at most.
BULK_EXPIRES_SECONDS = env.float("BULK_EXPIRES_SECONDS", 1800.0)
#: Days after its end; 0 keeps it for good.
BULK_KEEP_DAYS = env.int("BULK_KEEP_DAYS", 90)
ALLOW_END_CHAT = env.bool("ALLOW_END_CHAT", False)
ALLOW_DELETE = env.bool("ALLOW_DELETE", False)

#: How long personal data stays shown to somebody who gave a reason.
UNMASK_MINUTES = env.int("UNMASK_MINUTES", 30)

# --- Programs ------------------------------------------------------------------------------------

API_TOKEN_DAYS = env.int("API_TOKEN_DAYS", 90)
API_BODY_CAP_BYTES = env.int("API_BODY_CAP_BYTES", 1024 * 1024)
API_RATE_PER_MINUTE = env.int("API_RATE_PER_MINUTE", 6000)
#: Live streams that one process holds open; the next one gets 503.
STREAMS_MAX = env.int("STREAMS_MAX", 5000)
#: How often an open stream asks anew whether its caller may listen, in seconds.
STREAM_ASK_SECONDS = env.float("STREAM_ASK_SECONDS", 30.0)
FEED_KEEP_DAYS = env.int("FEED_KEEP_DAYS", 14)
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
#: Names, `.suffixes`, addresses and networks that may be delivered to; the demo: this machine.
SUBSCRIPTION_ALLOWED_HOSTS = env.list("SUBSCRIPTION_ALLOWED_HOSTS", default=[])
SUBSCRIPTION_SECONDS = env.float("SUBSCRIPTION_SECONDS", 1.0)
SUBSCRIPTION_TIMEOUT_SECONDS = env.float("SUBSCRIPTION_TIMEOUT_SECONDS", 10.0)
#: After the first failure; doubled for each further one, up to an hour.
SUBSCRIPTION_BACKOFF_SECONDS = env.float("SUBSCRIPTION_BACKOFF_SECONDS", 5.0)
SUBSCRIPTION_GIVE_UP_SECONDS = env.float("SUBSCRIPTION_GIVE_UP_SECONDS", 86_400.0)
SUBSCRIPTION_BATCH = env.int("SUBSCRIPTION_BATCH", 500)
#: How long the old secret of a subscription signs beside the new one, unless asked otherwise.
SUBSCRIPTION_OVERLAP_SECONDS = env.float("SUBSCRIPTION_OVERLAP_SECONDS", 86_400.0)
#: Of one owner.
SUBSCRIPTIONS_MAX = env.int("SUBSCRIPTIONS_MAX", 20)

# --- Django --------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", False)
EASY = DEBUG or DEMO
if EASY and not SUBSCRIPTION_ALLOWED_HOSTS:
    SUBSCRIPTION_ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
if EASY:
    SECRET_KEY = env.str("SECRET_KEY", "") or kept_in_var("secret.key", secrets.token_urlsafe(50))
    FIELD_KEYS = env.list("FIELD_KEYS", default=[]) or [
        kept_in_var("field.key", Fernet.generate_key().decode())
    ]
else:
    SECRET_KEY = env.str("SECRET_KEY", "")
    FIELD_KEYS = env.list("FIELD_KEYS", default=[])
    if not SECRET_KEY or not FIELD_KEYS:
        raise ImproperlyConfigured(
            "SECRET_KEY and FIELD_KEYS are required once SuperOffice is configured. Make them with "
            '`python -c "import secrets; print(secrets.token_urlsafe(50))"` and `python -c "from '
            'cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"`.'
        )
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
if PUBLIC_URL and urlsplit(PUBLIC_URL).hostname:
    ALLOWED_HOSTS.append(str(urlsplit(PUBLIC_URL).hostname))
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL] if PUBLIC_URL else [])

INSTALLED_APPS = [
    "chatops.console.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "chatops.remote",
    "chatops.mirror",
    "chatops.sync",
    "chatops.actions",
    "chatops.subscriptions",
    "chatops.notebook",
    "chatops.bulk",
    "chatops.console.apps.ConsoleConfig",
    "chatops.api",
    "chatops.ops",
]

MIDDLEWARE = [
    "chatops.middleware.RequestIdMiddleware",
    "chatops.middleware.BodyCapMiddleware",
    "chatops.middleware.HookDoorMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "chatops.middleware.ProgramDoorMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "chatops.console.idle.IdleMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "chatops.urls"
WSGI_APPLICATION = "chatops.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

#: Processes that `serve` answers with; each takes some 100 MB, and uses one core.
WEB_PROCESSES = max(1, env.int("WEB_PROCESSES", 1))
#: Requests worked on at once by each of them. DATABASE_POOL has room for them, the streams' own
#: threads and the feed's reader.
WEB_THREADS = env.int("WEB_THREADS", 16)
#: Seconds that a request may take to arrive: its head, and again its body.
REQUEST_SECONDS = env.float("REQUEST_SECONDS", 60.0)
#: Seconds that requests being answered have to finish after SIGTERM.
SERVE_DRAIN_SECONDS = env.int("SERVE_DRAIN_SECONDS", 25)
DATABASE_URL = env.str("DATABASE_URL", f"sqlite:///{VAR_DIR / 'chatops.sqlite3'}")
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    # A relative path is one of the project's, whatever folder a command is started from.
    if _database["NAME"] != ":memory:":
        _database["NAME"] = str(BASE_DIR / str(_database["NAME"]))
        Path(_database["NAME"]).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _database["OPTIONS"] = {
        # A deferred transaction that turns into a write fails at once when another writes.
        "transaction_mode": "IMMEDIATE",
        "timeout": env.float("SQLITE_BUSY_SECONDS", 20.0),
        # Each thread has a connection, and with it a cache: SQLite's own 2 MB. Twice of it made no
        # request faster at a million chats. To map the file instead is no faster either, and counts
        # as memory once for each connection.
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
            "PRAGMA mmap_size=0;"
        ),
    }
    _database["CONN_MAX_AGE"] = None
    # A file, as in real life: several threads in one in-memory database lock each other's tables.
    _database["TEST"] = {"NAME": str(Path(gettempdir()) / f"chatops-test-{os.getpid()}.sqlite3")}
else:
    _database["OPTIONS"] = {
        "pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL", 24), "timeout": 10},
        # Django's own statements are none of these: they bring their values in their text.
        "prepare_threshold": 5,
    }
    _database["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("nb", "Norsk bokmål")]
#: What the reader chose; without it the browser's own language holds.
LANGUAGE_COOKIE_AGE = 365 * 86_400
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [BASE_DIR / "chatops" / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"  # another default zone breaks RFC 3339 for old dates
USE_TZ = True

STATIC_URL = "/static/"
# Found in place: no collectstatic to forget, so no STATIC_ROOT. Files are few and small.
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# --- Security ------------------------------------------------------------------------------------

# Plain http is for loopback only; whoever is reached under any other name is behind https.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool(
    "COOKIE_SECURE", bool(PUBLIC_URL or env.str("ALLOWED_HOSTS", "")) and not EASY
)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
#: A sign-in ends so long after it began, and so long after somebody was last at the screen.
SESSION_COOKIE_AGE = env.int("SESSION_SECONDS", 8 * 3600)
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", 3600)
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", False) else None
)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 0)
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = API_BODY_CAP_BYTES

# --- Django REST Framework -----------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "chatops.api.authentication.TokenAuthentication",
        "chatops.api.authentication.ConsoleAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["chatops.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "chatops.api.problems.handler",
    # By the Accept header alone: `?format=` is an unknown parameter like any other.
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "chatops",
    "DESCRIPTION": "SuperOffice chat, mirrored and acted upon.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
}

# --- Work on many machines -----------------------------------------------------------------------

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "")

# --- Logs ----------------------------------------------------------------------------------------

LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
# Servers log to stdout; a command's stdout is its answer (a token, a report), so it logs to stderr.
_log_stream = "stdout" if {"serve", "worker", "run", "standin"} & set(sys.argv[1:2]) else "stderr"
_shared_processors: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "console": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _shared_processors,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.dev.ConsoleRenderer()
                if sys.stdout.isatty()
                else structlog.processors.JSONRenderer(),
            ],
        },
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "stream": f"ext://sys.{_log_stream}",
            "formatter": "console",
        },
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "urllib3": {"level": "ERROR"},
        "celery": {"level": "WARNING"},  # a line for each wake-up would bury the rest
        "uvicorn": {"level": "WARNING"},  # `serve` says itself that it serves, and where
        "chatops.superoffice": {"level": env.str("LOG_LEVEL_REMOTE", "WARNING")},
    },
}
