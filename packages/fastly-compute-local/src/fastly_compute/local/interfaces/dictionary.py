"""`fastly:compute/dictionary`: config stores under their old name."""

from fastly_compute.local.interfaces import config_store


class Dictionary(config_store.Store):
    """One dictionary, which is a config store."""

    def lookup(self, key: str, max_len: int) -> str | None:
        """Return the value of a key."""
        return self.get(key, max_len)
