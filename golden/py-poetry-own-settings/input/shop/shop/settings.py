STATIC_ROOT = "/app/static"
