"""The certificate authorities that are trusted by default: the platform's, which are not a file."""


def where() -> str:
    """Return what stands for the public certificate authorities: ``verify=`` takes it like True.

    It is not a path, so that opening it fails with a name that says so.
    """
    return "the certificate authorities of the platform"
