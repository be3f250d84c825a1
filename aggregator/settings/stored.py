"""Settings above the sources as a cluster stores them, so that its workers need no file. Pure."""

from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from aggregator.settings import Settings, secret_variables
from aggregator.settings.features import Features
from aggregator.settings.references import referenced_names

_OWN: Any = {"sources": True, "database": True, "articles": {"after"}}  # of each process: it has them from elsewhere


class StoredSettings(BaseModel):
    """The stored settings, and what a worker has to know of the sources before it claims some."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    settings: dict[str, Any]  # as in the file, without those that equal their defaults
    secret: tuple[str, ...] = ()  # names of settings that are left out because they hold a password or key
    variables: tuple[str, ...] = ()  # names of the environment's variables that values refer to
    features: Features = Features()


def stored_settings(settings: Settings) -> str:
    """Return the text to store: the settings as the file has them, and nothing that the environment gives."""
    written = settings.written or settings
    secret = tuple(".".join(path) for path in _secret_paths(written))
    values = written.model_dump(mode="json", exclude_defaults=True, exclude=_OWN)
    values["storage"] = written.storage  # as seen from the file's folder, also where it is the default
    for path in secret:
        section, _, name = path.partition(".")
        del values[section][name]
    stored = StoredSettings(
        settings={name: value for name, value in values.items() if value != {}},
        secret=secret,
        variables=tuple(sorted(secret_variables(settings))),
        features=Features.of(settings),
    )
    return stored.model_dump_json()


def _secret_paths(settings: Settings) -> list[tuple[str, str]]:
    """Return the paths of settings whose value is a secret as it is written."""
    proxy, translate = settings.fetch.proxy, settings.translate
    secret = {
        ("fetch", "proxy"): bool(proxy and urlsplit(proxy).password),
        ("translate", "url"): bool(translate.url and urlsplit(translate.url).password),
        ("translate", "key"): bool(translate.key and not referenced_names(translate.key)),
    }
    return [path for path, is_secret in secret.items() if is_secret]
