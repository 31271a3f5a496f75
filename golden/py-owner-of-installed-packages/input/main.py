import os
import pathlib

import numpy

pathlib.Path("count.txt").write_text(str(numpy.arange(4).sum()))
print(numpy.__version__, os.getuid(), pathlib.Path("count.txt").owner(), pathlib.Path(numpy.__file__).owner())
