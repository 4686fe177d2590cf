"""What both caches share: finding and storing answers, and what becomes of failures."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from redisvl_adapters.core.caches.cache_options import OnError
from redisvl_adapters.core.caches.failures import MISSES, UNKEPT
from redisvl_adapters.errors import RecordError, ServerUnavailableError

T = TypeVar("T")


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

    @abstractmethod
    def _look_up(self, prompt: str, model: str) -> T | None:
        """Return the answer to a prompt; any of ``MISSES`` is raised if the cache cannot be read."""

    @abstractmethod
    async def _alook_up(self, prompt: str, model: str) -> T | None:
        """Return the answer to a prompt. See ``_look_up``."""

    @abstractmethod
    def _store(self, prompt: str, model: str, value: T) -> None:
        """Store the answer to a prompt; any of ``UNKEPT`` is raised if that fails."""

    @abstractmethod
    async def _astore(self, prompt: str, model: str, value: T) -> None:
        """Store the answer to a prompt. See ``_store``."""

    def _find(self, prompt: str, model: str) -> T | None:
        """Return the answer to a prompt, None if there is none."""
        try:
            return self._look_up(prompt, model)
        except MISSES as error:
            self._missed(error)
            return None

    async def _afind(self, prompt: str, model: str) -> T | None:
        """Return the answer to a prompt, None if there is none."""
        try:
            return await self._alook_up(prompt, model)
        except MISSES as error:
            self._missed(error)
            return None

    def _keep(self, prompt: str, model: str, value: T) -> None:
        """Store the answer to a prompt; one that could not be read back is not stored, with a warning."""
        try:
            self._store(prompt, model, value)
        except UNKEPT as error:
            self._unkept(error)

    async def _akeep(self, prompt: str, model: str, value: T) -> None:
        """Store the answer to a prompt; one that could not be read back is not stored, with a warning."""
        try:
            await self._astore(prompt, model, value)
        except UNKEPT as error:
            self._unkept(error)

    def _missed(self, error: Exception) -> None:
        """Warn of a lookup that failed, and so is a miss, unless its error is to be raised."""
        if isinstance(error, ServerUnavailableError) and self._on_error == "raise":
            raise error
        warnings.warn(f"the cache was not read, which counts as a miss: {error}", RuntimeWarning, stacklevel=4)

    def _unkept(self, error: Exception) -> None:
        """Warn of an answer that could not be stored, unless its error is to be raised."""
        if not isinstance(error, RecordError) and self._on_error == "raise":
            raise error
        warnings.warn(f"the answer was not cached: {error}", RuntimeWarning, stacklevel=4)
