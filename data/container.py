"""The container of `service-data.bin`: named entries, each one zstd frame of its own, so that the program decodes
only what it is asked for. `README.md` in this folder describes the format; `src/catalog/container.rs` reads it."""

import hashlib
import struct

import zstandard

MAGIC = b"IAMPDATA"
FORMAT_VERSION = 1
LEVEL = 19


def varint(number):
    """LEB128, as all numbers within entries and the index are written."""
    out = bytearray()
    while True:
        low = number & 0x7F
        number >>= 7
        if number:
            out.append(low | 0x80)
        else:
            out.append(low)
            return bytes(out)


def text(value):
    raw = value.encode("utf-8")
    return varint(len(raw)) + raw


class Strings:
    """A table of the distinct strings of an entry, and of the distinct lists of them; the rest refers by number."""

    def __init__(self):
        self.strings = {}
        self.lists = {}

    def string(self, value):
        return varint(self.strings.setdefault(value, len(self.strings)))

    def list(self, values):
        key = tuple(values)
        for value in key:
            self.strings.setdefault(value, len(self.strings))
        return varint(self.lists.setdefault(key, len(self.lists)))

    def written(self):
        out = [varint(len(self.strings))]
        out += [text(value) for value in self.strings]
        out.append(varint(len(self.lists)))
        for values in self.lists:
            out.append(varint(len(values)))
            out += [varint(self.strings[value]) for value in values]
        return b"".join(out)


def write(path, date, entries):
    """Writes the entries (name to bytes), sorted by name. The same input gives the same bytes."""
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=False, write_content_size=True)
    frames = []
    index = [text(date), varint(len(entries))]
    for name in sorted(entries, key=lambda n: n.encode("utf-8")):
        frame = compressor.compress(entries[name])
        frames.append(frame)
        index += [text(name), varint(len(frame)), varint(len(entries[name]))]
    body = b"".join(index) + b"".join(frames)
    head = MAGIC + struct.pack("<I", FORMAT_VERSION) + hashlib.sha256(body).digest()
    with open(path, "wb") as out:
        out.write(head + body)
    return len(head) + len(body)
