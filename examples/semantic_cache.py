"""A semantic cache in a chain, its threshold measured first. Runs offline: server, embeddings and answers are local.

pip install "redisvl-adapters[langchain,embedded]" wordllama
"""

from collections.abc import Iterator

from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate

from cache_pairs import PAIRS
from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.langchain import RedisSemanticCache, calibrate
from wordllama_langchain import WordLlamaEmbeddings

QUESTIONS = [
    "How do I merge two dictionaries?",
    "How do I merge two dictionaries?",
    "merge two dictionaries into one",
    "How do I upload a photograph?",
]


def main() -> None:
    """Measure which distance tells questions apart, then let a chain answer from the cache."""
    embeddings = WordLlamaEmbeddings()
    calibration = calibrate(PAIRS, embeddings.embed_query)
    print(calibration)
    print("\nTaken for the same at that threshold, but not the same:")
    for pair in calibration.wrong_hits():
        print(f"  {pair.distance:.3f}  {pair.prompt} | {pair.other}")

    with (
        EmbeddedRedis() as server,
        RedisSemanticCache(
            embeddings, redis_url=server.url, distance_threshold=calibration.threshold, ttl=3600
        ) as cache,
    ):
        asked: list[str] = []
        model = GenericFakeChatModel(messages=script(asked), cache=cache)
        prompt = ChatPromptTemplate.from_messages([("system", "You know Python."), ("human", "{question}")])
        chain = prompt | model | StrOutputParser()
        print()
        for question in QUESTIONS:
            before = len(asked)
            answer = chain.invoke({"question": question})
            print(f"{'model' if len(asked) > before else 'cache'}: {question} -> {answer}")


def script(asked: list[str]) -> Iterator[AIMessage]:
    """Yield what the model says, and note that it was asked."""
    for answer in ("Write a | b.", "Not in Python alone."):
        asked.append(answer)
        yield AIMessage(answer)


if __name__ == "__main__":
    main()
