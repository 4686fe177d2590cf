"""Conversations: the messages of sessions in order, and their recall by meaning.

Here belongs what LangChain's histories and LlamaIndex's chat stores share.
"""
