import magic

print(magic.from_file("/usr/share/signs/one"))
