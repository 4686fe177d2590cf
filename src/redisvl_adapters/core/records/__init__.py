"""A record and how it lies in Redis: metadata, vectors, layouts.

Here belong pure functions from what a caller gives to what Redis stores, and back. When and how it is sent is in
``ingest``.
"""
