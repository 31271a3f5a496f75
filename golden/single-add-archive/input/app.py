import os

import requests

print(os.listdir("/opt/geo"), requests.__version__)
