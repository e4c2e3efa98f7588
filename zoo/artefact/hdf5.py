"""The arrays of a weights file, read without the HDF5 library.

That library is written in C and follows what a file says: hostile files have crashed it, made it open other
files, and made it decompress gigabytes. Keras writes a small part of the format only: groups in symbol
tables, and contiguous uncompressed arrays. This reader knows that part and refuses everything else. Layout:
HDF5 File Format Specification 3.0, superblock 0, object headers 1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

MAGIC = b"\x89HDF\r\n\x1a\n"
MOST_OBJECTS = 200_000
_UNDEFINED = 2**64 - 1
_DATASPACE, _DATATYPE, _LAYOUT, _FILTERS, _LINKS, _CONTINUATION, _SYMBOLS = 1, 3, 8, 11, 7, 16, 17
_KINDS = {(0, True): "i", (0, False): "u", (1, True): "f", (1, False): "f"}


def read_arrays(data: bytes) -> dict[str, np.ndarray]:
    """Arrays of a weights file by their path, such as ``layers/dense/vars/0``.

    Raises
    ------
    ValueError
        The file is damaged, or contains what Keras never writes: links, compressed or chunked arrays, arrays
        of other things than numbers, or a group that contains itself.
    """
    try:
        return dict(_File(data).arrays())
    except (struct.error, IndexError, OverflowError, UnicodeDecodeError, TypeError, RecursionError) as error:
        raise ValueError(f"its weights are damaged ({error})") from None


class _File:
    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._seen: set[int] = set()

    def arrays(self) -> Iterator[tuple[str, np.ndarray]]:
        """Every array, with its path."""
        version, sizes = self._data[8], bytes(self._data[13:15])
        if bytes(self._data[:8]) != MAGIC or version != 0 or sizes != b"\x08\x08":
            raise ValueError("its weights are not laid out as Keras writes them")
        root, used = self._number(64), 0
        waiting = [("", root)]
        while waiting:
            path, address = waiting.pop()
            messages = self._messages(address)
            if _SYMBOLS in messages:
                tree, heap = struct.unpack_from("<QQ", messages[_SYMBOLS])
                waiting += [(f"{path}/{n}".lstrip("/"), a) for n, a in self._members(tree, heap)]
            elif _LAYOUT in messages:
                array, size = self._array(messages)
                used += size
                if used > len(self._data):  # overlapping arrays would grow in memory
                    raise ValueError("its weights overlap")
                yield path, array

    def _once(self, address: int) -> None:
        """Read no part twice, so that no chain of parts is endless."""
        if address in self._seen or len(self._seen) > MOST_OBJECTS:
            raise ValueError("its weights contain a circular group")
        self._seen.add(address)

    def _number(self, address: int) -> int:
        return struct.unpack_from("<Q", self._data, address)[0]

    def _part(self, start: int, size: int) -> memoryview:
        if start + size > len(self._data):
            raise ValueError("its weights are truncated")
        return self._data[start : start + size]

    def _messages(self, address: int) -> dict[int, memoryview]:
        """The messages of an object header by their type."""
        self._once(address)
        version, _, _, _, size = struct.unpack_from("<BBHII", self._data, address)
        if version != 1:
            raise ValueError("its weights are not laid out as Keras writes them")
        messages: dict[int, memoryview] = {}
        blocks = [(address + 16, size)]
        while blocks:
            start, size = blocks.pop()
            block = self._part(start, size)
            offset = 0
            while offset + 8 <= len(block):
                kind, length, flags = struct.unpack_from("<HHB", block, offset)
                content = block[offset + 8 : offset + 8 + length]
                if len(content) < length or flags & 2:
                    raise ValueError("its weights contain a broken or shared message")
                if kind == _CONTINUATION:
                    next_start, more = struct.unpack_from("<QQ", content)
                    self._once(next_start)
                    blocks.append((next_start, more))
                elif kind in (_FILTERS, _LINKS, 6, 2, 10):  # compressed arrays, other files, new-style groups
                    raise ValueError("its weights contain links or compressed arrays")
                messages.setdefault(kind, content)
                offset += 8 + length
        return messages

    def _members(self, tree: int, heap: int) -> Iterator[tuple[str, int]]:
        """Names and addresses of a group's members."""
        self._once(heap)
        signature, _, size, _, start = struct.unpack_from("<4sIQQQ", self._data, heap)
        if signature != b"HEAP":
            raise ValueError("its weights have a group without names")
        names = bytes(self._part(start, size))
        nodes = [tree]
        while nodes:
            node = nodes.pop()
            self._once(node)
            signature, kind, _, count = struct.unpack_from("<4sBBH", self._data, node)
            if signature == b"TREE" and kind == 0:
                nodes += [self._number(node + 24 + 8 + 16 * i) for i in range(count)]
            elif signature == b"SNOD":
                (count,) = struct.unpack_from("<H", self._data, node + 6)
                yield from self._symbols(node + 8, count, names)
            else:
                raise ValueError("its weights have a broken group")

    def _symbols(self, start: int, count: int, names: bytes) -> Iterator[tuple[str, int]]:
        for i in range(count):
            offset, address, cache = struct.unpack_from("<QQI", self._data, start + 40 * i)
            if cache not in (0, 1):
                raise ValueError("its weights contain a link")
            end = names.index(b"\0", offset)
            yield names[offset:end].decode(), address

    def _array(self, messages: dict[int, memoryview]) -> tuple[np.ndarray, int]:
        shape = self._shape(messages[_DATASPACE])
        dtype = self._dtype(messages[_DATATYPE])
        version, layout = messages[_LAYOUT][0], messages[_LAYOUT][1]
        if version != 3 or layout != 1:
            raise ValueError("its weights contain an array that is not contiguous")
        address, size = struct.unpack_from("<QQ", messages[_LAYOUT], 2)
        count = 1
        for n in shape:
            count *= n
        if size != count * dtype.itemsize or (size and address == _UNDEFINED):
            raise ValueError("its weights contain an array whose size does not match its shape")
        data = self._part(address, size) if size else b""
        return np.frombuffer(data, dtype).reshape(shape).copy(), size

    @staticmethod
    def _shape(message: memoryview) -> tuple[int, ...]:
        version, rank = message[0], message[1]
        if version != 1 or rank > 16:
            raise ValueError("its weights contain an array of unknown shape")
        return struct.unpack_from(f"<{rank}Q", message, 8)

    @staticmethod
    def _dtype(message: memoryview) -> np.dtype:
        """Little-endian whole numbers and IEEE floats."""
        kind, bits, size = message[0], message[1], struct.unpack_from("<I", message, 4)[0]
        name = _KINDS.get((kind & 15, bool(bits & 8)))
        if kind >> 4 not in (1, 3) or name is None or bits & 1 or size not in (1, 2, 4, 8):
            raise ValueError("its weights contain an array that is not numeric")
        if name == "f" and (size == 1 or (size == 2 and bytes(message[14:15]) != b"\x05")):
            raise ValueError("its weights contain numbers of an unknown type")
        return np.dtype(f"<{name}{size}")
