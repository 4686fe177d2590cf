"""Python objects as text and back: messages, answers and nodes, written as JSON and read back equal.

Here belongs what sessions and caches store of the frameworks' objects. The metadata of records has a form of its own:
see ``records``.
"""
