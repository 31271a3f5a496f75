import pathlib

place = pathlib.Path.home() / ".cache" / "words"
place.mkdir(parents=True, exist_ok=True)
(place / "en.txt").write_text("en\n")
