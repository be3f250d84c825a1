"""Maintenance: verify and repair what is kept, prune what is too old. Shell."""
