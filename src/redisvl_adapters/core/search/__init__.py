"""Finding records: vector, text and hybrid search, tuning, ranking, ids, walks.

Here belong operations that read records, and the commands that they send.
"""
