"""A shop in Django, with a worker of Celery."""
