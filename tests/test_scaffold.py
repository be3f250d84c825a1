"""The files that a new installation begins with."""

import json
import re
import subprocess
from html import escape, unescape
from itertools import chain
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from aggregator import config
from aggregator.errors import AggregatorError
from aggregator.scaffold import write_feeds_file, write_hugo_site
from aggregator.urls import absolute
from tests.commands import aggregator
from tests.newsroom import item, rss
from tests.servers import Server
from tests.whole.hugo import hugo


def test_a_new_file_is_valid_and_begins_with_the_defaults(tmp_path: Path) -> None:
    file = write_feeds_file(tmp_path / "news")
    settings = config.load(file, {})
    assert file == tmp_path / "news" / "feeds.yaml"
    assert [source.name for source in settings.sources] == ["nasa"]
    Draft202012Validator(config.schema()).validate(yaml.safe_load(file.read_text()))
    shown = re.sub(r"^# (?=[ a-z_]+:)", "", file.read_text(), flags=re.MULTILINE)
    shown = re.sub(r"^(base_url|retention|  contact):.*$", "", shown, flags=re.MULTILINE)
    file.write_text(shown)
    assert config.load(file, {}) == settings  # what comments show are the defaults


def test_a_file_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("mine")
    with pytest.raises(AggregatorError, match=r"feeds\.yaml exists already"):
        write_feeds_file(tmp_path)
    assert (tmp_path / "feeds.yaml").read_text() == "mine"


def test_init_is_where_a_user_begins(tmp_path: Path) -> None:
    missing = aggregator("run", cwd=tmp_path, status=2).stderr
    assert "`aggregator init`" in missing
    assert "`aggregator add URL`" in missing
    assert aggregator("init", cwd=tmp_path).stdout.startswith("wrote feeds.yaml; `aggregator add URL` adds")
    assert aggregator("check", cwd=tmp_path).stdout == "feeds.yaml: OK: 1 source\n"
    assert "exists already" in aggregator("init", cwd=tmp_path, status=1).stderr
    assert "--config there/feeds.yaml run" in aggregator("init", "there", cwd=tmp_path).stdout
    written = aggregator("init", "my news", "--hugo", "my site", cwd=tmp_path).stdout
    assert "--config 'my news/feeds.yaml' run" in written
    assert "hugo --source 'my site'`" in written
    assert "takes one file" in aggregator("import", cwd=tmp_path, status=2).stderr


# A theme as small as one can be, in the place of Mainroad. It asks for what Mainroad asks for: the menus, the widgets
# of the sidebar, a partial for each entry of `post_meta`; and as there the author is a value that Hugo has no longer.
THEME = {
    "_default/baseof.html": (
        "<!DOCTYPE html><html><head><title>{{ .Title }}</title></head><body>{{ range .Site.Menus.main }}{{ end }}"
        '<p class="theme"></p>{{ block "main" . }}{{ end }}{{ $page := . }}'
        '{{ range .Site.Params.sidebar.widgets }}{{ partial (printf "widgets/%s.html" .) $page }}{{ end }}'
        "</body></html>"
    ),
    "_default/single.html": (
        '{{ define "main" }}<h1>{{ .Title }}</h1>{{ $page := . }}'
        '{{ range .Param "post_meta" }}{{ partial (printf "post_meta/%s.html" .) $page }}{{ end }}'
        "{{ .Content }}{{ end }}"
    ),
    "_default/list.html": '{{ define "main" }}{{ range .Pages }}<li>{{ .Title }}</li>{{ end }}{{ end }}',
    "partials/post_meta/author.html": "{{ .Site.Author.name }}",
    "partials/svg/author.svg": '<svg class="{{ .class }}"></svg>',
    "partials/post_meta/date.html": "<time>{{ .Date }}</time>",
    "partials/post_meta/categories.html": (
        '{{ range .Params.categories }}{{ with $.Site.GetPage (printf "/categories/%s" (urlize .)) }}'
        "<a>{{ .Title }}</a>{{ end }}{{ end }}"
    ),
    "partials/post_meta/translations.html": "{{ range .Translations }}<b>{{ .Lang }}</b>{{ end }}",
    "partials/widgets/search.html": "<form></form>",
    "partials/widgets/recent.html": (
        "<ul id={{ math.Counter }}>{{ range .Site.RegularPages }}<li>recent</li>{{ end }}</ul>"
    ),
    "partials/widgets/categories.html": "",
    "partials/widgets/taglist.html": "",
}


@pytest.fixture
def theme(tmp_path: Path) -> Path:
    """Folder of the theme's default layouts."""
    layouts = tmp_path / "site" / "themes" / "mainroad" / "layouts"
    for name, text in THEME.items():
        (layouts / name).parent.mkdir(parents=True, exist_ok=True)
        (layouts / name).write_text(text)
    return layouts / "_default"


def hugo_builds(site: Path) -> None:
    """Build the site without Go and without a network; nothing may be warned of."""
    if not Path(hugo()).exists():
        pytest.skip("the hugo package is not installed beside this Python")
    environ = {"PATH": "/nowhere", "HOME": str(site), "HUGO_CACHEDIR": str(site / "cache"), "GOPROXY": "off"}
    command = [hugo(), "--source", str(site), "--printPathWarnings", "--printI18nWarnings"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=240)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert "WARN" not in output, output


def test_a_new_site_shows_the_articles(tmp_path: Path, server: Server, theme: Path) -> None:
    aggregator("init", "--hugo", "site", cwd=tmp_path)
    file, site = tmp_path / "feeds.yaml", tmp_path / "site"
    settings = config.load(file, {})
    assert settings.articles.path == str(site / "content" / "post")
    assert (settings.articles.front_matter, settings.articles.keys) == ("mainroad", ("author", "canonical", "audio"))
    hugo_builds(site)

    links = [f"https://source.example/{number}?a=1&b=$1'\"" for number in range(3)]
    author = '<dc:creator xmlns:dc="http://purl.org/dc/elements/1.1/">Ann &amp; Bob</dc:creator>'
    audio = '<enclosure url="https://cdn.example/1.mp3" type="audio/mpeg" length="1"/>'
    items = [item(number, link=escape(link), title="One title for all") for number, link in enumerate(links)]
    server.put("/feed", rss(items[0] + audio + author, *(text + author for text in items[1:])))
    source = f"  - {{name: good, url: {server.url('/feed')}, language: en, category: News & World, tags: [some tag]}}\n"
    local = "fetch: {allow_private: [127.0.0.1/32], host_gap: 0s}\n"
    file.write_text(re.sub(r"(?s)sources:\n.*", f"sources:\n{source}{local}", file.read_text()))
    aggregator("once", cwd=tmp_path)
    hugo_builds(site)

    pages = [path.read_text() for path in sorted((site / "public" / "post" / "good").rglob("index.html"))]
    pages = [page for page in pages if "<h1>" in page]
    canonical = [re.findall(r'<link rel="canonical" href="([^"]*)">\n?</head>', page) for page in pages]
    assert sorted(map(unescape, chain(*canonical))) == sorted(normalised(links))
    assert all('<p class="theme">' in page for page in pages)
    assert sum('<a href="https://cdn.example/1.mp3">Audio</a>' in page for page in pages) == 1
    author_line = r'<svg class="meta__icon"></svg>\s*<span class="meta__text">Ann &amp; Bob</span>'
    assert all(re.search(author_line, page) for page in pages)
    assert all(re.search('<a [^>]*href="/categories/news--world/"[^>]*>News &amp; World</a>', page) for page in pages)
    assert all(page.count("<li>recent</li>") == 3 for page in pages)
    assert len({number for page in pages for number in re.findall(r"<ul id=(\d+)>", page)}) == 1  # made once for all
    for term in ("categories/news--world", "tags/some-tag", "lang/en", "translations/en"):
        assert (site / "public" / term / "index.html").read_text().count("<li>One title for all</li>") == 3


LANGUAGES = """
[languages.en]
weight = 1
[languages.de]
weight = 2
"""


@pytest.mark.parametrize("languages", ["", LANGUAGES], ids=["one language", "several languages"])
def test_a_site_shows_translations(tmp_path: Path, server: Server, theme: Path, languages: str) -> None:
    aggregator("init", "--hugo", "site", cwd=tmp_path)
    site_file = tmp_path / "site" / "hugo.toml"
    site_file.write_text(site_file.read_text() + languages)
    server.put("/feed", rss(*map(item, range(3))))
    server.put("/translate", lambda request: json.dumps({"translatedText": json.loads(request.body)["q"]}).encode())
    settings = yaml.safe_load((tmp_path / "feeds.yaml").read_text()) | {
        "translate": {"url": server.url("/")},
        "fetch": {"allow_private": ["127.0.0.1/32"]},
        "sources": [{"name": "good", "url": server.url("/feed"), "language": "en", "translate": ["de"]}],
    }
    (tmp_path / "feeds.yaml").write_text(yaml.safe_dump(settings))
    aggregator("once", cwd=tmp_path)
    hugo_builds(tmp_path / "site")
    public = tmp_path / "site" / "public"
    pages = {str(path.parent.relative_to(public)) for path in public.rglob("index.html") if "<h1>" in path.read_text()}
    originals = {page for page in pages if page.startswith("post/") and not page.endswith(".de")}
    assert len(originals) == 3
    assert pages == originals | {f"de/{page}" if languages else f"{page}.de" for page in originals}


def normalised(links: list[str]) -> list[str]:
    return [absolute(link) or "" for link in links]


@pytest.mark.parametrize("name", ["single.html", "baseof.html"])
def test_a_theme_of_another_build_shows_them_too(tmp_path: Path, theme: Path, name: str) -> None:
    """Themes without base templates, with a page of their own for articles, and those for new Hugo versions."""
    write_hugo_site(tmp_path, tmp_path / "site")
    post = tmp_path / "site" / "content" / "post"
    post.mkdir(parents=True)
    head = 'canonical: "https://source.example/1"'
    (post / "a.md").write_text(f"---\ntitle: A\n{head}\n---\nText\n")
    (theme / name).rename(theme.parent / name)  # as in Hugo 0.146 and later
    hugo_builds(tmp_path / "site")
    assert (
        '<link rel="canonical" href="https://source.example/1">'
        in (tmp_path / "site" / "public" / "post" / "a" / "index.html").read_text()
    )


def test_a_site_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AggregatorError, match="file: a file is in the place of its folder; move that file away"):
        write_hugo_site(tmp_path, tmp_path / "file")
    site = tmp_path / "site"
    site.mkdir()
    (site / "mine").write_text("")
    with pytest.raises(AggregatorError, match="site is not empty"):
        write_hugo_site(tmp_path, site)
    assert not (tmp_path / "feeds.yaml").exists()
    (site / "mine").unlink()
    write_feeds_file(tmp_path)
    with pytest.raises(AggregatorError, match=r"feeds\.yaml exists already"):
        write_hugo_site(tmp_path, site)
    assert list(site.iterdir()) == []
