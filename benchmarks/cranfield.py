"""How well text and hybrid search rank: the Cranfield collection, beside BM25 as Lucene reckons it.

    python -m benchmarks.cranfield --data DIR                              a table in Markdown, half a minute
    python -m benchmarks.cranfield --data DIR --write docs/retrieving.md   and put it there

DIR has the collection as it is passed around: ``cran.all.1400``, ``cran.qry`` and ``cranqrel``. It is read there and
copied nowhere. The server is that of REDIS_URL, or a fresh one.

nDCG@10 has binary gains: whatever was judged relevant to a question (1 to 4) counts one. The reference is bm25s by
Lucene's formula, with k1 1.2, b 0.75, the stems of Snowball and Lucene's 33 function words. Vectors are WordLlama's.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import bm25s
import numpy as np
import Stemmer
from langchain_core.documents import Document

from benchmarks.pages import write_part
from benchmarks.servers import server
from redisvl_adapters.langchain import RedisVectorStore
from wordllama_langchain import WordLlamaEmbeddings

MARK = "<!-- benchmarks/cranfield.py -->"
K = 10
ALPHAS = (0.3, 0.5)
CANDIDATES = (50, 100)
ROUNDS = 3


@dataclass(frozen=True)
class Collection:
    """Documents by id, and questions with the ids of what answers them."""

    documents: dict[str, str]
    questions: list[tuple[str, frozenset[str]]]


def read_collection(folder: Path) -> Collection:
    """Read the collection from the files that it is passed around in."""
    documents = {}
    for entry in _entries(folder / "cran.all.1400"):
        number, parts = entry
        documents[number] = " ".join(f"{parts['T']} {parts['W']}".split())
    judged: dict[int, set[str]] = {}
    for line in (folder / "cranqrel").read_text(encoding="utf-8").splitlines():
        question, document, grade = line.split()
        if int(grade) > 0:
            judged.setdefault(int(question), set()).add(document)
    asked = [" ".join(parts["W"].split()) for _, parts in _entries(folder / "cran.qry")]
    # Judgements count the questions from 1 on, whatever numbers they have themselves.
    questions = [(text, frozenset(judged.get(place, ()))) for place, text in enumerate(asked, 1)]
    return Collection(documents, questions)


def _entries(path: Path) -> list[tuple[str, dict[str, str]]]:
    entries = []
    for entry in re.split(r"^\.I ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        number, *parts = re.split(r"^\.([A-Z])$", entry, flags=re.MULTILINE)
        entries.append((number.strip(), dict(zip(parts[::2], parts[1::2], strict=True))))
    return entries


def ndcg(found: Sequence[str], relevant: frozenset[str]) -> float:
    """Return nDCG@10 with binary gains."""
    discounts = 1 / np.log2(np.arange(2, K + 2))
    gains = sum(discount for discount, each in zip(discounts, found, strict=False) if each in relevant)
    return float(gains / discounts[: min(K, len(relevant))].sum()) if relevant else 0.0


def judge(collection: Collection, retrieve: Callable[[str], Sequence[str]]) -> float:
    """Return the mean nDCG@10 of a way of retrieving."""
    return float(np.mean([ndcg(retrieve(text), relevant) for text, relevant in collection.questions]))


def reference(collection: Collection) -> Callable[[str], Sequence[str]]:
    """Return BM25 as Lucene reckons it."""
    stemmer = Stemmer.Stemmer("english")
    tokenize = partial(bm25s.tokenize, stopwords="en", stemmer=stemmer, show_progress=False)
    ids = list(collection.documents)
    index = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
    index.index(tokenize(list(collection.documents.values())), show_progress=False)

    def retrieve(text: str) -> list[str]:
        places, _ = index.retrieve(tokenize([text]), k=K, show_progress=False)
        return [ids[place] for place in places[0]]

    return retrieve


def ids_of(search: Callable[..., list[Document]], text: str, **options: object) -> list[str]:
    """Return the ids that a search finds."""
    return [str(document.id) for document in search(text, k=K, **options)]


def measure(collection: Collection, store: RedisVectorStore) -> list[tuple[str, float]]:
    """Return the rows of the table."""
    found = {id: text for id, text in collection.documents.items() if text}
    store.add_documents([Document(id=id, page_content=text, metadata={"kind": "paper"}) for id, text in found.items()])
    hybrid = partial(ids_of, store.hybrid_search)
    rows: list[tuple[str, Callable[[str], Sequence[str]]]] = [
        ("BM25 of Lucene's kind (bm25s)", reference(collection)),
        ("text search", partial(ids_of, store.text_search)),
        ("vector search", partial(ids_of, store.similarity_search)),
        ("hybrid search, nothing said", hybrid),
        ("hybrid search, rrf", partial(hybrid, fusion="rrf")),
        *(
            (f"hybrid search, alpha {alpha} of {count} candidates", partial(hybrid, alpha=alpha, fetch_k=count))
            for alpha in ALPHAS
            for count in CANDIDATES
        ),
    ]
    return [(name, judge(collection, retrieve)) for name, retrieve in rows]


def filter_ratio(collection: Collection, store: RedisVectorStore) -> float:
    """Return how much longer a text search takes with a filter that all documents match: the median of ratios."""
    ratios = []
    for text, _ in collection.questions * ROUNDS:
        times = []
        for filter in (None, {"kind": "paper"}):
            began = time.perf_counter()
            store.text_search(text, K, filter)
            times.append(time.perf_counter() - began)
        ratios.append(times[1] / times[0])
    return float(np.median(ratios))


def main() -> None:
    """Print the table, and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the collection")
    parser.add_argument("--write", type=Path, help="the page to put the table into")
    given = parser.parse_args()
    collection = read_collection(given.data)
    with server() as url, RedisVectorStore(WordLlamaEmbeddings(), index_name="cranfield", redis_url=url) as store:
        store.drop()
        rows = measure(collection, store)
        ratio = filter_ratio(collection, store)
        store.drop()
    lines = ["| | nDCG@10 |", "| --- | ---: |", *(f"| {name} | {value:.3f} |" for name, value in rows)]
    table = "\n".join([*lines, "", f"A text search with a filter that all match takes {ratio:.2f} times one without."])
    print(f"{len(collection.documents):,} documents, {len(collection.questions)} questions\n\n{table}")
    if given.write:
        write_part(given.write, MARK, f"{table}\n")


if __name__ == "__main__":
    main()
