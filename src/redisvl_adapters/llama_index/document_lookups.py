"""What LlamaIndex's document store looks up by one id, and the hashes that it keeps, with the arguments checked."""

from __future__ import annotations

from collections.abc import Mapping

from llama_index.core.schema import BaseNode
from llama_index.core.storage.docstore.keyval_docstore import KVDocumentStore
from llama_index.core.storage.docstore.types import RefDocInfo

from redisvl_adapters.core.arguments import check_string
from redisvl_adapters.errors import ArgumentError, known_keywords


class DocumentLookups(KVDocumentStore):
    """Lookups by the id of a node or document, and hashes: LlamaIndex's, each refusing what is no id or no hash.

    Raises:
        ArgumentError: If an id or a hash is no string; nothing is sent then.
    """

    @known_keywords
    def get_document(self, doc_id: str, raise_error: bool = True) -> BaseNode | None:  # noqa: FBT001, FBT002  # as LlamaIndex has it
        """Return a node or document by its id."""
        return super().get_document(check_string(doc_id, "doc_id"), raise_error)

    @known_keywords
    async def aget_document(self, doc_id: str, raise_error: bool = True) -> BaseNode | None:  # noqa: FBT001, FBT002  # as above
        """Return a node or document by its id."""
        return await super().aget_document(check_string(doc_id, "doc_id"), raise_error)

    @known_keywords
    def document_exists(self, doc_id: str) -> bool:
        """Tell whether there is a node or document of this id."""
        return super().document_exists(check_string(doc_id, "doc_id"))

    @known_keywords
    async def adocument_exists(self, doc_id: str) -> bool:
        """Tell whether there is a node or document of this id."""
        return await super().adocument_exists(check_string(doc_id, "doc_id"))

    @known_keywords
    def get_ref_doc_info(self, ref_doc_id: str) -> RefDocInfo | None:
        """Return which nodes were made of a document, with its metadata; None if nothing is known of it."""
        return super().get_ref_doc_info(check_string(ref_doc_id, "ref_doc_id"))

    @known_keywords
    async def aget_ref_doc_info(self, ref_doc_id: str) -> RefDocInfo | None:
        """Return which nodes were made of a document. See ``get_ref_doc_info``."""
        return await super().aget_ref_doc_info(check_string(ref_doc_id, "ref_doc_id"))

    @known_keywords
    def ref_doc_exists(self, ref_doc_id: str) -> bool:
        """Tell whether nodes are known that were made of a document."""
        return self.get_ref_doc_info(ref_doc_id) is not None

    @known_keywords
    async def aref_doc_exists(self, ref_doc_id: str) -> bool:
        """Tell whether nodes are known that were made of a document."""
        return await self.aget_ref_doc_info(ref_doc_id) is not None

    # Hashes

    @known_keywords
    def get_document_hash(self, doc_id: str) -> str | None:
        """Return the hash of a node or document; None if there is none."""
        return super().get_document_hash(check_string(doc_id, "doc_id"))

    @known_keywords
    async def aget_document_hash(self, doc_id: str) -> str | None:
        """Return the hash of a node or document; None if there is none."""
        return await super().aget_document_hash(check_string(doc_id, "doc_id"))

    @known_keywords
    def set_document_hash(self, doc_id: str, doc_hash: str) -> None:
        """Write the hash of a node or document."""
        super().set_document_hash(check_string(doc_id, "doc_id"), check_string(doc_hash, "doc_hash"))

    @known_keywords
    async def aset_document_hash(self, doc_id: str, doc_hash: str) -> None:
        """Write the hash of a node or document."""
        await super().aset_document_hash(check_string(doc_id, "doc_id"), check_string(doc_hash, "doc_hash"))

    @known_keywords
    def set_document_hashes(self, doc_hashes: dict[str, str]) -> None:
        """Write the hashes of nodes or documents.

        Args:
            doc_hashes: The hashes by id.
        """
        super().set_document_hashes(_checked(doc_hashes))

    @known_keywords
    async def aset_document_hashes(self, doc_hashes: dict[str, str]) -> None:
        """Write the hashes of nodes or documents. See ``set_document_hashes``."""
        await super().aset_document_hashes(_checked(doc_hashes))


def _checked(doc_hashes: dict[str, str]) -> dict[str, str]:
    if not isinstance(doc_hashes, Mapping):
        raise ArgumentError(f"doc_hashes is a dict of hashes by id; not {doc_hashes!r:.80}")
    for doc_id, doc_hash in doc_hashes.items():
        check_string(doc_hash, f"doc_hashes[{check_string(doc_id, 'each id of doc_hashes')!r:.80}]")
    return doc_hashes
