"""Words in many languages: the forms of one word meet, and other words do not. Written from the grammars."""

from __future__ import annotations

import pytest

from redisvl_adapters.core.schema.languages import LANGUAGES, STEMMED
from redisvl_adapters.core.text.analysis import analyser, without_function_words
from redisvl_adapters.core.text.function_words import function_words

MEETING: dict[str, list[str]] = {
    "english": [
        "house houses",
        "run runs running",
        "connect connected connecting connection connections",
        "happy happiness",
        "resume résumé Résumés",
        "cafe Café CAFÉS",
    ],
    "german": [
        "Haus Häuser Häusern Hauses",
        "Straße Straßen strasse STRASSEN",
        "schön schöne schönen schöner",
        "kaufen kauf kaufe",
        "Mädchen",
    ],
    "french": [
        "cheval chevaux",
        "mangé mangée mangées manger",
        "nation nations",
        "national nationale nationaux",
        "école écoles École",
        "heureux heureuse heureuses",
    ],
    "spanish": ["niño niños niña niñas", "canción canciones", "hablar hablando hablaron", "nación naciones nacion"],
    "portuguese": ["menino meninos menina", "falar falando falaram", "casa casas"],
    "italian": ["amico amici amica", "parlare parlando parlato", "città"],
    "dutch": ["boek boeken", "huis huizen", "lopen lopend"],
    "swedish": ["hus huset husen", "flicka flickor flickorna", "katt katter katten"],
    "danish": ["hus huset husene", "bil biler bilen bilerne"],
    "norwegian": ["hus huset husene", "jente jenter jentene"],
    "finnish": ["talo talon talossa talosta taloon", "kissa kissat kissan"],
    "hungarian": ["ház házak házban", "könyv könyvek könyvet"],
    "russian": [
        "книга книги книгу книгой",
        "красивый красивая красивые красивого",
        "ёлка елка ёлки",
        "замок за\u0301мок",
    ],
    "polish": ["książka książki książkę", "kot kota kotem"],
    "czech": ["hrad hrady hradu", "kniha knihy knihu"],
    "romanian": ["carte cărți cărţi", "casă case"],
    "turkish": ["kitap kitaplar kitabı", "ev evler evlerde", "ışık IŞIK Işık", "İstanbul istanbul"],
    "greek": ["άνθρωπος άνθρωποι ανθρώπων ΑΝΘΡΩΠΟΣ", "σπίτι σπίτια"],
    "arabic": ["كتاب الكتاب كِتَاب كتابه", "معلم المعلم معلمون المعلمون"],
    "persian": ["می\u200cخواهم میخواهم"],
    "hindi": ["लड़का लड़के लड़कियाँ", "किताब किताबें"],
    "nepali": ["घर घरहरू घरमा"],
    "tamil": ["வீடு வீடுகள் வீட்டில்", "பாடம் பாடங்கள்"],
    "indonesian": ["baca membaca bacaan", "makan makanan"],
    "lithuanian": ["namas namai"],
    "catalan": ["gat gats gata", "camió camions camio"],
    "esperanto": ["domo domoj domon domojn"],
    "none": [
        "Café cafe CAFE\u0301",
        "ＡＢＣ abc ABC",
        "ﬁle file",
        "Ⅷ viii",
        "٣٤ 34 ３４",
        "Ελλάδα ελλαδα",
        "co\u00adop coop",
    ],
    "multilingual": ["Café cafe", "naïve naive", "Øre ore", "Łódź lodz", "İstanbul istanbul"],
}
APART: dict[str, list[str]] = {
    "english": ["house horse", "run rung", "universe united"],
    "german": ["Haus Hase", "Straße Streit", "Ofen offen"],
    "french": ["cheval cheveu", "école échelle"],
    "spanish": ["casa cosa", "niño nido"],
    "russian": ["книга кино", "дом том"],
    "finnish": ["talo tila"],
    "hungarian": ["ház hó"],
    "turkish": ["kitap kitlesel"],
    "arabic": ["كتاب كلب"],
    "swedish": ["hus hund"],
    "polish": ["kot koń"],
    "greek": ["σπίτι σπορ"],
    "none": ["houses house", "रम राम", "は ば", "и й"],
    "multilingual": ["houses house", "Häuser Haus"],
}


def meet(language: str, one: str, other: str) -> bool:
    """Tell whether a query of the one finds a text of the other."""
    made = analyser(language)
    (word,) = made.words(one)
    return bool({*word.forms} & {*made.terms(f"– {other}!")})


@pytest.mark.parametrize("language", MEETING)
def test_the_forms_of_a_word_find_each_other(language: str) -> None:
    for words in MEETING[language]:
        for one in words.split():
            for other in words.split():
                assert meet(language, one, other), (one, other)


@pytest.mark.parametrize("language", APART)
def test_other_words_are_not_found(language: str) -> None:
    for words in APART[language]:
        one, other = words.split()
        assert not meet(language, one, other), words
        assert not meet(language, other, one), words


UNSPACED = {
    "chinese": ("北京大学的学生在图书馆学习", ["图书馆", "学生", "大学", "北京"], ["飞机", "学院"]),
    "japanese": (
        "東京都の天気はとても良いです。コンピューター",
        ["東京", "天気", "ｺﾝﾋﾟｭｰﾀｰ", "とても"],
        ["京東", "電車"],
    ),
    "korean": ("저는 도서관에서 책을 읽습니다", ["도서관", "도서관에서", "책", "책을"], ["학교", "서도"]),
    "thai": ("แมวดำนั่งบนโต๊ะ", ["แมว", "โต๊ะ", "นั่ง"], ["หมา"]),
    "lao": ("ຂ້ອຍຮັກປະເທດລາວ", ["ປະເທດ", "ລາວ"], ["ແມວ"]),
    "khmer": ("ខ្ញុំស្រលាញ់ភាសាខ្មែរ", ["ភាសា", "ខ្មែរ"], ["ឆ្កែ"]),
    "burmese": ("မြန်မာနိုင်ငံ", ["မြန်မာ", "နိုင်ငံ"], ["ကြောင်"]),
}


@pytest.mark.parametrize("language", UNSPACED)
def test_a_word_is_found_where_no_spaces_are(language: str) -> None:
    text, found, absent = UNSPACED[language]
    for spoken in (language, "multilingual", "none", "english"):
        made = analyser(spoken)
        terms = {*made.terms(text)}
        for word in found:
            assert all({*each.forms} & terms for each in made.words(word)), word
        for word in absent:
            assert not all({*each.forms} & terms for each in made.words(word)), word


def test_a_character_that_is_a_word_is_found_within_others() -> None:
    made = analyser("japanese")
    for text, word in (("黒猫が好き", "猫"), ("물을 마신다", "물"), ("飲茶", "茶")):
        ((term,),) = [each.forms for each in made.words(word)]
        assert term in made.terms(text)


def test_characters_that_go_on_repeating_are_one_pair() -> None:
    made = analyser("japanese")
    assert [word.term for word in made.words("ははははは")] == ["はは"]
    assert [word.term for word in made.words("哈哈 呵呵呵")] == ["哈哈", "呵呵"]


def test_each_word_of_a_text_of_many_scripts_has_its_own_rule() -> None:
    words = analyser("english").words("Running 東京都 Häuser ٣ кошки iPhone手機 😀 naïve")
    expected = ["run", "東京", "京都", "hauser", "3", "кошки", "iphon", "手機", "naiv"]
    assert [word.term for word in words] == expected


@pytest.mark.parametrize("language", sorted(STEMMED))
def test_function_words_are_dropped_unless_there_are_no_others(language: str) -> None:
    known = sorted(function_words(language))
    assert len(known) > 20
    made = analyser(language)
    some = made.words(" ".join(known[:5]))
    assert without_function_words(some, language) == some
    told = without_function_words(made.words(f"{' '.join(known[:5])} xylophon"), language)
    assert [word.text for word in told] == ["xylophon"]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("what is the speed of a fox", "speed fox"),
        ("Wie alt sind die Häuser am See?", "alt hauser see"),
        ("où est la gare de la ville", "gare ville"),
        ("how to die casting", "die casting"),
        ("die casting", "die casting"),
        ("fox", "fox"),
    ],
)
def test_among_many_languages_the_function_words_tell_which_it_is(query: str, left: str) -> None:
    told = without_function_words(analyser("multilingual").words(query), "multilingual")
    assert " ".join(word.text for word in told) == left


def test_languages_without_a_list_have_no_function_words() -> None:
    assert {name for name in LANGUAGES if not function_words(name)} == {*LANGUAGES} - {*STEMMED}
