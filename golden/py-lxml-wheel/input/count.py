import sys

from lxml import etree

book = etree.parse(sys.argv[1])
print(int(book.xpath("count(//chapter)")), "chapters")
