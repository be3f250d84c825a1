"""The elements whose meaning is known for sure, by the place they stand in. Pure."""

from aggregator.parse.fast.elements import (
    ITUNES,
    begin_author,
    begin_category,
    begin_channel,
    begin_enclosure,
    begin_entry,
    begin_feed,
    begin_feed_image,
    begin_guid,
    begin_id,
    begin_inner_category,
    begin_itunes_category,
    begin_itunes_image,
    begin_link,
    begin_media,
    begin_media_category,
    begin_of_person,
    begin_rdf,
    begin_rss,
    begin_text,
    begin_titles,
    drop_text,
    end_author,
    end_body,
    end_category,
    end_channel,
    end_day,
    end_entry,
    end_feed_link,
    end_feed_title,
    end_feed_value,
    end_guid,
    end_hour,
    end_image_url,
    end_keywords,
    end_link,
    end_media_title,
    end_of_owner,
    end_of_person,
    end_others_title,
    end_thumbnail,
    end_title,
    end_value,
    without_attributes,
)
from aggregator.parse.fast.state import Element, Table
from aggregator.parse.raw import BODIES


def _each(names: str, element: Element) -> Table:
    return dict.fromkeys(names.split(), element)


NOTHING: Table = {}
_LEAF = Element(inside=NOTHING)
_DROPPED_TEXT = Element(begin_text("text/plain"), drop_text, NOTHING)
_OTHERS_TITLE = Element(begin_text("text/plain"), end_others_title, NOTHING)

_DATES = "created dc_date dcterms_created dcterms_issued dcterms_modified issued modified published pubdate updated"
_SAID_OF_RIGHTS = "copyright dc_rights rights"
_NO_MATTER = """
    admin_errorreportsto admin_generatoragent dc_contributor dc_publisher generator itunes_block itunes_explicit
    georss_point url webmaster
"""
AUTHOR: Table = {
    **_each("email", Element(begin_of_person, end_of_person("email"), NOTHING)),
    **_each("name", Element(begin_of_person, end_of_person("name"), NOTHING)),
    **_each("homepage uri url", Element(begin_of_person, end_of_person("href"), NOTHING)),
    **_each("title", Element(begin_of_person, None, NOTHING)),
}
_OTHER_PERSON: Table = _each("email homepage name uri url", _LEAF)
_OWNER: Table = {
    **_each("email itunes_email", Element(None, end_of_owner("email"), NOTHING)),
    **_each("name itunes_name", Element(None, end_of_owner("name"), NOTHING)),
}
_SOURCE: Table = {
    **_each("title", _OTHERS_TITLE),
    **_each("author contributor", Element(inside=_OTHER_PERSON)),
    **_each(f"category generator icon id link logo subtitle {_DATES} {_SAID_OF_RIGHTS}", _LEAF),
}
_IMAGE: Table = {
    **_each("title", _OTHERS_TITLE),
    **_each("url", Element(None, end_image_url, NOTHING)),
    **_each("description height link width", _LEAF),
}
_TEXT_INPUT: Table = {**_each("title", _OTHERS_TITLE), **_each("description link name", _LEAF)}

_ITUNES_CATEGORY: Table = {}
_ITUNES_CATEGORY["itunes_category"] = Element(begin_inner_category, end_category, _ITUNES_CATEGORY)

_AUTHORS = _each("author dc_author dc_creator itunes_author managingeditor", Element(begin_author, end_author, AUTHOR))

ENTRY: Table = {
    **_AUTHORS,
    **_each("title dc_title", Element(begin_text("text/plain"), end_title, NOTHING)),
    **_each("media_title", Element(begin_text("text/plain"), end_media_title, NOTHING)),
    **_each("content", Element(begin_text("text/plain"), end_body("content"), NOTHING)),
    **_each("content_encoded", Element(begin_text("text/html"), end_body("content"), NOTHING)),
    **_each("description dc_description", Element(begin_text("text/html"), end_body("description"), NOTHING)),
    **{
        name: Element(begin_text("text/plain"), end_body(name), NOTHING)
        for name in BODIES
        if name not in ("content", "description")
    },
    **_each(f"itunes_subtitle subtitle {_SAID_OF_RIGHTS}", _DROPPED_TEXT),
    **_each("guid", Element(begin_guid, end_guid, NOTHING)),
    **_each("id", Element(begin_id, end_guid, NOTHING)),
    **_each("link", Element(begin_link, end_link, NOTHING)),
    **_each("enclosure", Element(begin_enclosure, None, NOTHING)),
    **_each("feedburner_origlink", Element(without_attributes, end_value("feedburner_origlink"), NOTHING)),
    **_each("published pubdate issued dcterms_issued", Element(None, end_value("published"), NOTHING)),
    **_each("updated modified lastbuilddate dcterms_modified", Element(None, end_value("updated"), NOTHING)),
    **_each("created dcterms_created", Element(None, end_value("created"), NOTHING)),
    **_each("dc_date", Element(None, end_value("dc_date"), NOTHING)),
    **_each("language dc_language", Element(None, end_value("language"), NOTHING)),
    **_each("category dc_subject keywords", Element(begin_category, end_category, NOTHING)),
    **_each("media_category", Element(begin_media_category, end_category, NOTHING)),
    **_each("itunes_category", Element(begin_itunes_category, end_category, _ITUNES_CATEGORY)),
    **_each("itunes_keywords", Element(without_attributes, end_keywords(ITUNES), NOTHING)),
    **_each("media_keywords", Element(without_attributes, end_keywords(None), NOTHING)),
    **_each("image", Element(begin_titles, None, NOTHING)),
    **_each("itunes_image itunes_link", Element(begin_itunes_image, None, NOTHING)),
    **_each("media_content", Element(begin_media("media_content"))),
    **_each("media_group", Element()),
    **_each("media_thumbnail", Element(begin_media("media_thumbnail"), end_thumbnail, NOTHING)),
    **_each("media_credit media_license media_player media_rating media_restriction", _LEAF),
    **_each("source", Element(begin_titles, None, _SOURCE)),
    **_each("contributor", Element(inside=_OTHER_PERSON)),
    **_each(_NO_MATTER, _LEAF),
}
FEED: Table = {
    **_AUTHORS,
    **_each("title dc_title", Element(begin_text("text/plain"), end_feed_title, NOTHING)),
    **_each("link", Element(begin_link, end_feed_link, NOTHING)),
    **_each("language dc_language", Element(None, end_feed_value("language"), NOTHING)),
    **{
        name: Element(without_attributes, end_feed_value(name), NOTHING)
        for name in ("ttl", "sy_updateperiod", "sy_updatefrequency")
    },
    **{name: Element(without_attributes, end_feed_value(name, is_address=True), NOTHING) for name in ("icon", "logo")},
    **_each("hour", Element(without_attributes, end_hour, NOTHING)),
    **_each("day", Element(without_attributes, end_day, NOTHING)),
    **_each("image", Element(begin_feed_image, None, _IMAGE)),
    **_each("textinput", Element(begin_titles, None, _TEXT_INPUT)),
    **_each("itunes_image itunes_link", Element(begin_itunes_image, None, NOTHING)),
    **_each("itunes_owner", Element(inside=_OWNER)),
    **_each("contributor", Element(inside=_OTHER_PERSON)),
    **_each(f"itunes_subtitle itunes_summary subtitle summary tagline {_SAID_OF_RIGHTS}", _DROPPED_TEXT),
    **_each("description dc_description", Element(begin_text("text/html"), drop_text, NOTHING)),
    **_each("feedburner_browserfriendly info", _DROPPED_TEXT),
    **_each(f"lastbuilddate id guid {_DATES}", _LEAF),
    **_each("itunes_category", Element()),
    **_each("category dc_subject keywords media_category cloud", _LEAF),
    **_each("itunes_keywords media_keywords", Element(without_attributes, None, NOTHING)),
    **_each("media_credit media_rating media_restriction media_thumbnail", _LEAF),
    **_each(_NO_MATTER, _LEAF),
}
_ENTRIES = _each("entry item", Element(begin_entry, end_entry, ENTRY))
FEED |= _ENTRIES
_RSS: Table = _each("channel", Element(begin_channel, end_channel, FEED))
_RDF: Table = {
    **_RSS,
    **_ENTRIES,
    **_each("image", Element(begin_feed_image, None, _IMAGE)),
    **_each("textinput", Element(begin_titles, None, _TEXT_INPUT)),
}
DOCUMENT: Table = {
    "rss": Element(begin_rss, None, _RSS),
    "rdf_rdf": Element(begin_rdf, None, _RDF),
    "feed": Element(begin_feed, end_channel, FEED),
}
STRICT = (NOTHING, DOCUMENT, _RSS, _RDF, _IMAGE, _TEXT_INPUT, _ITUNES_CATEGORY)  # in these nothing else may stand

# What feedparser or `handlers` read, or keys of ours: no element of another kind may be called so.
_RESERVED = """
    abstract author authors body category cc_license channel cloud content content_encoded contributor copyright created
    creativecommons_license date day dc_author dc_contributor dc_creator dc_date dc_description dc_language dc_publisher
    dc_rights dc_subject dc_title dcterms_created dcterms_issued dcterms_modified dcterms_valid description email
    enclosure entry expirationdate feed feedburner_browserfriendly feedburner_origlink fullitem generator geom
    georss_box georss_line georss_point georss_polygon georss_where georssgeom gml_exterior gml_linearring
    gml_linestring gml_point gml_polygon gml_pos gml_poslist guid height homepage hour icon id image info issued item
    itunes_author itunes_block itunes_category itunes_email itunes_explicit itunes_image itunes_keywords itunes_link
    itunes_name itunes_owner itunes_subtitle itunes_summary keywords language lastbuilddate link links logo
    managingeditor media_category media_content media_credit media_description media_group media_keywords media_license
    media_player media_rating media_restriction media_thumbnail media_title media_title_detail modified name newlocation
    psc_chapter psc_chapters pubdate published rights rss source subtitle summary sy_updatefrequency sy_updateperiod
    tagline tags textinput time title title_detail ttl updated uri url webmaster where width xhtml_body
    admin_errorreportsto admin_generatoragent
"""
RESERVED = frozenset(_RESERVED.split())
