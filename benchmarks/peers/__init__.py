"""The same service in several SDKs, side by side on Viceroy."""
