"""Moving: an index is made anew beside the one that is there, and takes its place while others read and write.

Here belongs what does that. How everybody else follows is in ``index.moves``, ``index.changes`` and ``index.snapshot``.
"""
