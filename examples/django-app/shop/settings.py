from pathlib import Path

HERE = Path(__file__).parent

# Django wants one; no cookie of this example is signed with it.
SECRET_KEY = "not a secret"  # noqa: S105 - it signs nothing

# On Fastly a request reaches the service by one of its domains. List them here all the same
# before the site makes links or mails of the host that a client names.
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shop.urls"
USE_I18N = False

MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]

# A sandbox has no temporary files, and a large upload would fill the memory.
FILE_UPLOAD_HANDLERS = ["shop.uploads.DigestHandler"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "loggers": {"django": {"handlers": ["stderr"], "level": "WARNING"}},
}
