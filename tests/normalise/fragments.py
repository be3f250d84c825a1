"""Grammar of HTML as strangers write it: nested anyhow, unclosed, with every kind of odd text and address."""

from hypothesis import strategies as st

from tests.normalise.hostile import ADDRESSES, MARKUP, TEXTS

_TAGS = """
    p div b strong i em s del code pre blockquote ul ol li h1 h3 table tr td th dl dt dd figure figcaption sub sup
    span section font kbd caption hr br script style svg iframe noscript video object q u
    button form marquee select option ruby math nobr tbody address label
    a h2 h6 dir menu listing hgroup search isindex applet fieldset legend title textarea template plaintext xmp iframe
    noembed noframes frameset body head html col colgroup thead tfoot optgroup rb rbc rt rtc rp big tt strike center
    details summary main article audio embed source picture image input desc foreignObject annotation-xml mtext mglyph
    malignmark semantics mrow mi mo mn msup mfrac mfenced mphantom mml:math m:math
"""
# Tags with attributes that decide what becomes of them.
_MARKED = (
    "math alttext='a_1 {{< x >}}'",
    "annotation encoding='application/x-tex'",
    "script type='math/tex'",
    "span aria-hidden=true",
    "div hidden",
    "p style='display:none'",
    "td class=gutter",
    "span class=lnt",
    "pre class='language-go'",
    "code class='mermaid language-mermaid'",
    "pre data-lang=js",
    "div class='highlight language-c++'",
    "table role=presentation",
    "p dir=rtl",
    "b dir=ltr",
    "ol reversed",
    "ol start=-1",
    "li value=7",
    "h2 id=x",
    "a class=headerlink href='#x'",
    "iframe src='https://a.example/f' title='[x](y) &lt;b>'",
    "video src=/v.mp4",
    "object data=/o.pdf",
    "span style='font-weight:bold;vertical-align:super'",
    "font style='text-decoration:line-through'",
    "b style='font-weight:normal'",
    "amp-img src=/i.png alt='[x](y) &lt;b>'",
    "amp-youtube data-videoid='](y) &lt;b>'",
)
_TEXT = st.one_of(
    st.sampled_from(
        [" ", "\n", "\n\n", "a", "word ", " word", "“Yes.”", "(", ")", "!", ".", "*", "_", "~", "東", "\xa0", "&amp;"]
    ),
    st.sampled_from(TEXTS).map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;")),
    st.text(max_size=6),
)
_LEAF = st.one_of(
    _TEXT,
    st.sampled_from(MARKUP),
    st.sampled_from(ADDRESSES).map(lambda url: f"<img src='{url}' alt='[x](y)'>"),
    st.sampled_from(
        [
            "¶",
            "1",
            "2\n",
            "<input type=checkbox checked>",
            "<mprescripts/>",
            "<!--",
            "-->",
            "\ue7a00\ue7a1",
            "&#xe7a0;0",
        ]
    ),
    st.sampled_from(
        ["<br>", "<hr>", "<br><br>", "<p>", "</p>", "<b>", "</b>", "</em>", "<li>", "<td>", "</div>", "<em>"]
    ),
)


def _element(content: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    inside = st.lists(content, max_size=4).map("".join)
    return st.one_of(
        st.builds("<{0}>{1}</{0}>".format, st.sampled_from(_TAGS.split()), inside),
        st.builds("<{0}>{1}".format, st.sampled_from(_TAGS.split()), inside),
        st.builds(_marked, st.sampled_from(_MARKED), inside),
        st.builds("<a href='{0}'>{1}</a>".format, st.sampled_from(ADDRESSES), inside),
    )


def _marked(tag: str, inside: str) -> str:
    return f"<{tag}>{inside}</{tag.split()[0]}>"


def broken_html() -> st.SearchStrategy[str]:
    """Fragments of a few dozen tags at most."""
    return st.lists(st.recursive(_LEAF, _element, max_leaves=12), max_size=5).map("".join)
