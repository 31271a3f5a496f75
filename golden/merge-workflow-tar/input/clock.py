from datetime import datetime
from zoneinfo import ZoneInfo

print(datetime.now(ZoneInfo("Europe/Berlin")).isoformat())
