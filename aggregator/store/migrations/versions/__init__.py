"""Migrations, each named for its revision."""
