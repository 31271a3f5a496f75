import numpy

print(numpy.hypot(3, 4))
