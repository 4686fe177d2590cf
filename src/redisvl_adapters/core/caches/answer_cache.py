"""What both caches share: finding and storing answers, and what becomes of failures."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

from redisvl_adapters.core.caches.cache_options import OnError
from redisvl_adapters.core.caches.failures import NEVER_RAISED
from redisvl_adapters.core.server.telemetry import tell
from redisvl_adapters.errors import CacheWarning

T = TypeVar("T")

_LOOK_UP, _STORE = "cache_lookup", "cache_store"


class AnswerCache(ABC, Generic[T]):
    """A cache of answers to prompts, whatever the framework; ``on_error`` decides what becomes of its failures.

    A kind of cache says how an answer is looked up and stored, an adapter how it is written.
    """

    _on_error: OnError

    @abstractmethod
    def _write(self, value: T) -> str:
        """Return an answer as text.

        Raises:
            RecordError: If it could not be read back whole.
        """

    @abstractmethod
    def _read(self, text: str | bytes) -> T:
        """Return the answer that a text holds; any of ``DAMAGE`` says that it is damaged."""

    def _check_identifiable(self, prompt: str, model: str) -> None:
        """Refuse a prompt, or a model, that could be mistaken for another one.

        Raises:
            RecordError: If so.
        """

    @abstractmethod
    def _traced(self, operation: str) -> AbstractContextManager[None]:
        """Return what traces an operation."""

    @abstractmethod
    def _look_up(self, prompt: str, model: str) -> T | None:
        """Return the answer to a prompt."""

    @abstractmethod
    async def _alook_up(self, prompt: str, model: str) -> T | None:
        """Return the answer to a prompt. See ``_look_up``."""

    @abstractmethod
    def _store(self, prompt: str, model: str, value: T) -> None:
        """Store the answer to a prompt."""

    @abstractmethod
    async def _astore(self, prompt: str, model: str, value: T) -> None:
        """Store the answer to a prompt. See ``_store``."""

    def _find(self, prompt: str, model: str) -> T | None:
        """Return the answer to a prompt, None if there is none."""
        try:
            with self._traced(_LOOK_UP):
                found = self._look_up(prompt, model)
                tell(cached="miss" if found is None else "hit")
        except Exception as error:  # noqa: BLE001  # a cache need not be why a call fails, whatever happens
            self._missed(error)
            return None
        return found

    async def _afind(self, prompt: str, model: str) -> T | None:
        """Return the answer to a prompt, None if there is none."""
        try:
            with self._traced(_LOOK_UP):
                found = await self._alook_up(prompt, model)
                tell(cached="miss" if found is None else "hit")
        except Exception as error:  # noqa: BLE001  # as above
            self._missed(error)
            return None
        return found

    def _keep(self, prompt: str, model: str, value: T) -> None:
        """Store the answer to a prompt; one that could not be read back is not stored, with a warning."""
        try:
            with self._traced(_STORE):
                self._store(prompt, model, value)
        except Exception as error:  # noqa: BLE001  # as above
            self._unkept(error)

    async def _akeep(self, prompt: str, model: str, value: T) -> None:
        """Store the answer to a prompt; one that could not be read back is not stored, with a warning."""
        try:
            with self._traced(_STORE):
                await self._astore(prompt, model, value)
        except Exception as error:  # noqa: BLE001  # as above
            self._unkept(error)

    def _missed(self, error: Exception) -> None:
        """Warn of a lookup that failed, and so is a miss, unless its error is to be raised."""
        self._told(error, "the cache was not read, which counts as a miss")

    def _unkept(self, error: Exception) -> None:
        """Warn of an answer that could not be stored, unless its error is to be raised."""
        self._told(error, "the answer was not cached")

    def _told(self, error: Exception, what: str) -> None:
        if self._on_error == "raise" and not isinstance(error, NEVER_RAISED):
            raise error
        said = str(error) or type(error).__name__
        warnings.warn(f"{what}: {said:.500}", CacheWarning, stacklevel=5)
