"""The web part: asks the database and the broker when it starts, and at every request."""
import os

import django
import redis
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpResponse
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=os.environ["DJANGO_ALLOWED_HOSTS"].split(","),
    ROOT_URLCONF=__name__,
    SECRET_KEY="of a test",
    DATABASES={"default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["POSTGRES_HOST"],
        "PORT": os.environ["POSTGRES_PORT"],
        "USER": os.environ["POSTGRES_USER"],
        "PASSWORD": os.environ["POSTGRES_PASSWORD"],
        "NAME": os.environ["POSTGRES_DB"],
        "OPTIONS": {"connect_timeout": 3},
    }},
)
# What every project has, and what refuses other hosts than those allowed.
settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
django.setup()


def ask():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    redis.Redis.from_url(os.environ["CELERY_BROKER_URL"], socket_timeout=3).ping()


def index(_request):
    ask()
    return HttpResponse("the shop\n")


def metrics(_request):
    return HttpResponse("shop_up 1\n", content_type="text/plain")


ask()
connection.close()
urlpatterns = [path("", index), path("metrics", metrics)]
application = get_wsgi_application()
