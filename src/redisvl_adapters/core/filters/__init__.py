"""Filters: the algebra, what each type of field can be asked, conditions, rendering.

Here belong pure functions from a filter to query text. What must be asked of the server for it is asked in
``search.filter_compiler``.
"""
