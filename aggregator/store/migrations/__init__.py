"""The schema's history, one version a release that changes it."""
