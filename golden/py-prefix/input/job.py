from datetime import timedelta

import humanize

print(humanize.precisedelta(timedelta(days=2, hours=3), format="%d").replace(" and ", ", "))
