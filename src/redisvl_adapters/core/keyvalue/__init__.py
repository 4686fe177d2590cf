"""Keys and values on plain Redis: byte values, and the record manager of indexing runs.

Here belongs what needs neither an index nor the search module, and is not a conversation.
"""
