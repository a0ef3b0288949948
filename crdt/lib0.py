"""lib0's encoding as far as our wire and Yjs V1 updates need it, strict: nothing is read past the end, every count is
compared with the bytes that are left before anything is allocated, and text must be UTF-8.

    varUint    7 bits a byte, least significant first, at most 2^53 - 1
    varString  byte length as varUint, then UTF-8
    varBytes   length as varUint, then the bytes (lib0's varUint8Array)
"""

from crdt.errors import ProtocolError

MAX_SAFE_INTEGER = 2**53 - 1
_SHIFTS = tuple(range(7, 56, 7))


def truncated() -> ProtocolError:
    return ProtocolError("truncated", "the bytes end in the middle of a value", "a whole message")


class Decoder:
    """Reads values one after the other; `ProtocolError` where they are not there."""

    __slots__ = ("data", "position")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    @property
    def remaining(self) -> int:
        return len(self.data) - self.position

    def byte(self) -> int:
        position = self.position
        if position >= len(self.data):
            raise truncated()
        self.position = position + 1
        return self.data[position]

    def uint(self) -> int:
        position, data = self.position, self.data
        if position < len(data) and (byte := data[position]) < 0x80:
            self.position = position + 1
            return byte
        return self._long_uint()

    def _long_uint(self) -> int:
        try:
            value, self.position = read_uint(self.data, self.position)
        except IndexError:
            raise truncated() from None
        return value

    def count(self, least: int = 1) -> int:
        """A number of things of at least `least` bytes each that follow."""
        try:
            count, self.position = read_count(self.data, self.position, least)
        except IndexError:
            raise truncated() from None
        return count

    def take(self, length: int) -> bytes:
        start = self.position
        end = start + length
        if end > len(self.data):
            raise truncated()
        self.position = end
        return self.data[start:end]

    def var_bytes(self) -> bytes:
        return self.take(self.uint())

    def string(self) -> str:
        try:
            return self.take(self.uint()).decode()
        except UnicodeDecodeError as error:
            raise ProtocolError("bad_text", f"text that is not UTF-8: {error.reason}") from error

    def finish(self) -> None:
        if self.position < len(self.data):
            raise ProtocolError("trailing_bytes", f"{self.remaining} bytes after the end of the message")


def read_uint(data: bytes, position: int) -> tuple[int, int]:
    """The varUint that begins at `position`, and where it ends. IndexError where the bytes end before it does."""
    value = data[position]
    position += 1
    if value < 0x80:
        return value, position
    value &= 0x7F
    for shift in _SHIFTS:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    else:
        raise ProtocolError("number_too_large", "a varUint of more than 8 bytes", "at most 2^53 - 1")
    if value > MAX_SAFE_INTEGER:
        raise ProtocolError("number_too_large", f"the varUint {value}", "at most 2^53 - 1")
    return value, position


def read_count(data: bytes, position: int, least: int = 1) -> tuple[int, int]:
    """A number of things of at least `least` bytes each that follow, and where it ends."""
    count = data[position]  # most are small
    if count < 0x80:
        position += 1
    else:
        count, position = read_uint(data, position)
    if count * least > len(data) - position:
        remaining = len(data) - position
        raise ProtocolError("count_too_large", f"{count} values in {remaining} bytes", "as many as there are")
    return count, position


def encode_uint(value: int) -> bytes:
    """varUint of 0 … 2^53 - 1."""
    if not 0 <= value <= MAX_SAFE_INTEGER:
        raise ProtocolError("number_too_large", f"{value} is no varUint", "0 … 2^53 - 1")
    if value < 0x80:
        return bytes((value,))
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def encode_bytes(value: bytes) -> bytes:
    return encode_uint(len(value)) + value


def encode_string(value: str) -> bytes:
    return encode_bytes(value.encode())
