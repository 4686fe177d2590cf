"""Writing and deleting records: checked, encoded, sent in batches.

Here belong operations that change records. What a record becomes in Redis is in ``records``.
"""
