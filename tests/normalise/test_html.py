"""Cleaning: nothing acts, the text stays, late images and players are shown, and any input is taken."""

import re
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.normalise.html import MAX_DEPTH, MAX_TAGS, clean, paragraphs
from tests.cases import for_each
from tests.commonmark.writing import plain_text
from tests.normalise.fragments import broken_html
from tests.normalise.hostile import MARKUP, TEXTS
from tests.normalise.rendering import Page
from tests.thorough import examples

BASE = "https://a.example/posts/one"


# ------------------------------------------------------------------------------------------------------------ what acts


@for_each("vector", MARKUP)
def test_nothing_that_acts_is_left(vector: str) -> None:
    for value in (vector, f"<p>{vector}</p>", f"<b>{vector}", f"<table><tr><td>{vector}", f"{vector}{vector}"):
        cleaned = clean(value, BASE)
        assert Page(cleaned).active == []
        assert clean(cleaned, BASE) == cleaned


@for_each("vector", MARKUP)
def test_nothing_that_acts_is_left_without_a_base(vector: str) -> None:
    assert Page(clean(vector)).active == []


@for_each("text", TEXTS)
def test_escaped_text_stays_text(text: str) -> None:
    cleaned = clean(paragraphs(text))
    assert Page(cleaned).active == []
    assert Page(cleaned).words == " ".join(text.split())


@pytest.mark.parametrize("value", ["<p class=a id=b style=c lang=d title=e dir=f>x</p>", "<p data-x=1>x</p>"])
def test_attributes_go(value: str) -> None:
    assert clean(value) == "<p>x</p>"


@for_each("reference", ["&#8238;", "&#x202E;", "&#65279;", "&#xFFFE;", "&#1;", "&#x7;", "&#127;", "&#64976;"])
def test_forbidden_characters_do_not_come_back_as_references(reference: str) -> None:
    assert clean(f"<p>a{reference}b</p>") == "<p>ab</p>"
    assert clean(f'<a href="https://a.example/" title="a{reference}b">c</a>').count("ab") == 1


# ----------------------------------------------------------------------------------------------------------- what stays


@for_each(
    ("value", "cleaned"),
    [
        ("", ""),
        (" \n ", ""),
        ("Fish &amp; chips", "Fish &amp; chips"),
        ("Fish & chips < 5", "Fish &amp; chips &lt; 5"),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<b><i>a</b></i>", "<b><i>a</i></b>"),
        ("<section><h2>a</h2>b</section>", "<div><h2>a</h2>b</div>"),
        ("one<article>two</article>three", "one<div>two</div>three"),
        ("<fieldset><legend>a</legend>b</fieldset><dialog open>c</dialog>", "<div><div>a</div>b</div><div>c</div>"),
        ("<center>a</center><strike>b</strike><tt>c</tt>", "<div>a</div><s>b</s><code>c</code>"),
        ("<font color=red>a</font> <span>b</span>", "a b"),
        ("<pre>\n\n a\n  b</pre>", "<pre> a\n  b</pre>"),
        ("<pre class='language-go'>\n\n a</pre>", "<pre> a</pre>"),
        ("<table><tr><td colspan=2>a</table>", '<table><tbody><tr><td colspan="2">a</td></tr></tbody></table>'),
        (
            "<table><tfoot><tr><td>b</tfoot> <tbody><tr><td>a</tbody></table>",
            "<table><tbody><tr><td>a</td></tr></tbody><tfoot><tr><td>b</td></tr></tfoot></table>",
        ),
        (
            "<table><tfoot><tr><td>b<table><tr><td>c</table></tfoot><tbody><tr><td>a</table>",
            "<table><tfoot><tr><td>b<table><tbody><tr><td>c</td></tr></tbody></table></td></tr></tfoot>"
            "<tbody><tr><td>a</td></tr></tbody></table>",
        ),
        ("a\n\nb\n \nc <b>d</b>", "<p>a</p>\n<p>b</p>\n<p>c <b>d</b></p>"),
        ("<p>a\n\nb</p>", "<p>a\n\nb</p>"),
        ('<b title="a\n\nb">c</b>\n\nd', "<p><b>c</b></p>\n<p>d</p>"),
        (
            '<img src="https://a.example/i.png" alt="a\n\nb">',
            '<p><img src="https://a.example/i.png" alt="a  b"></p>',
        ),
        ("<ul><li><isindex><li>b</ul>", "<ul><li></li><li>b</li></ul>"),
        ("<ul><li><hgroup>a<li>b</ul>", "<ul><li><div>a</div></li><li>b</li></ul>"),
        ("<listing>a  b</listing>", "<pre>a  b</pre>"),
        ("a\nb", "a\nb"),
        ("<script>x</script>a\n\n<script>y</script>b", "<p>a</p>\n<p>b</p>"),
    ],
)
def test_html_is_cleaned(value: str, cleaned: str) -> None:
    assert clean(value) == cleaned
    assert clean(cleaned) == cleaned


@for_each(
    ("href", "url"),
    [
        ("/x", "https://a.example/x"),
        ("two", "https://a.example/posts/two"),
        ("?q=1&amp;r=2", "https://a.example/posts/one?q=1&amp;r=2"),
        ("#note", "https://a.example/posts/one#note"),
        ("//b.example/x", "https://b.example/x"),
        (" https://b.example/x ", "https://b.example/x"),
        ("https://b.example/a b/é", "https://b.example/a%20b/%C3%A9"),
        ("HTTPS://b.example/", "https://b.example/"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("MAILTO:a@b.example?subject=a b&lt;c&gt;", "mailto:a@b.example?subject=a%20b%3Cc%3E"),
        ("mailto:a@b.example\n\n# x", "mailto:a@b.example%23%20x"),
        ("https://b.example/&lt;x&gt;?a=1&amp;lt;", "https://b.example/%3Cx%3E?a=1&amp;lt;"),
    ],
)
def test_links_become_absolute(href: str, url: str) -> None:
    for quote in ('"', "'"):
        assert clean(f"<a href={quote}{href}{quote}>x</a>", BASE) == f'<a href="{url}">x</a>'


@pytest.mark.parametrize(
    "attributes",
    [
        'href="/x" href="https://b.example/"',
        """title=" href='https://b.example/'" href="/x\"""",
        "data-href=https://b.example/ href=/x",
        'href=/x title="a" href="https://b.example/"',
    ],
)
def test_the_first_href_counts(attributes: str) -> None:
    assert re.sub(' title="[^"]*"', "", clean(f"<a {attributes}>x</a>", BASE)) == '<a href="https://a.example/x">x</a>'


def test_without_a_base_a_relative_link_is_only_text() -> None:
    assert clean('<a href="/x">x</a> <img src="/y.png">') == "<a>x</a>"
    assert clean("<A HREF=/x>x</A>", BASE) == '<a href="https://a.example/x">x</a>'


# --------------------------------------------------------------------------------------------------------------- images


@for_each(
    "attributes",
    [
        'src="https://a.example/i.png"',
        'src="/i.png"',
        'src="data:image/gif;base64,R0lGOD" data-src="/i.png"',
        'src="/blank.gif" data-lazy-src="/i.png"',
        'data-original="/i.png" src="/assets/spacer.png"',
        'src="" data-srcset="/s.png 300w, /i.png 1200w, /m.png 600w"',
        'src="data:image/svg+xml,x" data-actualsrc="/i.png"',
        'nitro-lazy-src="/i.png"',
        'src="data:image/gif;base64,R0lGOD" data-lazyload="https://a.example/i.png" data-lazy="true"',
        'srcset="/s.png 1x, /i.png 2x"',
        'src="data:image/svg+xml,%3Csvg%3E" srcset="/i.png"',
    ],
)
def test_an_image_gets_its_real_source(attributes: str) -> None:
    assert clean(f'<img {attributes} alt="a">', BASE) == '<img src="https://a.example/i.png" alt="a">'


def test_a_real_source_is_kept_beside_larger_ones() -> None:
    assert clean('<img src="/i.png" srcset="/large.png 2x">', BASE) == '<img src="https://a.example/i.png">'
    assert clean('<img src="/i.png" data-src="data:x">', BASE) == '<img src="https://a.example/i.png">'


@for_each(
    "attributes",
    [
        'src="/s.png" srcset="/s.png 400w, /i.png 1600w"',
        'src="/s.png" srcset="/s.png 400w, /i.png 1200w, /xl.png 2400w"',
        'src="/s.png" srcset="/s.png 400w 300h, /i.png 1200w 900h"',
        'src="/s.png" data-src="/m.png" data-srcset="/m.png 800w, /i.png 1024w"',
        'src="/s.png" width="700" srcset="/s.png, /i.png 2x, /xl.png 3x"',
        'srcset="/xl.png 2400w, /i.png 2000w"',
        'src="/i.png" srcset="/xl.png 2400w"',
        'src="/i.png" width="900" srcset="/xl.png 2x"',
        'src="/i.png" srcset="data:x 1200w, https://pixel.wp.com/b.gif 800w"',
    ],
)
def test_the_largest_image_of_a_srcset_up_to_1600_pixels_is_taken(attributes: str) -> None:
    assert clean(f'<img {attributes} alt="a">', BASE) == '<img src="https://a.example/i.png" alt="a">'


def test_a_srcset_may_hold_commas_in_its_addresses() -> None:
    value = '<img srcset="https://a.example/w_1,c_fill/i.png 1w, https://a.example/w_2,c_fill/i.png 2w">'
    assert clean(value) == '<img src="https://a.example/w_2,c_fill/i.png">'


def test_a_script_s_image_gives_way_to_the_one_for_readers_without_scripts() -> None:
    image = '<img src="https://a.example/i.png">'
    assert clean('<img data-src="/small.png" src="data:x"> <noscript><img src="/i.png"></noscript>', BASE) == image
    assert clean('<p><img src="/i.png"><noscript><img src="/i.png"></noscript></p>', BASE) == f"<p>{image}</p>"
    assert clean("a<noscript>Please enable JavaScript</noscript>b") == "ab"


def test_a_picture_without_a_plain_source_shows_its_best() -> None:
    picture = '<picture><source srcset="/s.webp 1x, /i.webp 2x"><img alt="a"></picture>'
    assert clean(picture, BASE) == '<img src="https://a.example/i.webp" alt="a">'


def test_a_picture_of_several_widths_shows_the_largest() -> None:
    picture = '<picture><source srcset="/s.webp 400w, /i.webp 1200w"><img src="/s.png"></picture><img src="/b.png">'
    expected = '<img src="https://a.example/i.webp"><img src="https://a.example/b.png">'
    assert clean(picture, BASE) == expected
    crop = '<picture><source media="(max-width: 600px)" srcset="/i.webp 600w"><img src="/s.png"></picture>'
    assert clean(crop, BASE) == '<img src="https://a.example/s.png">'
    only = '<picture><source media="(max-width: 600px)" srcset="/i.webp 600w"><img></picture>'
    assert clean(only, BASE) == '<img src="https://a.example/i.webp">'


@for_each(
    ("attributes", "shown"),
    [
        ('src="https://s.w.org/images/core/emoji/15.0.3/72x72/1f64f.png" alt="🙏" class="wp-smiley"', "🙏"),
        ('class="emoji" alt="👩\u200d💻" src="/x.svg"', "👩\u200d💻"),
        ('src="https://s.w.org/images/core/emoji/72x72/1f1e9-1f1ea.png"', "🇩🇪"),
        ('src="https://cdn.jsdelivr.net/gh/twitter/twemoji@14/assets/72x72/31-20e3.png"', "1\u20e3"),
        ('src="https://static.xx.fbcdn.net/images/emoji.php/v9/t4c/1/16/1f642.png" alt="smiling"', "🙂"),
        ('src="https://fonts.gstatic.com/s/e/notoemoji/15.0/1f600/72.png" alt="😀"', "😀"),
        ('class="smilies" alt=":)" src="/s.gif"', ":)"),
        ('class="emoji" title=":tada:" alt=":tada:" src="https://emoji.discourse-cdn.com/twitter/tada.png"', ":tada:"),
        ('class="emoji" alt="&lt;3" src="/heart.png"', "&lt;3"),
    ],
)
def test_a_picture_of_an_emoji_becomes_the_emoji(attributes: str, shown: str) -> None:
    assert clean(f"<p>a<img {attributes}>b</p>", BASE) == f"<p>a{shown}b</p>"


@pytest.mark.parametrize(
    "attributes",
    [
        'src="https://a.example/emoji-film.jpg" alt="Emoji"',
        'src="https://a.example/1f64f.png"',
        'src="https://a.example/images/emoji/poster.png" alt="The poster"',
        f'class="emoji" src="https://a.example/i.png" alt="{"A long text " * 9}"',
    ],
)
def test_a_picture_that_is_no_emoji_stays(attributes: str) -> None:
    assert "<img src=" in clean(f"<img {attributes}>", BASE)


@pytest.mark.parametrize(
    "source", ["data:image/png;base64,AAAA", "cid:part1", "blob:https://a.example/1", "file:///a.png"]
)
def test_an_image_that_cannot_be_loaded_leaves_its_alternative_text(source: str) -> None:
    assert clean(f'<p>a <img src="{source}" alt="up 5%"> b</p>', BASE) == "<p>a up 5% b</p>"
    assert clean(f'<p>a<img src="{source}" alt="1 &lt; 2\n3">b</p>', BASE) == "<p>a 1 &lt; 2 3 b</p>"
    assert (
        clean(f'<img src="{source}" alt="a" data-src="/i.png">', BASE) == '<img src="https://a.example/i.png" alt="a">'
    )
    image = '<img src="https://a.example/i.png">'
    assert clean(f'<img src="{source}" alt="up 5%"><noscript><img src="/i.png"></noscript>', BASE) == image
    assert clean(f'<p>a<img src="{source}" alt="pixel" width="1">b</p>', BASE) == "<p>ab</p>"


@pytest.mark.parametrize(
    "html",
    [
        '<p title="{0}">a{0}b</p>',
        '<img src="/i.png" alt="a{0}b">',
        '<iframe src="https://www.youtube.com/embed/abc" title="a{0}b"></iframe>',
        '<video src="/v.mp4" title="a{0}b"></video>',
        "<math><mi>a{0}b</mi></math>",
    ],
)
def test_no_reference_gives_a_character_that_turns_the_text_around(html: str) -> None:
    cleaned = clean(html.format("&#x202e;"), BASE)
    assert "ab" in cleaned
    assert "\u202e" not in cleaned


@pytest.mark.parametrize(
    ("image", "shown"),
    [
        ('<img src="/i.png" alt <img src="/-" alt=y>', '<img src="https://a.example/i.png">'),
        ('<img alt="a" title="" src="/i.png" <b>', '<img src="https://a.example/i.png" alt="a">'),
    ],
)
def test_an_image_whose_tag_holds_another_tag_is_read_as_any_other(image: str, shown: str) -> None:
    cleaned = clean(f"<p>a {image} b</p>", BASE)
    assert shown in cleaned
    assert cleaned.count("<img") == shown.count("<img")
    assert clean(cleaned) == cleaned


@for_each(
    "attributes",
    [
        'src="https://a.example/p.gif" width="1" height="1"',
        'src="https://a.example/p.gif" width=0',
        'src="https://a.example/p.gif" height="2px"',
        'src="https://a.example/p.gif" style="width:1px;height:1px"',
        'src="https://a.example/p.gif" style="display: none"',
        'src="http://feeds.feedburner.com/~r/a/~4/b"',
        'src="https://stats.wordpress.com/b.gif?x"',
        'src="//pixel.wp.com/b.gif"',
        'src="https://sb.scorecardresearch.com/p?x"',
        'src="https://ad.doubleclick.net/ad/x"',
        'src="https://www.facebook.com/tr?id=1"',
        'src="https://x.us1.list-manage.com/track/open.php?u=1"',
        'src="http://rss.example.org/Paper/front?g=2051"',
        'src="http://rss.example.org/~c/Paper/front?i=dJ24JB"',
        'src="https://feeds.example.org/~4/x"',
        'src="https://stats.example.org/p.php?idsite=8&action_name=A%20title"',
        'src="https://example.org/piwik/piwik.php?rec=1&idsite=3"',
        'src="https://example.org/matomo.php?idsite=3&rec=1"',
        'alt="no source"',
        'src="data:image/png;base64,AAAA"',
        'src="cid:1"',
        'src="https://a}/" {{<x',
        'src="https://pixel.wp.com/b.gif" <x',
        'src="https://pixel.wp.com/b.gif" alt="counter"',
    ],
)
def test_what_only_counts_readers_goes(attributes: str) -> None:
    assert clean(f"<p>a<img {attributes}></p>", BASE) == "<p>a</p>"


@pytest.mark.parametrize(
    "url",
    [
        "https://www.example.edu/~mary/i.png",
        "https://rss.example.org/i.png?g=a",
        "https://a.example/p.php?id=8",
        "https://feeds.example.org/i.png",
    ],
)
def test_an_address_that_is_only_like_a_trackers_stays(url: str) -> None:
    assert clean(f'<img src="{url}">') == f'<img src="{url}">'


@pytest.mark.parametrize("attributes", ['width="100" height="20"', 'style="max-width:100%;width:120px"', 'height="21"'])
def test_other_images_stay(attributes: str) -> None:
    assert clean(f'<img src="/tr.png" {attributes}>', BASE) == '<img src="https://a.example/tr.png">'


# -------------------------------------------------------------------------------------------------------------- players


@for_each(
    ("frame", "page", "name"),
    [
        ("https://www.youtube.com/embed/dQw4w9WgXcQ?rel=0", "https://www.youtube.com/watch?v=dQw4w9WgXcQ", "YouTube"),
        ("//www.youtube-nocookie.com/embed/dQw4w9WgXcQ", "https://www.youtube.com/watch?v=dQw4w9WgXcQ", "YouTube"),
        ("https://www.youtube.com/embed/videoseries?list=PL1", "https://www.youtube.com/playlist?list=PL1", "YouTube"),
        ("https://player.vimeo.com/video/76979871?h=8", "https://vimeo.com/76979871", "Vimeo"),
        (
            "https://tube.example/videos/embed/9c9de5e8-0a1e",
            "https://tube.example/videos/watch/9c9de5e8-0a1e",
            "PeerTube",
        ),
        ("https://open.spotify.com/embed/episode/4rOo", "https://open.spotify.com/episode/4rOo", "Spotify"),
        (
            "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/1&amp;color=red",
            "https://api.soundcloud.com/tracks/1",
            "SoundCloud",
        ),
    ],
)
def test_a_known_player_becomes_a_link(frame: str, page: str, name: str) -> None:
    link = f'<p><a href="{page}">{name}</a></p>'
    assert clean(f'<iframe src="{frame}" allow="autoplay">x</iframe>', BASE) == link
    assert clean(f'a<iframe data-src="{frame}" />b', BASE) == f"a{link}b"
    assert clean(f'<iframe src="{frame}" title="Our &lt;film&gt;"></iframe>', BASE) == link.replace(
        name, "Our &lt;film&gt;"
    )


def test_a_frame_that_ends_itself_takes_nothing_with_it() -> None:
    frame = '<iframe src="//player.vimeo.com/video/1" />'
    link = '<p><a href="https://vimeo.com/1">Vimeo</a></p>'
    assert clean(f"{frame}<b>text</b>{frame}", BASE) == f"{link}<b>text</b>{link}"


def test_video_and_audio_become_links() -> None:
    video = '<video controls poster="/p.png"><source src="/v.mp4" type="video/mp4">Your browser is old</video>'
    assert clean(video, BASE) == '<p><a href="https://a.example/v.mp4">Video</a></p>'
    assert clean('<audio src="/a.mp3"></audio>b', BASE) == '<p><a href="https://a.example/a.mp3">Audio</a></p>b'


def test_an_old_flash_player_becomes_a_link() -> None:
    value = (
        '<object><param name="movie" value="http://www.youtube.com/v/abc_d-1&hl=en">'
        '<embed src="http://www.youtube.com/v/abc_d-1&hl=en"></object>'
    )
    assert clean(value) == '<p><a href="https://www.youtube.com/watch?v=abc_d-1">YouTube</a></p>'


@pytest.mark.parametrize(
    ("frame", "link"),
    [
        (
            "src='https://maps.example/embed?x=1' title='The &lt;route&gt;'",
            ("maps.example/embed?x=1", "The &lt;route&gt;"),
        ),
        ("src='https://sheets.example/pub'", ("sheets.example/pub", "sheets.example")),
        ("data-src='//sheets.example/pub' src='about:blank'", ("sheets.example/pub", "sheets.example")),
        ("src='about:blank' data-src-consent='https://sheets.example/pub'", ("sheets.example/pub", "sheets.example")),
        ("data-cookieblock-src='https://sheets.example/pub' src=''", ("sheets.example/pub", "sheets.example")),
    ],
)
def test_a_frame_of_any_host_becomes_a_link(frame: str, link: tuple[str, str]) -> None:
    url, text = link
    expected = f'a<p><a href="https://{url}">{text}</a></p>b'
    assert clean(f"a<iframe {frame}/>b", BASE) == expected
    assert clean(f"a<iframe {frame}>x</iframe>b", BASE) == expected
    assert clean(f"a<embed {frame}>b", BASE) == expected


@for_each(
    "frame",
    [
        "src=about:blank",
        "src=''",
        "src=javascript:alert(1)",
        "src=data:text/html,x",
        "srcdoc='&lt;b>x&lt;/b>'",
        "src=https://a.example/count width=1 height=1",
        "src=https://a.example/count style='display:none'",
        "src=https://ad.doubleclick.net/x",
    ],
)
def test_a_frame_with_nothing_to_see_goes_and_takes_nothing_with_it(frame: str) -> None:
    assert clean(f"a<iframe {frame} /> b", BASE) == "a b"
    assert clean(f"a<iframe {frame}>x</iframe> b", BASE) == "a b"


@for_each(
    ("quotation", "cleaned"),
    [
        ('<a href="https://t.example/1"></a>', '<a href="https://t.example/1">t.example</a>'),
        ('<p>\n<a class="x" href="/1"> </a></p>\n', '<p>\n<a href="https://a.example/1">a.example</a></p>\n'),
        ('<div><span><a href="/1"></a></span></div>', '<div><a href="https://a.example/1">a.example</a></div>'),
        ('<a href="/1"><image src=></a>', '<a href="https://a.example/1">a.example</a>'),
        ('<a href="javascript:x"></a>', "<a></a>"),
        ('<a name="x"></a>', "<a></a>"),
        ('a <a href="/1"></a>', 'a <a href="https://a.example/1"></a>'),
        ('<a href="/1"></a> a', '<a href="https://a.example/1"></a> a'),
    ],
)
def test_a_post_that_a_script_is_to_show_is_named_by_its_host(quotation: str, cleaned: str) -> None:
    html = clean(f'<blockquote class="post">{quotation}</blockquote>', BASE)
    assert html == f"<blockquote>{cleaned}</blockquote>"
    assert clean(html) == html


# ------------------------------------------------------------------------------------------------------------------ AMP


@for_each(
    "element",
    [
        '<amp-img src="/i.png" alt="a" width="600" height="400"></amp-img>',
        '<amp-img src="/i.png" alt="a" width="1.5" height="1" layout="responsive"></amp-img>',
        '<amp-img src="/s.png" alt="a" srcset="/s.png 400w, /i.png 1200w"></amp-img>',
        '<amp-img src="/i.png" alt="a"><noscript><img src="/s.png"></noscript></amp-img>',
        '<amp-img src="/i.png" alt="a"><amp-img fallback src="/s.png"></amp-img></amp-img>',
        '<amp-img><noscript><img src="/i.png" alt="a"></noscript></amp-img>',
        '<amp-anim src="/i.png" alt="a"/>',
    ],
)
def test_an_image_of_amp_becomes_an_image(element: str) -> None:
    assert clean(f"<p>a{element}b</p>", BASE) == '<p>a<img src="https://a.example/i.png" alt="a">b</p>'


def test_an_image_of_amp_that_counts_readers_goes() -> None:
    assert (
        clean('a<amp-img src="/p.gif" width="1" height="1"></amp-img><amp-pixel src="/p"></amp-pixel>b', BASE) == "ab"
    )


@for_each(
    ("element", "url", "name"),
    [
        ('<amp-video src="/v.mp4" poster="/p.png"></amp-video>', "https://a.example/v.mp4", "Video"),
        (
            '<amp-video><div fallback>No browser</div><source src="/v.mp4"></amp-video>',
            "https://a.example/v.mp4",
            "Video",
        ),
        ('<amp-audio src="/a.mp3" title="Talk"></amp-audio>', "https://a.example/a.mp3", "Talk"),
        (
            '<amp-iframe src="https://maps.example/x" width="1" height="1" layout="responsive"><amp-img placeholder'
            ' src="/p.png"></amp-img></amp-iframe>',
            "https://maps.example/x",
            "maps.example",
        ),
        ('<amp-youtube data-videoid="d-Q"></amp-youtube>', "https://www.youtube.com/watch?v=d-Q", "YouTube"),
        (
            '<amp-youtube data-videoid="d-Q"><amp-img placeholder src="/p.png"></amp-img></amp-youtube>',
            "https://www.youtube.com/watch?v=d-Q",
            "YouTube",
        ),
        ('<amp-vimeo data-videoid="27"></amp-vimeo>', "https://vimeo.com/27", "Vimeo"),
        (
            '<amp-dailymotion data-videoid="x2"></amp-dailymotion>',
            "https://www.dailymotion.com/video/x2",
            "Dailymotion",
        ),
        ('<amp-instagram data-shortcode="f-o"></amp-instagram>', "https://www.instagram.com/p/f-o/", "Instagram"),
        ('<amp-soundcloud data-trackid="24"></amp-soundcloud>', "https://api.soundcloud.com/tracks/24", "SoundCloud"),
        ('<amp-twitter data-tweetid="88"></amp-twitter>', "https://twitter.com/i/status/88", "twitter.com"),
        (
            '<amp-facebook data-href="https://www.facebook.com/p/1"/>',
            "https://www.facebook.com/p/1",
            "www.facebook.com",
        ),
        ('<amp-gist data-gistid="b9"></amp-gist>', "https://gist.github.com/b9", "gist.github.com"),
    ],
)
def test_a_player_of_amp_becomes_a_link(element: str, url: str, name: str) -> None:
    assert clean(f"a{element}b", BASE) == f'a<p><a href="{url}">{name}</a></p>b'


@for_each(
    ("element", "url", "name"),
    [
        ('<lite-youtube videoid="d-Q"></lite-youtube>', "https://www.youtube.com/watch?v=d-Q", "YouTube"),
        (
            '<lite-youtube videoid="d-Q" playlabel="Play"><a href="https://youtube.com/watch?v=d-Q">'
            '<span class="lyt-visually-hidden">Play</span></a></lite-youtube>',
            None,
            None,
        ),
        ('<lite-vimeo videoid="27"></lite-vimeo>', "https://vimeo.com/27", "Vimeo"),
    ],
)
def test_a_player_that_loads_late_becomes_a_link(element: str, url: str | None, name: str | None) -> None:
    player = f'<p><a href="{url}">{name}</a></p>' if url else '<a href="https://youtube.com/watch?v=d-Q">Play</a>'
    assert clean(f"a{element}b", BASE) == f"a{player}b"


def test_the_text_in_a_player_of_amp_stays() -> None:
    post = (
        '<amp-twitter data-tweetid="88"><blockquote placeholder>Hi. <a href="https://t.example/88">Ann</a></blockquote>'
    )
    assert clean(f"{post}</amp-twitter>", BASE) == '<blockquote>Hi. <a href="https://t.example/88">Ann</a></blockquote>'
    assert clean("a<amp-youtube></amp-youtube><amp-youtube data-videoid=''>b</amp-youtube>c", BASE) == "abc"


# ------------------------------------------------------------------------------------------------ plain text, both ways


def test_a_plain_text_becomes_paragraphs() -> None:
    assert paragraphs("a < b & c\nd\n\n\ne\xa0f") == "<p>a &lt; b &amp; c<br>d</p>\n<p>e&nbsp;f</p>"
    assert paragraphs(" \n") == ""


@given(st.text())
def test_html_of_a_plain_text_is_clean(text: str) -> None:
    assert clean(paragraphs(text)) == paragraphs(text)


@for_each(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("<ul><li>one</li><li>two</li></ul>three", "one\ntwo\nthree"),
        ("one<br>two", "one\ntwo"),
        ("a<b>b</b>c <i>d</i>", "abc d"),
        ("<p>Fish &amp; chips&nbsp;&lt;3 &amp;amp;</p>", "Fish & chips\xa0<3 &amp;"),
        ('<img src="https://a.example/i.png" alt="not text">', ""),
        ("<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>", "a\nb"),
    ],
)
def test_plain_text_parts_words_where_blocks_end(html: str, text: str) -> None:
    assert plain_text(html) == text


# ------------------------------------------------------------------------------------------------------------ any input


@settings(max_examples=examples(200), deadline=None)
@given(broken_html())
def test_any_fragment_is_cleaned_once_and_for_all(value: str) -> None:
    cleaned = clean(value, BASE)
    assert clean(cleaned, BASE) == cleaned
    assert Page(cleaned).active == []
    assert len(cleaned) <= 8 * len(value) + 2000


@settings(max_examples=examples(100), deadline=None)
@given(st.text(alphabet="<>/='\"ab &;#!-\n", max_size=80))
def test_any_tokens_are_cleaned_once_and_for_all(value: str) -> None:
    cleaned = clean(value, BASE)
    assert clean(cleaned, BASE) == cleaned
    assert Page(cleaned).active == []


@for_each("tag", ["div", "b", "blockquote", "ul><li", "table><tr><td", "a href=x", "i a=1"])
def test_depth_is_bounded_and_the_text_stays(tag: str) -> None:
    cleaned = clean(f"<{tag}>" * 3000 + "text", BASE)
    assert plain_text(cleaned) == "text"
    depths = accumulate(-1 if end else 1 for end in re.findall(r"<(/?)(?!img|br|hr)", cleaned))
    assert max(depths) < 255  # where libxml2 stops reading


@for_each(
    "tags",
    [
        "<div x</b>",  # one tag with an odd attribute
        "<b></b\u2003>",  # the end of an element of another name
        "<b><!--</b>-->",
        "<div><style></div></style>",
        "<li><section x</i>",  # a section keeps items apart, and goes
        "<div>",
    ],
)
@for_each("count", [150, 1500])
def test_depth_is_bounded_where_tags_mislead(tags: str, count: int) -> None:
    cleaned = clean(tags * count + "text", BASE)
    assert plain_text(cleaned) == "text"
    depths = accumulate(-1 if end else 1 for end in re.findall(r"<(/?)(?!img|br|hr)", cleaned))
    assert max(depths) <= MAX_DEPTH
    assert clean(cleaned, BASE) == cleaned


def test_shallow_tags_stay_beside_deep_ones() -> None:
    deep = "<div>" * 300 + "a" + "</div>" * 300
    cleaned = clean(f"{deep}<p>b <em>c</em></p>")
    assert cleaned == "<div>" * MAX_DEPTH + "a" + "</div>" * MAX_DEPTH + "<p>b <em>c</em></p>"


def test_too_many_tags_leave_the_text() -> None:
    assert clean("<p>a" * (MAX_TAGS + 1)).split() == ["a"] * (MAX_TAGS + 1)


def test_formatting_that_is_never_closed_does_not_multiply() -> None:
    value = "<p>" + "".join(f"<b a={number}>" for number in range(300)) + "x" + "<p>y" * 5000
    assert len(clean(value)) < 10 * len(value)


@pytest.mark.parametrize(
    "value",
    [
        '<img src="' * 5000,
        "<a " * 9000 + "=" * 90000,
        "<iframe src=//www.youtube.com/embed/x>" * 5000,
        "<video><source src=//a.example/x>" * 4000,
        "<noscript><img src=//a.example/x>" * 4000,
        "<" * 200_000,
        "<img srcset='" + "a b, " * 50_000 + "'>",
        "<p a='" * 5000 + "x" * 90000,
        "<!--" * 50_000,
        "&" * 100_000,
    ],
    ids=range(10),
)
def test_hostile_sizes_end(value: str) -> None:
    assert Page(clean(value, BASE)).active == []
