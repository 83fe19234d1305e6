"""Keys that open at once, for tests that are not about how long guessing a passphrase takes.

Sealing with a passphrase costs a second on purpose, and so does each opening. What is sealed here is the same age
file with the least work there is (scrypt with N = 2), which any age opens. `test_keys` holds the real work to it.

References
----------
The age file format, version 1: https://c2sp.org/age; ChaCha20 and Poly1305: RFC 8439.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
from base64 import b64encode

LOG_N = 1


def lightly(data: bytes, words: str) -> bytes:
    """Seal with a passphrase as `pyrage.passphrase.encrypt` does, with the least work."""
    key, salt, nonce = (secrets.token_bytes(16) for _ in range(3))
    by = hashlib.scrypt(
        words.encode(), salt=b"age-encryption.org/v1/scrypt" + salt, n=2**LOG_N, r=8, p=1, dklen=32
    )
    header = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n---" % (
        _text(salt),
        LOG_N,
        _text(_sealed(by, bytes(12), key)),
    )
    mac = hmac.digest(_derived(key, b"", b"header"), header, "sha256")
    assert len(data) <= 65536, "a file of one piece"
    piece = _sealed(_derived(key, nonce, b"payload"), bytes(11) + b"\1", data)
    return header + b" " + _text(mac) + b"\n" + nonce + piece


def _text(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")


def _derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF with SHA-256: 32 bytes."""
    return hmac.digest(hmac.digest(salt, key, "sha256"), info + b"\1", "sha256")


def _sealed(key: bytes, nonce: bytes, data: bytes) -> bytes:
    """ChaCha20-Poly1305 without anything beside the data."""
    blocks = [_block(key, at, nonce) for at in range(len(data) // 64 + 2)]
    out = bytes(a ^ b for a, b in zip(data, b"".join(blocks[1:]), strict=False))
    r, s = struct.unpack("<QQ", blocks[0][:16]), int.from_bytes(blocks[0][16:32], "little")
    clamped, total = (r[0] | r[1] << 64) & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF, 0
    padded = out + bytes(-len(out) % 16) + struct.pack("<QQ", 0, len(out))
    for at in range(0, len(padded), 16):
        total = (total + int.from_bytes(padded[at : at + 16] + b"\1", "little")) * clamped % (2**130 - 5)
    return out + ((total + s) % 2**128).to_bytes(16, "little")


def _block(key: bytes, count: int, nonce: bytes) -> bytes:
    first = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<8I", key)]
    first += [count, *struct.unpack("<3I", nonce)]
    x = list(first)
    for turn in range(20):
        for at in range(4):
            b, c, d = (0, 0, 0) if turn % 2 == 0 else (1, 2, 3)
            _quarter(x, at, 4 + (at + b) % 4, 8 + (at + c) % 4, 12 + (at + d) % 4)
    return struct.pack("<16I", *((a + b) % 2**32 for a, b in zip(x, first, strict=True)))


def _quarter(x: list[int], a: int, b: int, c: int, d: int) -> None:
    for to, by, turned, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        x[to] = (x[to] + x[by]) % 2**32
        mixed = x[turned] ^ x[to]
        x[turned] = (mixed << bits | mixed >> (32 - bits)) % 2**32
