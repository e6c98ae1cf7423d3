"""What datatrove's deduplication counts as a word: the same in every language, without a model of it."""

from __future__ import annotations

from datatrove.utils.word_tokenizers import WordTokenizer

from archive import signatures


class Words(WordTokenizer):  # type: ignore[misc]
    """For `MinhashDedupSignature(…, language=Words())`: words as `archive/signatures.py` takes them.

    datatrove would cut the words of one language only, that of the pipeline; here scripts without spaces
    are compared letter by letter, and all others by what stands between spaces and punctuation.
    """

    def word_tokenize(self, text: str) -> list[str]:
        """The words of a text."""
        return signatures.words(text)

    def sent_tokenize(self, text: str) -> list[str]:
        """Not used by this deduplication. Raises NotImplementedError."""
        raise NotImplementedError

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """Not used by this deduplication. Raises NotImplementedError."""
        raise NotImplementedError
