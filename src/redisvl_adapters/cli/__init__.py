"""The command line: ``redisvl-adapters``, or ``python -m redisvl_adapters``.

Each command is a file of its own, which adds itself to the parser; ``main`` lists them. Commands know the core alone.
"""
