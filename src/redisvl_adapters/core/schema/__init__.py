"""What an index is: its fields, what callers declare and ask for, how names and tags are spelled.

Here belong descriptions, as plain data. What is sent to create an index is in ``index``.
"""
