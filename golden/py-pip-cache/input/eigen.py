import numpy

values = numpy.linalg.eigvalsh(numpy.array([[2.0, 1.0], [1.0, 2.0]]))
print("eigenvalues", *(round(value) for value in values))
