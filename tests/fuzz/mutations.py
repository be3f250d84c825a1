"""Inputs made of known ones: cut, spliced, repeated, with odd bytes thrown in."""

from functools import cache

from hypothesis import strategies as st

from tests.fuzz.seeds import seeds as seeds_of

_ODD = [bytes([number]) for number in (0, 9, 10, 13, 0x1B, 0x7F, 0x80, 0xC0, 0xFF)]
_WORDS = "< > & \" ' </ /> <!-- --> <![CDATA[ ]]> <? <!DOCTYPE &# &lt; [ ]( ]: ` ``` ~~~ * _ {{< {{% \\ | # % { } : ,"
_TOKENS = [
    word.encode() for word in (*_WORDS.split(), "\n\n", "    ", "null", "1e999", "-1", "\\ud800", "\u202e", "\u2028")
]


_SEEDS = cache(seeds_of)


@st.composite
def mutated(draw: st.DrawFn, name: str, most: int = 20_000) -> bytes:
    """A seed of this property after a few changes, at most `most` bytes."""
    seeds = _SEEDS(name)
    data = bytearray(seeds[draw(st.integers(0, len(seeds) - 1))][:most])
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(data)))
        end = min(len(data), place + draw(st.integers(0, 60)))
        kind = draw(st.integers(0, 4))
        if kind == 0:
            data[place:end] = b""
        elif kind == 1:
            data[place:place] = draw(st.sampled_from([*_TOKENS, *_ODD]))
        elif kind == 2:
            data[place:place] = bytes(data[place:end]) * draw(st.integers(1, 30))
        elif kind == 3:
            donor = seeds[draw(st.integers(0, len(seeds) - 1))]
            start = draw(st.integers(0, len(donor)))
            data[place:end] = donor[start : start + draw(st.integers(0, 200))]
        else:
            data[place:end] = draw(st.binary(max_size=6))
    return bytes(data[:most])
