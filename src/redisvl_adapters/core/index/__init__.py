"""The index on the server: FT.CREATE and FT.INFO, the registry, opening, learning, dropping.

Here belongs what concerns the index as a whole. Finding records is in ``search``, writing them in ``ingest``.
"""
