"""Certificates in PEM (RFC 7468), of which only the outermost structure is checked."""

import binascii
import hashlib
import re

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s*?\n(.*?)-----END \1-----", re.DOTALL)
_SEQUENCE, _BIT_STRING = 0x30, 0x03


def fault(pem: str) -> str | None:
    """Find what is wrong with a text that should contain certificates.

    Args:
        pem: One or more ``CERTIFICATE`` blocks. Text between them is a comment.

    Returns:
        The rule that the text breaks, or None if it is valid. The rule quotes nothing of the text,
        which might contain a key.
    """
    if "PRIVATE KEY" in pem:
        return "certificates only, without a private key"
    blocks = _BLOCK.findall(pem)
    if not blocks or pem.count("-----BEGIN ") != len(blocks):
        return "PEM: complete blocks from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----"
    for label, content in blocks:
        if label != "CERTIFICATE":
            return f"CERTIFICATE blocks only, without {label} blocks"
        try:
            der = binascii.a2b_base64("".join(content.split()), strict_mode=True)
        except ValueError:
            return "PEM with valid Base64 in each block"
        if not _is_certificate(der):
            return "PEM with a complete DER certificate in each block"
    return None


def _is_certificate(der: bytes) -> bool:
    # RFC 5280, section 4.1: the signed content, the algorithm, the signature.
    match _elements(der):
        case [(tag, content)] if tag == _SEQUENCE:
            tags = [tag for tag, _ in _elements(content)]
            return tags == [_SEQUENCE, _SEQUENCE, _BIT_STRING]
    return False


def _elements(der: bytes) -> list[tuple[int, bytes]]:
    """Split DER into tags and contents; empty if it is cut short."""
    found = []
    while der:
        start, length = 2, der[1] if len(der) > 1 else 0
        if length > 0x80:  # the number of bytes that encode the length
            start += length - 0x80
            length = int.from_bytes(der[2:start])
        if start + length > len(der):
            return []
        found.append((der[0], der[start : start + length]))
        der = der[start + length :]
    return found


def redact(pem: str) -> str:
    """Shorten a PEM text for a `repr`.

    Args:
        pem: The text.

    Returns:
        The start of its SHA-256 digest.
    """
    return f"<PEM sha256:{hashlib.sha256(pem.encode()).hexdigest()[:16]}>"
