import json
import pathlib
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import requests
from defusedxml import ElementTree

SOURCES = json.loads(pathlib.Path(__file__).with_name("sources.json").read_text())


def titles(url):
    return [
        item.findtext("title")
        for item in ElementTree.fromstring(requests.get(url, timeout=5).text).iter("item")
    ]


for source in SOURCES:
    try:
        print(source["name"], titles(source["url"]))
    except requests.ConnectionError:
        print(source["name"], "can't be reached")
noon = datetime(2024, 7, 1, 12, tzinfo=timezone.utc).astimezone(ZoneInfo("Asia/Tokyo"))
print(f"fetched; noon is {noon:%H:%M} in Tokyo")
