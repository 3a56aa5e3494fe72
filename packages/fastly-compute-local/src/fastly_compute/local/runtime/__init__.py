"""Sandboxes: what runs a guest, natively or on wasmtime, and gives it its requests."""
