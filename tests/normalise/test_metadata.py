"""People, media and categories."""

from msgspec.structs import replace

from aggregator.model import Enclosure, Person, Term
from aggregator.normalise.metadata import enclosures, people, terms
from tests.normalise.entries import articles, entry, feed

BASE = "https://example.org/feed.xml"


def test_people_keep_what_can_be_printed() -> None:
    published = (
        Person(name=" Ada\n Lovelace\x00", email="ada@example.org", url="/ada"),
        Person(name="Bob", email="none", url="javascript:x"),
        Person(name="Bob"),
        Person(name="\u200b", email="", url=""),
    )
    ada = Person(name="Ada Lovelace", email="ada@example.org", url="https://example.org/ada")
    assert people(published, BASE) == (ada, Person(name="Bob"))


def test_enclosures_lie_on_the_web_once() -> None:
    published = (
        Enclosure(url="a.mp3", type="audio/mpeg\n", length=5, title="Episode\t1"),
        Enclosure(url="https://example.org/a.mp3"),
        Enclosure(url="ftp://example.org/b.mp3"),
        Enclosure(url="https://example.org/c.mp3", length=-1),
    )
    assert enclosures(published, BASE) == (
        Enclosure(url="https://example.org/a.mp3", type="audio/mpeg", length=5, title="Episode 1"),
        Enclosure(url="https://example.org/c.mp3"),
    )


def test_categories_have_a_name_and_a_scheme_that_is_a_uri() -> None:
    published = (
        Term(term="World ", scheme="https://example.org/terms", label="The\nWorld"),
        Term(term="Politics", scheme="no scheme"),
        Term(term="Politics"),
        Term(term="Tag", scheme="tag:example.org,2025:terms"),
        Term(term=" "),
    )
    assert terms(published) == (
        Term(term="World", scheme="https://example.org/terms", label="The World"),
        Term(term="Politics"),
        Term(term="Tag", scheme="tag:example.org,2025:terms"),
    )


def test_names_that_rss_escapes_twice_are_decoded_once() -> None:
    """XML decodes once; in CDATA, or escaped again, an entity is left. Atom's names stand as they are."""
    jane = Person(name="Jane&nbsp;Roe &amp; Mary&#8217;s")
    science = Term(term="Science &amp; R&D", label="Q&amp;amp;A")
    rss, atom = feed(entry("A", authors=(jane,), terms=(science,))), feed(format="atom10")
    atom = replace(atom, entries=rss.entries)
    (decoded,) = articles(rss)
    assert decoded.authors == (Person(name="Jane Roe & Mary’s"),)
    assert decoded.terms == (Term(term="Science & R&D", label="Q&amp;A"),)
    (verbatim,) = articles(atom)
    assert (verbatim.authors, verbatim.terms) == ((jane,), (science,))


def test_no_name_and_no_list_is_unbounded() -> None:
    long = "a" * 2_000_000
    (person,) = people([Person(name=long, email=f"{long}@example.org", url=f"https://example.org/{long}")], BASE)
    assert person == Person(name="a" * 200)
    assert len(people([Person(name=f"Author {n}") for n in range(1000)], BASE)) == 50
    (term,) = terms([Term(term=long, label=long, scheme=f"tag:example.org,2025:{long}")])
    assert term == Term(term="a" * 200, label="a" * 200)
    assert len(terms([Term(term=f"Term {n}") for n in range(1000)])) == 50
    (file,) = enclosures([Enclosure(url="/a.mp3", type=f"audio/{long}", title=long)], BASE)
    assert (len(file.title or ""), len(file.type or "")) == (500, 100)
    assert len(enclosures([Enclosure(url=f"/{n}.mp3") for n in range(1000)], BASE)) == 100


def test_a_name_that_is_cut_ends_in_a_word_or_letter() -> None:
    (person,) = people([Person(name=f"{'a' * 199} b")], BASE)
    assert person.name == "a" * 199
    (decoded,) = people([Person(name="&amp;" * 300)], BASE, is_rss=True)
    assert decoded.name == "&" * 200


def test_markup_in_the_title_of_a_file_is_dropped_where_rss_has_it() -> None:
    file = Enclosure(url="/a.jpg", title="a <i>ferry</i> &amp;amp; gulls")
    assert enclosures([file], BASE, is_rss=True)[0].title == "a ferry &amp; gulls"
    assert enclosures([file], BASE)[0].title == "a <i>ferry</i> &amp;amp; gulls"
