from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "not one"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "inn.urls"
LANGUAGE_CODE = "de"
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "locale"]
