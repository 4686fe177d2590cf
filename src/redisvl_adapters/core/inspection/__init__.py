"""Looking at what lies on a server, and keeping it: the indexes that there are, checks of one, exports and imports."""
