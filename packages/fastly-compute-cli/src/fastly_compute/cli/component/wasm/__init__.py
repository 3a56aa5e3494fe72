"""WebAssembly's binaries, as far as putting an app together needs to read and write them."""
