"""The same service in several SDKs, compared on Viceroy."""
