"""Graphs to properties: blocks, networks, heads, released checkpoints. One file an architecture."""
