"""What a passage is, and which passages belong in the corpus."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["module", "class", "function", "method"]
MetadataValue = str | int | bool | list[str]

MIN_CHARACTERS = 20

_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SAYS_DEPRECATED = re.compile(
    r"^deprecated\b"
    r"|^\.\. deprecated"
    r"|\b(?:this|the) (?:deprecated|(?:\w+ )?(?:module|class|function|method|interface) is deprecated)\b",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """The docstring of one object of the standard library.

    Attributes:
        text: The docstring, cleaned by `inspect.cleandoc` and otherwise as written.
        module: The module that defines the object, such as `argparse`.
        kind: What the object is. Properties count as methods.
        qualname: The full name, such as `argparse.ArgumentParser.parse_args`.
        lines: Source lines of the object with its decorators; for an object written in C, lines of its docstring.
        parameters: Parameter names without `self` and `cls`; for a class, those of its constructor.
        deprecated: Whether the object, or a way of calling it, is deprecated.
    """

    text: str
    module: str
    kind: Kind
    qualname: str
    lines: int
    parameters: tuple[str, ...] = ()
    deprecated: bool = False

    @property
    def id(self) -> str:
        """The unique id of the passage, which is its qualified name."""
        return self.qualname

    @property
    def metadata(self) -> dict[str, MetadataValue]:
        """Everything but the text, as a new dictionary that the caller may change."""
        return {
            "module": self.module,
            "kind": self.kind,
            "qualname": self.qualname,
            "lines": self.lines,
            "parameters": list(self.parameters),
            "deprecated": self.deprecated,
        }


def says_deprecated(docstring: str) -> bool:
    """Whether a docstring says that its own object is deprecated, and not merely mentions the word."""
    return _SAYS_DEPRECATED.search(docstring) is not None


def curate(passages: Iterable[Passage]) -> list[Passage]:
    """Keep the passages that can be embedded and found again.

    Left out are texts shorter than `MIN_CHARACTERS`, texts with a lone surrogate (they have no UTF-8 form), and every
    later passage with an id that was there before.

    Args:
        passages: Passages in order of preference.

    Returns:
        The passages kept, in the order given.
    """
    kept: dict[str, Passage] = {}
    for passage in passages:
        if len(passage.text) >= MIN_CHARACTERS and not _LONE_SURROGATE.search(passage.text):
            kept.setdefault(passage.id, passage)
    return list(kept.values())
