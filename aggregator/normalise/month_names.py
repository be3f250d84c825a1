"""Names of the months in the languages of feeds: data for `dates`. Pure."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping

# January to December. Any beginning of three letters or more that names one month alone is read as that month.
MONTHS_OF_LANGUAGE = {
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "bg": "януари февруари март април май юни юли август септември октомври ноември декември",
    "ca": "gener febrer març abril maig juny juliol agost setembre octubre novembre desembre",
    "cs": "ledna února března dubna května června července srpna září října listopadu prosince",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "el": "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου Οκτωβρίου Νοεμβρίου "
    "Δεκεμβρίου",
    "en": "January February March April May June July August September October November December",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "fi": "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta "
    "marraskuuta joulukuuta",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "hr": "siječnja veljače ožujka travnja svibnja lipnja srpnja kolovoza rujna listopada studenoga prosinca",
    "hu": "január február március április május június július augusztus szeptember október november december",
    "id": "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "no": "januar februar mars april mai juni juli august september oktober november desember",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "ro": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "sk": "januára februára marca apríla mája júna júla augusta septembra októbra novembra decembra",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "tr": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
}
# Customary short forms that are no beginnings of the above, and second names.
SHORT_FORMS = {
    "bg": {"яну": 1},
    "de": {"Jänner": 1, "Mrz": 3},
    "es": {"setiembre": 9},
    "nl": {"mrt": 3},
    "ru": {"май": 5, "сент": 9},
}


def folded(text: str) -> str:
    """Return `text` in lower case, without accents and full-width forms: "Août" and "AOUT" are the same word."""
    if text.isascii():
        return text.lower()
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare)


def _months(language: str) -> dict[str, int]:
    """Return every unmistakable beginning of a month's name in `language`, with the number of the month."""
    names = [folded(name) for name in MONTHS_OF_LANGUAGE[language].split()]
    beginnings = ({name[:length]: number for length in range(3, len(name) + 1)} for number, name in enumerate(names, 1))
    full_names = {name: number for number, name in enumerate(names, 1)}  # "mai" beside "maio" is still May
    short = {folded(name): number for name, number in SHORT_FORMS.get(language, {}).items()}
    return _unambiguous(beginnings) | full_names | short


def _unambiguous(tables: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return the names that mean the same month in all of `tables`, with its number."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for table in tables:
        for name, number in table.items():
            numbers[name].add(number)
    return {name: months.pop() for name, months in numbers.items() if len(months) == 1}


MONTHS = {language: _months(language) for language in MONTHS_OF_LANGUAGE}
MONTHS_EVERYWHERE = _unambiguous(MONTHS.values()) | MONTHS["en"]  # Polish and Croatian "lip" do not agree
