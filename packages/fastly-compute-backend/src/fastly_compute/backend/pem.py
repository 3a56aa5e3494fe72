"""Certificates in PEM (RFC 7468), checked as far as can be done without reading ASN.1."""

import binascii
import hashlib
import re

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s*?\n(.*?)-----END \1-----", re.DOTALL)
_SEQUENCE = 0x30


def fault(pem: str) -> str | None:
    """Find what is wrong with a text that should hold certificates.

    Args:
        pem: One or more ``CERTIFICATE`` blocks. Text between them is a comment.

    Returns:
        What it has to be and is not; None if it is fine. Nothing of the text is in it: it might
        hold a key.
    """
    if "PRIVATE KEY" in pem:
        return "certificates only, without a private key"
    blocks = _BLOCK.findall(pem)
    if not blocks or pem.count("-----BEGIN ") != len(blocks):
        return "PEM: complete blocks of -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----"
    for label, content in blocks:
        if label != "CERTIFICATE":
            return f"blocks of the kind CERTIFICATE, without one of {label}"
        try:
            der = binascii.a2b_base64("".join(content.split()), strict_mode=True)
        except ValueError:
            return "PEM: valid Base64 within each block"
        if not der or der[0] != _SEQUENCE:
            return "PEM: a DER certificate within each block"
    return None


def shown(pem: str) -> str:
    """Shorten a PEM text for a `repr`.

    Args:
        pem: The text.

    Returns:
        The beginning of its SHA-256 digest.
    """
    return f"<PEM sha256:{hashlib.sha256(pem.encode()).hexdigest()[:16]}>"
