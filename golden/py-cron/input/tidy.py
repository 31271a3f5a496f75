import os

import humanize

total = sum(entry.stat().st_size for entry in os.scandir("/tmp") if entry.is_file())
print("temporary files:", humanize.naturalsize(total))
