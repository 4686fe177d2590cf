"""Notes with two vectors each, of their title and of their text, searched by one of them and by both. Runs offline.

pip install "redisvl-adapters[langchain,embedded]" wordllama
"""

from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.langchain import RedisVectorStore
from wordllama_langchain import WordLlamaEmbeddings

NOTES = {
    "Sorting a list": "Call its method, or the function of that name, which returns another one.",
    "Waiting for tasks": "A group awaits all that were started in it, and cancels them if one of them fails.",
    "Reading a file": "Open it in a with statement, and go over its lines.",
    "Errors": "A task that fails raises what went wrong where somebody awaits it.",
}


def main() -> None:
    """Ask by the title, by the text, and by both."""
    with (
        EmbeddedRedis() as server,
        RedisVectorStore(
            WordLlamaEmbeddings(), index_name="notes", redis_url=server.url, vectors={"title": {"key": "title"}}
        ) as store,
    ):
        store.add_texts(list(NOTES.values()), [{"title": title} for title in NOTES])
        print(f"by title: {titles(store, {'title': 1.0})}")
        print(f"by text: {titles(store, {'text': 1.0})}")
        print(f"by both: {titles(store, {'text': 0.7, 'title': 0.3})}")


def titles(store: RedisVectorStore, weights: dict[str, float]) -> list[str]:
    """Return the titles of the two best notes, by some vectors."""
    found = store.similarity_search("errors while reading", k=2, weights=weights)
    return [document.metadata["title"] for document in found]


if __name__ == "__main__":
    main()
