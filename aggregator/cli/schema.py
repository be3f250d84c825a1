"""`aggregator schema`: what a `feeds.yaml` may hold."""

import json

import typer


def schema() -> None:
    """Print the JSON Schema of feeds.yaml."""
    from aggregator import config

    typer.echo(json.dumps(config.schema(), indent=2, ensure_ascii=False))
