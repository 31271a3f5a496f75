import xarray

print(xarray.DataArray([1.2, 1.9, 1.4], dims="hour"))
