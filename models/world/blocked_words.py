"""Words of what is never told of a person: sex, age, ethnicity, face, and what the law calls special (GDPR, article 9)."""

import re
import unicodedata
from collections.abc import Iterable

_WHOLE = """
    sex sexy male man men guy gentleman gentlemen lady ladies boy girl masculine feminine mann frau junge dame herr
    age aged ages ageing aging old older oldest young younger youngest youth minor senior seniors teen teens kid kids baby babies alter jung
    race races racial tribe caste skin hautfarbe roma sinti
    face faces facing iris retina eye eyes gaze beard moustache mustache wrinkle wrinkles gesicht bart
    gait voice weight bmi
"""
_WITHIN = """
    gender woman women female sexual transgender geschlecht weiblich männlich
    adult child infant toddler elderly juvenile adolescen pensioner teenage birth generation
    ethnic nationalit foreigner immigrant migrant complexion caucasian african asian hispanic latino european arab
    facial biometr fingerprint portrait countenance identity
    religio muslim christian jewish hindu hijab headscarf turban kippa burka niqab disab handicap pregnan disease health
    politic criminal suspicio emotion mood attractive
"""
_TAILS = "group band range class type year years shape colour color tone estimate guess bracket recognition id"
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_DIGITS = str.maketrans("0134578", "oieastb")
WHOLE = frozenset(_WHOLE.split())
"""Refused as a whole word."""
WITHIN = tuple(
    [word.translate(_UMLAUTS) for word in _WITHIN.split()]
    + [f"{word}{tail}" for word in ("sex", "age", "race", "face", "skin", "eye") for tail in _TAILS.split()]
)
"""Refused wherever it stands, also within a longer word."""


def blocked(texts: Iterable[str]) -> str | None:
    """The first blocked word that one of the texts says, None if none does.

    Case, accents and digits in place of letters do not hide it, nor do hyphens, underscores or capitals between words.
    """
    for text in texts:
        for word in _words(text):
            if word in WHOLE or any(part in word for part in WITHIN):
                return word
    return None


def _words(text: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).casefold()
    words = re.findall(r"[a-z0-9]+", f"{_plain(spaced.translate(_UMLAUTS))} {_plain(spaced)}")
    return [word if word.isdigit() else word.translate(_DIGITS) for word in words]


def _plain(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
