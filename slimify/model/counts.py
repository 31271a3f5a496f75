"""Numbers with their nouns, for messages."""


def counted(number: int, noun: str) -> str:
    """`1 file`, `3 files`, `2 directories`: for nouns with a regular plural."""
    if number == 1:
        return f"1 {noun}"
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {plural}"
