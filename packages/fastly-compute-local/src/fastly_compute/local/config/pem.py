"""Check that a text is PEM (RFC 7468) with certificates only, or with one private key."""

import base64
import binascii
import re

_BLOCK = re.compile(
    r"-----BEGIN (?P<label>[A-Z0-9 ]+)-----(?P<body>.*?)-----END (?P=label)-----", re.DOTALL
)
_KEYS = frozenset({"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"})


def certificate_problem(pem: str) -> str | None:
    """Return why a text is not one or more certificates.

    Args:
        pem: The text. Anything outside the PEM blocks is a comment.

    Returns:
        The rule that is violated, without quoting the text, or None.
    """
    labels, problem = _read(pem)
    if problem:
        return problem
    if not labels:
        return "must be PEM text with at least one certificate (-----BEGIN CERTIFICATE-----)"
    others = sorted(set(labels) - {"CERTIFICATE"})
    if others:
        return f"must hold certificates only, not {others[0]}"
    return None


def key_problem(pem: bytes) -> str | None:
    """Return why some bytes are not one unencrypted private key.

    Args:
        pem: The key's PEM text.

    Returns:
        The rule that is violated, without quoting the key, or None.
    """
    text = pem.decode("ascii", "replace")
    if "ENCRYPTED" in text:
        return "must not be encrypted: its password cannot be entered"
    labels, problem = _read(text)
    if problem:
        return problem
    if sum(label in _KEYS for label in labels) != 1:
        return "must be PEM text with one private key (PKCS #8, RSA or EC)"
    others = sorted(set(labels) - _KEYS - {"EC PARAMETERS"})
    if others:
        return f"must hold the private key only, not {others[0]}"
    return None


def _read(text: str) -> tuple[list[str], str | None]:
    labels = []
    for block in _BLOCK.finditer(text):
        labels.append(block["label"])
        try:
            base64.b64decode("".join(block["body"].split()), validate=True)
        except (binascii.Error, ValueError):
            return labels, f"has a {block['label']} block that is not base64"
    return labels, None
