"""The languages that texts can be in: their English names, and the codes of ISO 639."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redisvl_adapters.errors import ArgumentError, did_you_mean

DEFAULT_LANGUAGE = "english"
MULTILINGUAL = "multilingual"
"""Texts of many languages: without stems."""

NO_LANGUAGE = "none"
"""What stands for ``language=None`` here and in the registry: words as they are."""

STEMMED: Mapping[str, tuple[str, ...]] = {
    "arabic": ("ar", "ara"),
    "armenian": ("hy", "hye", "arm"),
    "basque": ("eu", "eus", "baq"),
    "catalan": ("ca", "cat"),
    "czech": ("cs", "ces", "cze"),
    "danish": ("da", "dan"),
    "dutch": ("nl", "nld", "dut"),
    "english": ("en", "eng"),
    "esperanto": ("eo", "epo"),
    "estonian": ("et", "est"),
    "finnish": ("fi", "fin"),
    "french": ("fr", "fra", "fre"),
    "german": ("de", "deu", "ger"),
    "greek": ("el", "ell", "gre"),
    "hindi": ("hi", "hin"),
    "hungarian": ("hu", "hun"),
    "indonesian": ("id", "ind"),
    "irish": ("ga", "gle"),
    "italian": ("it", "ita"),
    "lithuanian": ("lt", "lit"),
    "nepali": ("ne", "nep"),
    "norwegian": ("no", "nor", "nb", "nob", "nn", "nno"),
    "persian": ("fa", "fas", "per"),
    "polish": ("pl", "pol"),
    "portuguese": ("pt", "por"),
    "romanian": ("ro", "ron", "rum"),
    "russian": ("ru", "rus"),
    "serbian": ("sr", "srp"),
    "sesotho": ("st", "sot"),
    "spanish": ("es", "spa"),
    "swedish": ("sv", "swe"),
    "tamil": ("ta", "tam"),
    "turkish": ("tr", "tur"),
    "yiddish": ("yi", "yid"),
}
"""The languages that Snowball has a stemmer for."""

UNSTEMMED: Mapping[str, tuple[str, ...]] = {
    "burmese": ("my", "mya", "bur"),
    "chinese": ("zh", "zho", "chi"),
    "japanese": ("ja", "jpn"),
    "khmer": ("km", "khm"),
    "korean": ("ko", "kor"),
    "lao": ("lo", "lao"),
    "thai": ("th", "tha"),
}
"""Languages whose words are found by pairs of characters, and need no stemmer."""

LANGUAGES = (*sorted({**STEMMED, **UNSTEMMED}), MULTILINGUAL)
_OWN_NAMES: Mapping[str, str] = {
    "català": "catalan",
    "dansk": "danish",
    "deutsch": "german",
    "español": "spanish",
    "français": "french",
    "italiano": "italian",
    "nederlands": "dutch",
    "norsk": "norwegian",
    "polski": "polish",
    "português": "portuguese",
    "română": "romanian",
    "suomi": "finnish",
    "svenska": "swedish",
    "türkçe": "turkish",
    "русский": "russian",
    "日本語": "japanese",
    "中文": "chinese",
    "한국어": "korean",
}
"""What languages call themselves, for hints."""

_BY_CODE = {code: name for name, codes in {**STEMMED, **UNSTEMMED}.items() for code in codes}


def read_language(language: Any, name: str = "language") -> str:
    """Return the name of a language that is given by its English name, or by a code such as ``de`` or ``de-AT``.

    Args:
        language: The name or the code, ``multilingual``, or None for no language.
        name: What it is called in errors.

    Raises:
        ArgumentError: If there is no such language.
    """
    if language is None:
        return NO_LANGUAGE
    if isinstance(language, str):
        given = language.strip().lower()
        code = given.replace("_", "-").partition("-")[0]
        if given in LANGUAGES:
            return given
        if code in _BY_CODE:
            return _BY_CODE[code]
    given = str(language).strip().lower()
    nearest = f" (did you mean {_OWN_NAMES[given]!r}?)" if given in _OWN_NAMES else did_you_mean(given, LANGUAGES)
    raise ArgumentError(
        f"{name} is the English name of a language or its ISO 639 code, 'multilingual', or None for words as they are; "
        f"not {language!r:.80}{nearest}. There are: {', '.join(LANGUAGES)}"
    )


def said_language(language: str) -> str:
    """Return a language as it is said in an error: ``None`` for no language."""
    return "None" if language == NO_LANGUAGE else repr(language)
