"""What the documentation says is so: its links, its reference, its examples."""
