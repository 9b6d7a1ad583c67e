"""Networks from graphs to properties: blocks, architectures (one file each), heads and releases."""
