"""Ruby of older forms comes out as every browser shows it, and reads well without."""

from aggregator.commonmark import converted
from aggregator.normalise.html import clean
from tests.cases import for_each

RT = "<rp>(</rp><rt>{}</rt><rp>)</rp>"


@for_each(
    ("ruby", "text"),
    [
        ("<rb>漢<rb>字<rt>かん<rt>じ", "漢(かん)字(じ)"),
        ("<rb>漢</rb>\n<rb>字</rb>\n<rp>（</rp><rt>かん</rt><rt>じ</rt><rp>）</rp>", "漢(かん)字(じ)"),
        ("<rb>漢</rb><rt>かん</rt><rb>字</rb><rt>じ</rt>", "漢(かん)字(じ)"),
        ("<rb>東</rb><rb>京</rb><rt>とうきょう</rt>", "東京(とうきょう)"),
        ("<rb>New</rb> <rb>York</rb><rtc>ニューヨーク</rtc>", "New York(ニューヨーク)"),
        ("<rb>漢字<rt>かん<rt>じ", "漢字(かん)(じ)"),
        ("<rb>旧<rb>金<rb>山<rt>jiù<rt>jīn<rt>shān<rtc>San Francisco", "旧(jiù)金(jīn)山(shān)(San Francisco)"),
        ("漢<rt>かん<rtc><rt>kan", "漢(かん)(kan)"),
        (
            "<rbc>\n<rb>10</rb>\n<rb>31</rb>\n</rbc>\n<rtc><rt>Month</rt><rt>Day</rt></rtc>\n<rtc><rt>Expiration</rt></rtc>",
            "10(Month)31(Day)(Expiration)",
        ),
        ("<rb><b>a</b><rt><a href='https://a.example/'>b</a><rtc></rtc>c", "**a**([b](https://a.example/))c"),
        ("<rb>a<rt></rt>", "a"),
        ("<rtc>a</rtc>", "(a)"),
        ("<rb><ruby>a<rt>b</ruby><rt>c", "a(b)(c)"),
    ],
)
def test_each_reading_stands_behind_its_base(ruby: str, text: str) -> None:
    cleaned = clean(f"x<ruby>{ruby}</ruby>y")
    assert converted(cleaned).markdown == f"x{text}y"
    assert clean(cleaned) == cleaned


def test_readings_on_two_sides_are_ruby_around_ruby() -> None:
    inner = f"漢{RT.format('かん')}字{RT.format('じ')}"
    assert (
        clean("<ruby><rb>漢<rb>字<rt>かん<rt>じ<rtc>kanji</ruby>")
        == f"<ruby><ruby>{inner}</ruby>{RT.format('kanji')}</ruby>"
    )


@for_each("html", ["<ruby>a<rt>b</ruby><rb>c", "<ruby><rb>a", "a</ruby><rb>b<rtc>c", "<!--<ruby>--><rb>a</rb></ruby>"])
def test_what_is_no_ruby_of_an_older_form_stays(html: str) -> None:
    assert clean(html) == clean(html.replace("<rb>", "").replace("<rtc>", ""))
