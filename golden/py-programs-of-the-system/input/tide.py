import requests

print(requests.get("http://tides/").text)
