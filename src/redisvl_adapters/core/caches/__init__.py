"""Caches of answers, exact and semantic, and the calibration of their threshold.

Here belongs what LangChain's and LlamaIndex's caches share. How their answers are written down is in the adapters.
"""
