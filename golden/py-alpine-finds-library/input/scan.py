import cffi
from pyzbar import pyzbar

print(pyzbar.ZBarSymbol.QRCODE, cffi.__version__)
