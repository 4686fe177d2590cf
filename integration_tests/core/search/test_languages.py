"""Words in every language, through both frameworks: found by their forms, by all ways of asking, on any storage."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core.vector_stores.types import FilterOperator, VectorStoreQuery

from integration_tests.conftest import Call
from integration_tests.core.search import search_support
from integration_tests.core.search.search_support import Sent
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, ids_of, store_on
from integration_tests.llama_index.llama_index_support import filters, where
from redisvl_adapters import ArgumentError, RecordError
from redisvl_adapters.langchain import RedisVectorStore
from redisvl_adapters.llama_index import RedisVectorStore as LlamaIndexStore

clients = langchain_support.clients  # a fixture
sent = search_support.sent  # a fixture

# A text, another form of one of its words, two words side by side, and a word that it does not have.
TEXTS: dict[str, tuple[str, str, str, str]] = {
    "arabic": ("قرأت الكتاب في المدرسة", "كتاب", "الكتاب في", "كلب"),
    "chinese": ("北京大学的学生在图书馆学习", "图书馆", "学生在", "飞机"),
    "czech": ("Staré hrady stojí na kopci", "hrad", "stare hrad", "kniha"),
    "danish": ("De gamle huse ved søen", "huset", "gamle hus", "bil"),
    "dutch": ("De oude boeken van het huis", "boek", "oude boek", "fiets"),
    "english": ("The houses are running a café", "Cafe", "running a cafe", "horse"),
    "finnish": ("Vanhassa talossa asuu kissa", "talo", "vanhassa talo", "koira"),
    "french": ("Les chevaux ont mangé à la ferme", "cheval", "cheval ont", "vache"),
    "german": ("Die Häuser an der Straße sind alt", "Haus", "haus an", "Hase"),
    "greek": ("Οι άνθρωποι μένουν στα σπίτια", "άνθρωπος", "οι ανθρωποι", "γάτα"),
    "hindi": ("लड़के किताबें पढ़ते हैं", "लड़का", "लड़का किताब", "बिल्ली"),
    "hungarian": ("A régi házak között", "ház", "regi ház", "kutya"),
    "italian": ("Gli amici parlano della città", "amico", "amico parlano", "gatto"),
    "japanese": ("東京都の天気はとても良いです", "天気", "東京都の", "電車"),
    "khmer": ("ខ្ញុំស្រលាញ់ភាសាខ្មែរ", "ភាសា", "ភាសាខ្មែរ", "ឆ្កែ"),
    "korean": ("저는 도서관에서 책을 읽습니다", "도서관", "도서관에서", "학교"),
    "polish": ("Stare książki leżą na stole", "książka", "stare ksiazki", "kot"),
    "portuguese": ("Os meninos falaram da casa", "menino", "meninos falaram", "gato"),
    "russian": ("Красивые книги лежат на столе", "книга", "красивая книга", "собака"),
    "spanish": ("Los niños cantaron canciones", "cancion", "ninos cantaron", "perro"),
    "swedish": ("De gamla husen vid sjön", "huset", "gamla hus", "katt"),
    "thai": ("แมวดำนั่งบนโต๊ะ", "แมว", "แมวดำ", "หมา"),
    "turkish": ("Eski kitaplar İSTANBUL evlerinde", "kitap", "eski kitap", "kedi"),
}


async def ids_in(call: Call, nodes: LlamaIndexStore, mode: Any, text: str, k: int, **options: Any) -> list[str]:
    """Return the ids that a query of a LlamaIndex store finds by its words."""
    query = VectorStoreQuery(query_str=text, mode=mode, alpha=0.0, similarity_top_k=k)
    ids: list[str] = (await call(nodes, "query", query, **options)).ids
    return ids


@pytest.mark.parametrize("language", TEXTS)
async def test_a_text_is_found_by_other_forms_of_its_words(
    clients: Clients, index_name: str, storage: str, call: Call, language: str
) -> None:
    text, form, phrase, absent = TEXTS[language]
    store = store_on(clients, index_name, storage=storage, language=language, metadata_schema={"title": "text"})
    await call(store, "add_texts", [text, "0"], [{"title": text, "n": 1}, {"title": "0", "n": 2}], ids=["it", "other"])
    nodes = LlamaIndexStore(index_name=index_name, **clients)

    async def found(query: str, **options: Any) -> list[str | None]:
        return ids_of(await call(store, "text_search", query, 10, **options))

    for filter in (None, {"n": {"$lt": 9}}, {"n": {"$ne": 7}}):
        for fields in (["text"], ["title"], None):
            for match in ("any", "all"):
                assert await found(form, match=match, filter=filter, text_fields=fields) == ["it"]
            assert await found(phrase, match="phrase", filter=filter, text_fields=fields) == ["it"]
            assert await found(absent, match="all", filter=filter, text_fields=fields) == []
    near = await call(store, "similarity_search", "anything", 10, keywords=form)
    assert ids_of(near) == ["it"]
    assert ids_of(await call(store, "hybrid_search", form, 1, alpha=0.0)) == ["it"]
    for operator in ("$text_match", "$text_match_insensitive", "$eq"):
        assert ids_of(await call(store, "get", {"title": {operator: form}})) == ["it"]
        assert ids_of(await call(store, "get", {"title": {operator: absent}})) == []
    for mode in ("text_search", "hybrid"):
        assert await ids_in(call, nodes, mode, form, 10) == ["it"]
    having = filters(where("title", form, FilterOperator.TEXT_MATCH))
    assert [node.node_id for node in await call(nodes, "get_nodes", filters=having)] == ["it"]
    document = (await call(store, "text_search", form, 1))[0]
    (passage,) = await call(store, "highlight", form, document, marks=("<", ">"))
    assert passage.replace("<", "").replace(">", "") == text
    assert "<" in passage
    assert await call(nodes, "highlight", form, document.page_content, marks=("<", ">")) == [passage]
    assert await call(store, "highlight", absent, document) == []
    assert {*await call(nodes, "analyse", form)} & {*await call(store, "analyse", text)}


NAMES = [
    *("os.path.join", "XR-500", "v2.1", "a.b@example.com", "C#", "C++", ".NET", "$1,299.00", "snake_case", "O'Brien"),
    *("https://example.com/a?b=1", "192.168.0.1", "3.14e-7", "état-major", "２０２４年", "١٢٣", "№5", "naïve", "Ⅷ"),
]


@pytest.mark.parametrize("language", ["english", "french", "multilingual", None])
async def test_names_numbers_and_addresses_find_themselves(
    clients: Clients, index_name: str, storage: str, call: Call, language: str | None
) -> None:
    # Of a cluster each node counts words in its own records alone.
    store = store_on(clients, index_name, prefix=f"{{{index_name}}}", storage=storage, language=language)
    await call(store, "add_texts", [f"see {name}, it says" for name in NAMES], ids=NAMES)
    for name in NAMES:
        for match in ("any", "all", "phrase"):
            for query in (name, name.upper(), f"({name})"):
                assert ids_of(await call(store, "text_search", query, 1, match=match)) == [name], query
    sharp = ids_of(await call(store, "text_search", "C#", 10))
    assert sharp[0] == "C#"
    assert set(ids_of(await call(store, "text_search", "c", 10))) == {"C#", "C++"}


async def test_a_query_of_function_words_alone_asks_for_them(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = store_on(clients, index_name, storage=storage)
    await call(store, "add_texts", ["to be or not", "the fox", "a stone"], ids=["hamlet", "fox", "stone"])
    assert ids_of(await call(store, "text_search", "to be or not to be", 10)) == ["hamlet"]
    assert ids_of(await call(store, "text_search", "is it the fox or not", 10)) == ["fox"]
    assert ids_of(await call(store, "text_search", "the stone", 10, match="all")) == []
    assert ids_of(await call(store, "similarity_search", "x", 10, keywords="the")) == ["fox"]


# Languages of records


KEYED: list[tuple[str, dict[str, Any]]] = [
    ("Die Häuser am See", {"lang": "de"}),
    ("Les chevaux du roi", {"lang": "fr-CA"}),
    ("The running horses", {}),
    ("東京の家", {"lang": "Japanese"}),
    ("houses or Häuser", {"lang": None}),
]


async def test_each_record_is_analysed_in_its_own_language(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = store_on(clients, index_name, storage=storage, language_key="lang", metadata_schema={"title": "text"})
    metadatas = [{**metadata, "title": text} for text, metadata in KEYED]
    await call(store, "add_texts", [text for text, _ in KEYED], metadatas, ids=["de", "fr", "en", "ja", "mixed"])
    nodes = LlamaIndexStore(index_name=index_name, **clients)
    for query, language, expected in (
        ("Haus", "de", "de"),
        ("cheval", "french", "fr"),
        ("a horse ran or is running", None, "en"),
        ("house", None, "mixed"),
        ("東京", "ja", "ja"),
    ):
        found = await call(store, "text_search", query, 1, language=language)
        assert ids_of(found) == [expected]
        assert ids_of(await call(store, "similarity_search", "x", 1, keywords=query, language=language)) == [expected]
        title = {"title": {"$text_match": query.rpartition(" ")[2]}}
        assert ids_of(await call(store, "similarity_search", "x", 9, title, language=language)) == [expected]
        for mode in ("text_search", "hybrid"):
            assert await ids_in(call, nodes, mode, query, 1, language=language) == [expected]
        assert await call(store, "highlight", query, found[0], language=language)


async def test_a_language_of_a_record_that_does_not_exist_is_refused_before_anything_is_written(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = store_on(clients, index_name, storage=storage, language_key="lang")
    metadatas: list[dict[str, Any]] = [{"lang": "en"}, {"lang": "germann"}]
    with pytest.raises(RecordError, match=r"record 1 \(id 'b'\): metadata 'lang', the language_key .*'german'"):
        await call(store, "add_texts", ["a", "b"], metadatas, ids=["a", "b"])
    assert await call(store, "count") == 0


# What is refused


async def test_a_language_that_does_not_fit_is_refused(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = store_on(clients, index_name, storage=storage, language="en")
    await call(store, "add_texts", ["a fox"], [{"n": 1}])
    nodes = LlamaIndexStore(index_name=index_name, **clients)
    for name, options in (("text_search", {}), ("hybrid_search", {}), ("similarity_search", {"keywords": "fox"})):
        with pytest.raises(ArgumentError, match=r"did you mean 'german'"):
            await call(store, name, "fox", language="germann", **options)
        with pytest.raises(ArgumentError, match=r"language is 'de', but the texts .* are analysed in 'english'"):
            await call(store, name, "fox", language="de", **options)
    with pytest.raises(ArgumentError, match="language is for searches with keywords"):
        await call(store, "similarity_search", "fox", language="en")
    with pytest.raises(ArgumentError, match="are analysed in 'english'"):
        await call(store, "analyse", "fox", language="de")
    for wrong in (7, "", "klingon", b"de"):
        with pytest.raises(ArgumentError, match=r"language is the English name .*There are: arabic, "):
            RedisVectorStore(langchain_support.Model(), index_name=index_name, language=wrong, **clients)  # type: ignore[arg-type]  # tested
    with pytest.raises(ArgumentError, match="language_key is the name of a metadata key; not 3"):
        LlamaIndexStore(index_name=index_name, language_key=3, **clients)  # type: ignore[arg-type]  # tested
    wrong_options: list[dict[str, Any]] = [{"length": -1}, {"most": 1.5}, {"marks": "**"}, {"marks": ("a",)}]
    for given in (*wrong_options, {"match": "some"}):
        with pytest.raises(ArgumentError, match=next(iter(given))):
            await call(store, "highlight", "fox", "a fox", **given)
    for target in (store, nodes):
        with pytest.raises(ArgumentError, match=r"found is a .* or a text; not int 7"):
            await call(target, "highlight", "fox", 7)
        with pytest.raises(ArgumentError, match="query is a text"):
            await call(target, "highlight", None, "a fox")
        with pytest.raises(ArgumentError, match="text is a text; not int"):
            await call(target, "analyse", 7)


async def test_nothing_is_asked_of_the_server_but_the_search(
    clients: Clients, index_name: str, call: Call, sent: Sent
) -> None:
    store = store_on(clients, index_name)
    await call(store, "add_texts", ["running foxes"], [{"n": 1, "tag": "x"}])
    sent.clear()
    await call(store, "text_search", "fox runs", 3, {"n": {"$gte": 0}, "tag": {"$ne": "y"}})
    await call(store, "text_search", "fox runs", 3, {"n": 1}, match="all")
    await call(store, "similarity_search", "x", 3, keywords="fox runs")
    assert sent.names() == [{"FT.SEARCH"}] * 3
    sent.clear()
    assert await call(store, "highlight", "a fox", "Foxes run") == ["**Foxes** run"]
    assert await call(store, "analyse", "Foxes run") == ["fox", "run"]
    assert sent == []


async def test_a_text_of_no_record_is_in_the_language_of_the_query(
    clients: Clients, index_name: str, call: Call
) -> None:
    store = store_on(clients, index_name, language_key="lang")
    await call(store, "add_texts", ["Die Häuser am See"], [{"lang": "de"}])
    (document,) = await call(store, "text_search", "Häusern", language="de")
    for found in (document, document.page_content):
        assert await call(store, "highlight", "Häusern", found, language="de") == ["Die **Häuser** am See"]
    for marks in (None, {"<", ">"}, ("<",), "<>"):
        with pytest.raises(ArgumentError, match="marks are two texts"):
            await call(store, "highlight", "Häusern", document, marks=marks)
