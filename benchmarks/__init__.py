"""Measurements of the whole program on loopback: `make bench`. Nothing here asserts a time."""
