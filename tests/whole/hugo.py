"""A Hugo site that prints just what the front matter and the Markdown say."""

import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

PAGE = "<title>{{ .Title }}</title><p id=summary>{{ .Summary }}</p><main>{{ .Content }}</main>"
LIST = "{{ range .Pages }}<li>{{ .Title }}: {{ .Params.summary }}</li>{{ end }}"
CONFIG = """baseURL = "https://site.example/"
title = "Site"
timeZone = "UTC"
disableKinds = ["RSS", "sitemap", "404"]
[markup.goldmark.renderer]
unsafe = {unsafe}
"""


def hugo() -> str:
    """Path of the command: beside this Python, or on PATH."""
    beside = Path(sys.executable).with_name("hugo")
    return str(beside) if beside.exists() else shutil.which("hugo") or "hugo"


def build(site: Path, articles: Path, *, now: datetime, unsafe: bool = False) -> tuple[Path, str]:
    """Build, at the time `now`, a site whose content/post is `articles`; its public folder, and all that Hugo said."""
    (site / "layouts" / "_default").mkdir(parents=True)
    for name, text in {"single.html": PAGE, "list.html": LIST, "terms.html": LIST, "taxonomy.html": LIST}.items():
        (site / "layouts" / "_default" / name).write_text(text)
    (site / "layouts" / "index.html").write_text(LIST.replace(".Pages", ".Site.RegularPages"))
    (site / "hugo.toml").write_text(CONFIG.format(unsafe=str(unsafe).lower()))
    (site / "content").mkdir()
    shutil.copytree(articles, site / "content" / "post")
    command = [hugo(), "--source", str(site), "--printPathWarnings", "--clock", now.isoformat()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output[-4000:]
    return site / "public", output
