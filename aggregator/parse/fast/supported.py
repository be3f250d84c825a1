"""The supported elements, by the element they stand in. Pure."""

from aggregator.parse.fast import actions, media_actions
from aggregator.parse.fast.parser_state import Begin, Element, Finish, Table


def _each(names: str, element: Element) -> Table:
    return dict.fromkeys(names.split(), element)


def _leaf(begin: Begin | None = None, finish: Finish | None = None) -> Element:
    """Return an element that holds text alone."""
    return Element(begin, finish, NOTHING)


def _text(media_type: str, finish: Finish | None = None) -> Element:
    """Return a text construct with this default type."""
    return _leaf(actions.begin_text(media_type), finish)


def _value(key: str) -> Element:
    """Return an element whose text is a value of the entry or feed."""
    return _leaf(None, actions.end_value(key))


NOTHING: Table = {}
UNKNOWN = Element(inside={})  # in which all must be unknown
UNKNOWN_IN_SOURCE = _leaf(actions.begin_in_source, actions.end_in_source)
UNKNOWN_IN_AUTHOR = _leaf(actions.forbid_text, actions.forbid_text)
_UNREAD_TEXT = _text("text/plain")

_DATES = "created dc_date dcterms_created dcterms_issued dcterms_modified issued modified published pubdate updated"
_RIGHTS = "copyright dc_rights rights"
_UNREAD = """
    admin_errorreportsto admin_generatoragent dc_contributor dc_publisher generator itunes_block
    georss_point url webmaster
"""
AUTHOR: Table = {
    **_each("email", _leaf(actions.forbid_text, actions.end_of_person("email"))),
    **_each("name", _leaf(actions.forbid_text, actions.end_of_person("name"))),
    **_each("homepage uri url", _leaf(actions.forbid_text, actions.end_of_person("href"))),
    **_each("title", _leaf(actions.forbid_text)),
}
_CONTRIBUTOR: Table = _each("email homepage name uri url", _leaf())
_OWNER: Table = {
    **_each("email itunes_email", _leaf(None, actions.end_of_person("email"))),
    **_each("name itunes_name", _leaf(None, actions.end_of_person("name"))),
}
SOURCE: Table = {
    **_each("title", _leaf(actions.begin_source_title, actions.end_title)),
    **_each("link", _leaf(actions.begin_source_link, actions.end_source_link)),
    **_each("author contributor", Element(actions.forbid_text, inside=_CONTRIBUTOR)),
    **_each(
        f"category generator icon id logo subtitle {_DATES} {_RIGHTS}",
        _leaf(actions.begin_in_source, actions.end_in_source),
    ),
}
_UNREAD_THING: Table = {  # a text input, or the picture of a feed
    **_each("title", _UNREAD_TEXT),
    **_each("description height link name url width", _leaf()),
}
_AUTHOR = Element(actions.begin_author, actions.end_author, AUTHOR)
_AUTHORS = _each("author dc_author dc_creator itunes_author managingeditor", _AUTHOR)

_AUTHOR_OF_PODCAST = Element(actions.begin_author, actions.end_podcast_author, AUTHOR)
_PODCAST_ELEMENTS = "podcast_transcript podcast_chapters podcast_person podcast_soundbite"

_MEDIA: Table = {}
_MEDIA |= {
    **_each("media_title", _text("text/plain", media_actions.end_media_title)),
    **_each("media_description", _text("text/plain", actions.end_body("media_description"))),
    **_each("media_thumbnail", _leaf(actions.begin_thumbnail, actions.forbid_text)),
    **_each("media_content", Element(media_actions.begin_media_content, media_actions.end_media_content, _MEDIA)),
    **_each("media_group", Element(media_actions.begin_media_group, media_actions.end_media_group, _MEDIA)),
    **_each("media_credit", _leaf(None, media_actions.end_media_credit)),
    **_each("media_license media_player media_rating media_restriction", _leaf()),
}
ENTRY: Table = {
    **_AUTHORS,
    **_MEDIA,
    **_each("title dc_title", _text("text/plain", actions.end_title)),
    **_each("content", _text("text/plain", actions.end_body("content"))),
    **_each("content_encoded", _text("text/html", actions.end_body("content"))),
    **_each("description dc_description", _text("text/html", actions.end_body("description"))),
    **_each("summary", _text("text/plain", actions.end_body("summary"))),
    **_each("itunes_summary", _text("text/plain", actions.end_body("itunes_summary"))),
    **_each(f"itunes_subtitle subtitle {_RIGHTS}", _UNREAD_TEXT),
    **_each("guid", _leaf(actions.begin_guid, actions.end_guid)),
    **_each("id", _leaf(actions.begin_id, actions.end_guid)),
    **_each("link", _leaf(actions.begin_link, actions.end_link)),
    **_each("enclosure", _leaf(actions.begin_enclosure)),
    **{
        name: _leaf(actions.forbid_attributes, actions.end_value(name))
        for name in (
            "feedburner_origlink",
            "comments",
            "itunes_duration",
            "itunes_episode",
            "itunes_episodetype",
            "itunes_explicit",
            "itunes_season",
            "itunes_title",
        )
    },
    **{
        name: _leaf(actions.begin_podcast_element(name), actions.end_podcast_element(name))
        for name in _PODCAST_ELEMENTS.split()
    },
    **_each("published pubdate issued dcterms_issued", _value("published")),
    **_each("updated modified lastbuilddate dcterms_modified", _value("updated")),
    **_each("created dcterms_created", _value("created")),
    **_each("dc_date", _value("dc_date")),
    **_each("language dc_language", _value("language")),
    **_each("category dc_subject keywords", _leaf(actions.begin_category, actions.end_category)),
    **_each("itunes_category", _leaf(actions.begin_itunes_category, actions.end_category)),
    **_each("itunes_keywords", _leaf(actions.forbid_attributes, actions.end_itunes_keywords)),
    **_each("image", _leaf(actions.begin_titled)),
    **_each("itunes_image itunes_link", _leaf(actions.begin_itunes_image)),
    **_each("source", Element(actions.begin_source, actions.end_source, SOURCE)),
    **_each("contributor", Element(inside=_CONTRIBUTOR)),
    **_each(_UNREAD, _leaf()),
}
FEED: Table = {
    **_AUTHORS,
    **_each("itunes_author", _AUTHOR_OF_PODCAST),
    **_each("itunes_image", _leaf(actions.begin_podcast_image)),
    **_each("itunes_category", Element(actions.begin_podcast_category, actions.end_podcast_category)),
    **_each(_PODCAST_ELEMENTS, _leaf()),
    **_each("title dc_title", _text("text/plain", actions.end_title)),
    **_each("link", _leaf(actions.begin_link, actions.end_link)),
    **_each("language dc_language", _value("language")),
    **{
        name: _leaf(actions.forbid_attributes, actions.end_value(name))
        for name in ("itunes_explicit", "ttl", "sy_updateperiod", "sy_updatefrequency")
    },
    **_each("image textinput", Element(actions.begin_titled, None, _UNREAD_THING)),
    **_each("itunes_owner", Element(inside=_OWNER)),
    **_each("contributor", Element(inside=_CONTRIBUTOR)),
    **_each(f"itunes_subtitle itunes_summary subtitle summary tagline {_RIGHTS}", _UNREAD_TEXT),
    **_each("description dc_description feedburner_browserfriendly info", _UNREAD_TEXT),
    **_each(f"icon id guid itunes_link lastbuilddate logo {_DATES}", _leaf()),
    **_each("category dc_subject keywords media_category cloud", _leaf()),
    **_each("itunes_keywords media_keywords", _leaf(actions.forbid_attributes)),
    **_each("comments media_credit media_rating media_restriction media_thumbnail", _leaf()),
    **_each(_UNREAD, _leaf()),
}
_TOMBSTONE: Table = {
    **_each("at_by", Element(inside=_CONTRIBUTOR)),
    **_each("at_comment link title", _leaf()),
}
FEED["at_deleted-entry"] = Element(actions.begin_tombstone, None, _TOMBSTONE)
_ENTRIES = _each("entry item", Element(actions.begin_entry, actions.end_entry, ENTRY))
FEED |= _ENTRIES
_RSS: Table = _each("channel", Element(actions.begin_channel, None, FEED))
_RDF: Table = {**_RSS, **_ENTRIES, **_each("image textinput", Element(inside=_UNREAD_THING))}
DOCUMENT: Table = {
    "rss": Element(actions.begin_rss, None, _RSS),
    "rdf_rdf": Element(inside=_RDF),
    "feed": Element(actions.begin_feed, None, FEED),
}
STRICT = (NOTHING, DOCUMENT, _RSS, _RDF, _UNREAD_THING)  # no unknown element may stand in these

# Names that feedparser, `handlers` or `rss_atom` read: no unknown element may have one of them.
_RESERVED = """
    abstract admin_errorreportsto admin_generatoragent at_deleted-entry author authors body category cc_license channel
    cloud comments
    content content_encoded contributor copyright created creativecommons_license date day dc_author dc_contributor
    dc_creator dc_date dc_description dc_language dc_publisher dc_rights dc_subject dc_title dcterms_created
    dcterms_issued dcterms_modified dcterms_valid description email enclosure entry expirationdate feed
    feedburner_browserfriendly feedburner_origlink fullitem generator geom georss_box georss_line georss_point
    georss_polygon georss_where georssgeom gml_exterior gml_linearring gml_linestring gml_point gml_polygon gml_pos
    gml_poslist guid height homepage hour icon id image info issued item itunes_author itunes_block itunes_category
    itunes_duration itunes_email itunes_episode itunes_episodetype itunes_explicit itunes_image itunes_keywords
    itunes_link itunes_name itunes_owner itunes_season itunes_subtitle itunes_summary itunes_title keywords language
    lastbuilddate link links logo managingeditor media_category media_content media_credit media_description media_group
    media_keywords media_license media_player media_rating media_restriction media_thumbnail media_title
    media_title_detail modified name newlocation podcast_author podcast_categories podcast_chapters podcast_image
    podcast_person podcast_soundbite podcast_transcript psc_chapter psc_chapters pubdate published rights rss source
    source_url subtitle summary sy_updatefrequency sy_updateperiod tagline tags textinput time title title_detail ttl
    updated uri url webmaster where width xhtml_body
"""
RESERVED = frozenset(_RESERVED.split())
