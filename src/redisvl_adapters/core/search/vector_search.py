"""Vector search: the records nearest to a vector, or to each of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Unpack, cast

from redisvl_adapters.core.arguments import check_ids, check_k
from redisvl_adapters.core.filters.algebra import Filter, Keywords, conjunction
from redisvl_adapters.core.filters.conditions import query_text
from redisvl_adapters.core.filters.tag_queries import presence_query
from redisvl_adapters.core.filters.word_queries import check_match
from redisvl_adapters.core.index.expiry import renew_ttl
from redisvl_adapters.core.index.readiness import from_index, searches_index
from redisvl_adapters.core.index.record_keys import count_command, read_total
from redisvl_adapters.core.index.scope import Scope
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.layouts import Layout, layout_of
from redisvl_adapters.core.records.vectors import Vector, as_query, rounded_up, true_distance
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.languages import read_language
from redisvl_adapters.core.schema.named_vectors import MAIN
from redisvl_adapters.core.search.complete_replies import PAUSES, RowsWithoutFieldsError, Searches, complete_replies
from redisvl_adapters.core.search.filter_compiler import MAX_REMEMBERED, compile_filter, filter_key
from redisvl_adapters.core.search.find_ids import storable_ids
from redisvl_adapters.core.search.options import SEARCH_OPTIONS, SearchOptions
from redisvl_adapters.core.search.read_records import read_found
from redisvl_adapters.core.search.results import Hit, ReturnFields, by_distance, read_vector_hits, within_scope
from redisvl_adapters.core.search.tuning import Tuning, fit_tuning, read_tuning
from redisvl_adapters.core.search.vector_choice import check_one_vector, check_vector_choice, vector_name
from redisvl_adapters.core.search.vector_query import CommandTemplate, VectorRequest, vector_command
from redisvl_adapters.core.server.commands import Command, Pause, Reply, Steps
from redisvl_adapters.core.server.telemetry import tell
from redisvl_adapters.errors import ArgumentError, refuse_unknown


def search_by_vector(
    state: IndexState,
    query: Vector,
    k: int,
    filter: Filter | None = None,
    /,
    *,
    ids: Sequence[str] | None = None,
    frame: bool = False,
    vectors: bool = False,
    **options: Unpack[SearchOptions],
) -> Steps[list[Hit]]:
    """Return the records nearest to a vector, nearest first.

    Args:
        state: The index.
        query: The vector, shape (dims,).
        k: How many at most.
        filter: Only records that match this.
        ids: Only these records.
        frame: Whether to return what LlamaIndex needs to restore its nodes.
        vectors: Whether to return the vectors.
        options: See ``SearchOptions``.

    Raises:
        ArgumentError: If k, the vector or an option is out of range, or the index has no such option.
        FilterError: If the filter cannot be honoured.
    """
    (hits,) = yield from search_batch(state, [query], k, filter, ids=ids, frame=frame, vectors=vectors, **options)
    return hits


@searches_index
def search_batch(
    state: IndexState,
    asked: Sequence[Vector],
    k: int,
    filter: Filter | None = None,
    *,
    ids: Sequence[str] | None = None,
    frame: bool = False,
    vectors: bool = False,
    **options: Unpack[SearchOptions],
) -> Steps[list[list[Hit]]]:
    """Return the records nearest to each of some vectors, in one round trip. See ``search``."""
    check_language(options, has_words=filter is not None)
    tell(k=k)
    plan = yield from plan_search(state, k, filter, ids, frame=frame, vectors=vectors, **options)
    if plan is None:
        return [[] for _ in asked]
    found = yield from plan.search(asked)
    tell(rows=sum(map(len, found)), batch=len(asked))
    if state.spec.sliding_ttl:
        yield from renew_ttl(state, [hit.record.id for hits in found for hit in hits])
    return found


@dataclass(slots=True)
class SearchPlan:
    """All of a vector search but its vectors.

    Attributes:
        schema: The index.
        layout: How its records lie.
        request: What is asked.
        returns: What is returned.
        scope: What the records are within; None for all.
        form: The command, without its vector; None if nothing can match.
        threshold: How far a hit may be; None for any distance.
        least: How many records are found unless some were deleted since.
        counted: The text of the query that counts those which have the vector.
    """

    schema: Schema
    layout: Layout
    request: VectorRequest
    returns: ReturnFields
    scope: Scope | None = None
    form: CommandTemplate | None = None
    threshold: float | None = None
    least: int = 0
    counted: str = "*"

    def query(self, vector: Vector) -> bytes:
        """Return a query as the bytes that the command takes.

        Raises:
            ArgumentError: If the index cannot compare with it.
        """
        return as_query(vector, self.schema.vector)

    def search(self, asked: Sequence[Vector]) -> Steps[list[list[Hit]]]:
        """Return the hits for each of some queries.

        Raises:
            ArgumentError: If the index cannot compare with a query.
            ServerError: If the server does not return the fields of what it finds.
        """
        queries = [self.query(vector) for vector in asked]
        if self.form is None:
            return [[] for _ in asked]
        found = yield from complete_replies(self._searches(queries, self.form))
        # A graph that is mended in the background, after records were replaced, may be searched in part.
        for seconds in PAUSES:
            short = [place for place, hits in enumerate(found) if len(hits) < self.least]
            if not short:
                break
            (count,) = yield [count_command(self.schema, self.counted)]
            self.least = min(self.returns.k, read_total(from_index(count)))
            short = [place for place in short if len(found[place]) < self.least]
            if not short:
                break
            if seconds:
                yield Pause(seconds)
            again = yield from complete_replies(self._searches([queries[place] for place in short], self.form))
            for place, hits in zip(short, again, strict=True):
                found[place] = hits
        else:
            # Not for the reason that is hoped for, and not to be asked at every search.
            self.least = 0
        return (yield from read_found(self.schema, found, self.scope, vectors=self.returns.vectors))

    def _searches(self, queries: Sequence[bytes], form: CommandTemplate) -> Searches[Hit]:
        return Searches(
            [form.command(query) for query in queries],
            self.returns.k,
            self.read,
            by_distance,
            self._key_of,
            lambda place, key: self._of(key, queries[place]),
        )

    def _key_of(self, hit: Hit) -> bytes:
        return self.schema.key_of(hit.record.id).encode()

    def _of(self, key: bytes, query: bytes) -> Command:
        """Return the command that asks for the record with a key alone."""
        request = replace(self.request, ids=[self.schema.id_of(key)])
        return vector_command(request, self.returns, self.schema, self.layout).command(query)

    def read(self, reply: Reply) -> list[Hit]:
        """Return the hits in the reply to such a command. See ``read_vector_hits``."""
        try:
            hits = read_vector_hits(from_index(reply), self.schema, self.layout)
            return self._told(within_scope(hits, self.scope, self.schema))
        except RowsWithoutFieldsError as lacking:
            lacking.hits = self._told(within_scope(lacking.hits, self.scope, self.schema))
            raise

    def _told(self, hits: list[Hit]) -> list[Hit]:
        """Return hits with the distances that are told, of which none is too far."""
        if self.schema.vector.scale is not None:
            for hit in hits:
                hit.distance = true_distance(hit.distance, self.schema.vector)
        if self.threshold is None:
            return hits
        # Among ids the server does not cut by distance, and with a scale a little further.
        furthest = rounded_up(self.threshold, self.schema.vector)
        return [hit for hit in hits if hit.distance <= furthest]


def plan_search(
    state: IndexState,
    k: int,
    filter: Filter | None,
    ids: Sequence[str] | None = None,
    *,
    frame: bool = False,
    vectors: bool = False,
    beside: tuple[str, ...] = (),
    **options: Unpack[SearchOptions],
) -> Steps[SearchPlan | None]:
    """Return the plan of a search by one vector; None if there is no index. See ``search``.

    Plans of plain searches are remembered with the snapshot of the index that they were made for. The hits have the
    vectors ``beside`` the one that is searched by, as far as records have these.
    """
    check_k(k)
    name = options.pop("vector", None)
    if name is not None or "weights" in options:
        check_one_vector("this search", options)
        check_vector_choice({"vector": name})
        options.pop("weights", None)
    scope = state.scope
    whole = scope.within(filter) if scope else filter
    key = None if ids is not None or options else (filter_key(whole), k, frame, vectors, name, beside)
    snapshot = state.snapshot
    if snapshot is not None and key is not None and (known := snapshot.plans.get(key)) is not None:
        return cast("SearchPlan", known)
    tuning, filter = read_search_options(options, filter)
    if ids is not None:
        check_ids(ids)
    condition = yield from compile_filter(state, filter, options.get("language"))
    snapshot = state.snapshot
    name = vector_name(state, name)
    if snapshot is None:
        return None
    schema = snapshot.schema.seen_by(name, beside)
    tuning = fit_tuning(tuning, k, schema, filtered=filter is not None or scope is not None)
    ids = None if ids is None else storable_ids(ids)
    where, layout = query_text(condition), layout_of(schema)
    returns = ReturnFields(k=k, frame=frame, vectors=vectors, named=bool(beside))
    if where is None or k == 0 or ids == []:
        return SearchPlan(schema, layout, VectorRequest(b""), returns, scope)
    if where == "*":
        # The server takes these for searches with a filter alone, and this filter is always true.
        tuning = replace(tuning, hybrid_policy=None, batch_size=None)
    request = VectorRequest(b"", where, ids, tuning)
    threshold = options.get("distance_threshold")
    # Of an index of another application, records may lack the vector.
    is_plain = where == "*" and ids is None and threshold is None and schema.foreign is None
    counted = _counted(snapshot.schema, name)
    # An index that was made a moment ago is known by no records.
    least = min(k, snapshot.records or k) if is_plain and counted and schema.vector.algorithm != "flat" else 0
    form = vector_command(request, returns, schema, layout)
    plan = SearchPlan(schema, layout, request, returns, scope, form, threshold, least, counted)
    # Only if the condition was compiled for this snapshot, which others may have replaced meanwhile.
    if key is not None and snapshot.compiled.get(key[0]) is condition and len(snapshot.plans) < MAX_REMEMBERED:
        snapshot.plans[key] = plan
    return plan


def _counted(schema: Schema, name: str) -> str:
    """Return the text of the query for the records that have a vector; an empty one if nothing tells that."""
    if name == MAIN:
        return "*"
    key = schema.vectors[name].key
    return "" if key is None else presence_query(key, "+")


def check_language(options: Mapping[str, Any], *, has_words: bool) -> None:
    """Refuse a language that does not exist, or without any words that could be in it.

    Raises:
        ArgumentError: If so.
    """
    if (language := options.get("language")) is not None:
        read_language(language)
        if options.get("keywords") is None and not has_words:
            raise ArgumentError("language is for searches with keywords, or with a filter that asks for words")


def read_search_options(options: Mapping[str, Any], filter: Filter | None) -> tuple[Tuning, Filter | None]:
    """Return the tuning among the options of a search, and the filter with the keywords among them."""
    refuse_unknown("search", {name: options[name] for name in options if name not in SEARCH_OPTIONS}, SEARCH_OPTIONS)
    keywords, match, language = (options.get(name) for name in ("keywords", "keywords_match", "language"))
    if keywords is not None:
        filter = conjunction(filter, Keywords(keywords, check_match(match or "any"), language=language))
    elif match is not None:
        raise ArgumentError("keywords_match is for searches with keywords")
    return read_tuning(options), filter
