import argparse
import locale
from datetime import datetime, timezone
from importlib.resources import files

from jinja2 import Environment, FileSystemLoader
from lxml import etree

parser = argparse.ArgumentParser()
parser.add_argument("--number", type=int, default=1)
parser.add_argument("--check", help="validate an invoice")
options = parser.parse_args()
if options.check:
    schema = etree.XMLSchema(etree.fromstring((files("invoices") / "schema" / "invoice.xsd").read_bytes()))
    schema.assertValid(etree.parse(options.check))
locale.setlocale(locale.LC_ALL, "")
template = Environment(loader=FileSystemLoader("/opt/invoices/templates")).get_template("invoice.xml")
noon = datetime(2024, 7, 1, 12, tzinfo=timezone.utc).astimezone()
text = template.render(
    number=options.number, sum=locale.currency(1234.5, grouping=True), due=f"{noon:%A %H:%M}"
)
print(etree.tostring(etree.fromstring(text), encoding="unicode"))
