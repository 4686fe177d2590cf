"""A RAG chain that names its sources, and answers a question that was asked before from a semantic cache. Runs offline.

With a real model, change two lines: ``model = init_chat_model("openai:gpt-5", cache=cache)`` and the import of it from
``langchain.chat_models``.

pip install "redisvl-adapters[langchain,embedded]" wordllama
"""

from collections.abc import Iterator, Sequence

from langchain_core.documents import Document
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough

from library import IDS, METADATAS, TEXTS
from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.langchain import RedisSemanticCache, RedisVectorStore
from wordllama_langchain import WordLlamaEmbeddings

QUESTIONS = ["What keeps items in order?", "What keeps items in order?", "What cancels something slow?"]


def script(asked: list[str]) -> Iterator[AIMessage]:
    """Yield the answers of the model."""
    for answer in ("A list and a dict do.", "A timeout does."):
        asked.append(answer)
        yield AIMessage(answer)


def numbered(documents: Sequence[Document]) -> str:
    """Return documents as the prompt has them."""
    return "\n".join(f"[{number}] {document.page_content}" for number, document in enumerate(documents, 1))


def main() -> None:
    """Ask three questions, of which two are one."""
    embeddings = WordLlamaEmbeddings()
    with (
        EmbeddedRedis() as server,
        RedisVectorStore(embeddings, index_name="notes", redis_url=server.url) as store,
        RedisSemanticCache(embeddings, redis_url=server.url, distance_threshold=0.05) as cache,
    ):
        store.add_texts(TEXTS, METADATAS, ids=IDS)
        asked: list[str] = []
        model = GenericFakeChatModel(messages=script(asked), cache=cache)

        prompt = ChatPromptTemplate.from_messages(
            [("system", "Answer from these notes, and name their numbers:\n{notes}"), ("human", "{question}")]
        )
        retriever = store.as_retriever(search_type="hybrid", search_kwargs={"k": 2})
        answer = RunnablePassthrough.assign(notes=lambda given: numbered(given["sources"])) | prompt | model
        chain = {"question": RunnablePassthrough(), "sources": retriever} | RunnablePassthrough.assign(
            answer=answer | StrOutputParser()
        )
        for question in QUESTIONS:
            before = len(asked)
            result = chain.invoke(question)
            print(f"{'model' if len(asked) > before else 'cache'}: {question} {result['answer']}")
            print(f"  sources: {', '.join(document.id for document in result['sources'])}")


if __name__ == "__main__":
    main()
