"""Schedule: the time of each source's next fetch. Pure; the only place that decides how often a source is asked.

`state` computes the state of a source and of its host after a fetch or a push, `waiting` what a limit of new articles
changes of it, `due` the time of the next fetch, `backoff` the waits after failures; `headers` reads the response
headers that matter for it. `archive` says which page of an archive is next, `pages` when a page is asked for again.
"""
