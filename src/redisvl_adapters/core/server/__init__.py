"""Talking to Redis: commands and replies, the two drivers, clients, connections and URLs.

Here belongs what knows of Redis and redis-py and of nothing that lies in Redis. No schema, no records, no queries.
"""
