"""Words: from a text to the terms that are stored and looked for.

Here belongs what is true of a text whatever the index. Queries for words are in ``filters`` and ``search``.
"""
