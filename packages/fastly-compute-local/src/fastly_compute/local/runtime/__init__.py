"""Sandboxes: run a guest, natively or on wasmtime, and pass requests to it."""
