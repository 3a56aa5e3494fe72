"""The service that an app is, and the site it runs on. Each function is one host call."""

from fastly_compute.runtime import _wit


def service_id() -> str:
    """Return the ID of the service (``compute-runtime.get-service-id``).

    Returns:
        22 letters and digits; zeros on local hosts.
        ``FASTLY_SERVICE_ID`` in `os.environ` is the same.

    Raises:
        HostUnavailable: No host is available, or no request is being handled.

    Example:
        >>> from fastly_compute import runtime
        >>> def purge_url(key: str) -> str:
        ...     return f"https://api.fastly.com/service/{runtime.service_id()}/purge/{key}"
    """
    return _wit.get_text("service_id")


def service_version() -> int:
    """Return the version of the service (``compute-runtime.get-service-version``).

    Returns:
        A number of at least 1; 0 on local hosts.
        ``FASTLY_SERVICE_VERSION`` in `os.environ` is the same.

    Raises:
        HostUnavailable: No host is available, or no request is being handled.

    Example:
        >>> from fastly_compute import runtime
        >>> def version() -> str:
        ...     return f"v{runtime.service_version()}"
    """
    return _wit.get_number("service_version")


def customer_id() -> str:
    """Return the ID of the service's owner (``compute-runtime.get-customer-id``).

    Returns:
        22 letters and digits; zeros on local hosts.
        ``FASTLY_CUSTOMER_ID`` in `os.environ` is the same.

    Raises:
        HostUnavailable: No host is available, or no request is being handled.

    Example:
        >>> from fastly_compute import runtime
        >>> def is_ours(customer: str) -> bool:
        ...     return runtime.customer_id() == customer
    """
    return _wit.get_text("customer_id")


def namespace_id() -> str:
    """Return the ID of the service's namespace (``compute-runtime.get-namespace-id``).

    Returns:
        The ID; empty on local hosts.

    Raises:
        HostUnavailable: No host is available, or no request is being handled.

    Example:
        >>> from fastly_compute import runtime
        >>> def key(name: str) -> str:
        ...     return f"{runtime.namespace_id()}/{name}"
    """
    return _wit.get_text("namespace_id")


def cache_generation() -> int:
    """Return the generation of the service's cache (``compute-runtime.get-cache-generation``).

    Returns:
        A number that grows when everything is purged; 0 on local hosts.
        ``FASTLY_CACHE_GENERATION`` in `os.environ` is the same.

    Raises:
        HostUnavailable: No host is available, or no request is being handled.

    Example:
        >>> from fastly_compute import runtime
        >>> def key(name: str) -> str:
        ...     return f"{runtime.cache_generation()}/{name}"
    """
    return _wit.get_number("cache_generation")


def hostname() -> str:
    """Return the name of the machine (``compute-runtime.get-hostname``).

    Returns:
        Such as ``cache-jfk1034``; ``localhost`` on local hosts.
        ``FASTLY_HOSTNAME`` in `os.environ` is the same.

    Raises:
        HostUnavailable: No host is available, or no request is being handled.

    Example:
        >>> from fastly_compute import runtime
        >>> def served_by() -> dict[str, str]:
        ...     return {"X-Served-By": runtime.hostname()}
    """
    return _wit.get_text("hostname")


def pop() -> str:
    """Return the code of the site, the point of presence (``compute-runtime.get-pop``).

    Returns:
        Three characters, such as ``LHR``; ``XXX`` on local hosts.
        ``FASTLY_POP`` in `os.environ` is the same.

    Raises:
        HostUnavailable: No host is available, or no request is being handled.

    Example:
        >>> from fastly_compute import runtime
        >>> def greeting() -> str:
        ...     return f"Hello from {runtime.pop()}"
    """
    return _wit.get_text("pop")


def region() -> str:
    """Return the code of the region of the site (``compute-runtime.get-region``).

    Returns:
        Such as ``EU-West``; ``Somewhere`` on local hosts.
        ``FASTLY_REGION`` in `os.environ` is the same.

    Raises:
        HostUnavailable: No host is available, or no request is being handled.

    Example:
        >>> from fastly_compute import runtime
        >>> def is_in_europe() -> bool:
        ...     return runtime.region().startswith("EU-")
    """
    return _wit.get_text("region")


def is_staging() -> bool:
    """Tell whether the app runs on the staging network (``compute-runtime.get-is-staging``).

    Returns:
        Whether it does; ``FASTLY_IS_STAGING`` in `os.environ` is then ``1``, otherwise ``0``.

    Raises:
        HostUnavailable: No host is available, or no request is being handled.

    Example:
        >>> from fastly_compute import runtime
        >>> def origin() -> str:
        ...     return "staging-origin" if runtime.is_staging() else "origin"
    """
    return _wit.is_staging()
