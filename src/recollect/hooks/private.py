"""Takes private parts out of an event before it waits in a file: they are never written down, not even there."""

OPENINGS = (b"<private", b"\\u003cprivate", "＜private".encode(), b"\\uff1cprivate")


def without(envelope: bytes) -> bytes:
    """Return an envelope without what stands between `<private>` and `</private>` in any of its texts.

    All between the first opening and the last closing tag of a text goes, or up to its end: the server, which leaves
    less out, does not see this text. Raises ValueError or RecursionError for an envelope with such a tag that is no
    JSON.
    """
    folded = envelope.lower()
    if not any(opening in folded for opening in OPENINGS):
        return envelope
    import json  # noqa: PLC0415 - few events have such a tag, and fewer of them have to wait

    return json.dumps(_outside(json.loads(envelope))).encode()


def _outside(value: object) -> object:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_outside(item) for item in value]
    if isinstance(value, dict):
        return {_text(name): _outside(item) for name, item in value.items()}
    return value


def _text(text: str) -> str:
    import re  # noqa: PLC0415 - as above; json has imported it

    tag = re.compile(r"[<＜](/\s*)?private(?=[\s/>＞]|$)[^<>＜＞]*[>＞]?", re.IGNORECASE)
    found = list(tag.finditer(text))
    first = next((one for one in found if not one[1]), None)
    if first is None:
        return text
    last = found[-1]
    return text[: first.start()] + (text[last.end() :] if last[1] else "")
