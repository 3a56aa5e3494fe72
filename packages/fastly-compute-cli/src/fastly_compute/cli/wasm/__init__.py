"""Read and write the parts of WebAssembly binaries that composing an app needs."""
