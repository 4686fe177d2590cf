"""A corpus of hostile strings: each of them means something to somebody between a filter and the server."""

from __future__ import annotations

_SPECIAL = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_PLACED = [text for char in _SPECIAL for text in (char, f"a{char}", f"{char}a", f"a{char}b", char * 3)]
_CONTROL = [f"a{chr(code)}b" for code in (*range(32), 127, 0x80, 0x85, 0x9F)]
_BLANKS = [" ", "  ", " a", "a ", " a ", "\t", "\n", "\r\n", "\ta", "a\n", *(f"a{blank}b" for blank in "\u00a0\u2003\u2028\u3000\ufeff")]
_QUERY = [
    *("*", "**", "-*", "-(*)", "(*)", "*=>[KNN 10 @embedding $vector]", "a=>[KNN 1 @embedding $v AS d]", "a => { $weight: 5 }"),
    *("@tenant:{theirs}", "@tenant:{*}", "@tenant:{mine|theirs}", "-@tenant:{mine}", "~@tenant:{theirs}", "@_keys:{*}"),
    *("a} | @tenant:{theirs", "a}) | (@tenant:{theirs", "x} @tenant:{theirs} | @tag:{x", "a|theirs", "a | b", "a}|{b", "}", "{", "{}"),
    *("a) | (b", ") | (*", "(a", "a))", "(((((((((((", "[-inf +inf]", "[(1 (2]", "1 2", "[1 2]", "@n:[-inf +inf]", "inf", "-inf", "nan"),
    *("%a%", "%%a%%", "%%%a%%%", "w'*'", "w'?'", "w'a*'", "'a'", '"a"', '"a" | "b"', "'", '"', "\\", "\\\\", "\\*", "\\}", "a\\", "a\\}"),
    *("ismissing(@tag)", "-ismissing(@tag)", "@tag:{a} | *", "a -b", "-a", "~a", "a~b", "a OR b", "a AND b", "NOT a", "a*", "*a", "*a*", "a?b"),
    *("{$inf}", "[lon lat 1 km]", "[0 0 1000 km]", "@point:[0 0 10000 km]", "@_text:(a)", "@__key:{a}", "=>", "=>{", "$vector", "$v", "$1"),
    *("a:b", "a;b", "a,b", "a|b", "a, b", "a\x1fb", "\x1f", "a\x1f", "mine\x1ftheirs", "mine,theirs", "mine|theirs", "mine theirs"),
]
_WORDS = [
    *("AS", "AND", "OR", "NOT", "INKEYS", "INFIELDS", "LIMIT", "LIMIT 0 0", "NOCONTENT", "RETURN", "RETURN 1 tag", "SORTBY", "DIALECT"),
    *("DIALECT 1", "PARAMS", "PARAMS 2 a b", "TIMEOUT", "WITHSCORES", "VERBATIM", "INORDER", "SLOP", "LANGUAGE", "EXPANDER", "SCORER"),
    *("TAG", "tag", "NUMERIC", "TEXT", "text", "GEO", "VECTOR", "SORTABLE", "NOINDEX", "NOSTEM", "UNF", "WEIGHT", "SEPARATOR", "PHONETIC"),
    *("CASESENSITIVE", "WITHSUFFIXTRIE", "INDEXEMPTY", "INDEXMISSING", "SCHEMA", "PREFIX", "STOPWORDS", "FILTER", "GEOFILTER", "LOAD"),
    *("APPLY", "GROUPBY", "REDUCE", "WITHCURSOR", "the", "and", "or", "not", "is", "a", "null", "nil", "None", "undefined", "NaN", "true"),
    *("false", "True", "0", "1", "-1", "00710", "1e5", "0x10", "1_000", "١٢٣", "id", "embedding", "metadata", "vector_distance", "payload"),
    *("score", "self", "_keys", "_doc_id", "_node", "_text", "__key", "__score", "+tag", "-tag", "+", "-", "_k_a", "_k_", "_", "__"),
]
_PLACEHOLDERS = [
    *("{}", "{0}", "{field}", "{value}", "%s", "%d", "%(a)s", "${a}", "$vector", "$yield_distance_as", "@{}:{{{}}}", "{_operator}", "{_filter}"),
    *("$.a", "$..*", "$", "$.index.tag", "$[0]", "$['a']", '$["tenant"]', '"]', "']", '"].x', "$.metadata.tenant", ".", "..", "a..b", ".a", "a."),
    *("\r\nFLUSHALL\r\n", "*1\r\n$8\r\nFLUSHALL\r\n", "FT.DROPINDEX", "; FLUSHALL", "' OR '1'='1", "'; DROP TABLE x; --", "<script>", "../../x"),
    *("redis.call('FLUSHALL')", "]]", "[[", "--", "{{7*7}}", "$eq", "$ne", "$or", '{"$ne": null}', "\\u0000", "\\x00", "%00", "&#0;", "\\n"),
]
_UNICODE = [
    *("ä", "Ä", "a\u0308", "é", "e\u0301", "ß", "ẞ", "ss", "İ", "i\u0307", "ı", "K", "\u212a", "ﬁ", "fi", "Å", "\u212b", "①", "½", "㎞", "Ω", "\u2126"),
    *("日本", "日本語", "한국", "🙂", "👨‍👩‍👧", "👍🏽", "\u0301", "\u200b", "a\u200bb", "a\u200cb", "a\u200db", "\u202etheirs", "a\u00adb", "\ufffd"),
    *("\u0430", "\uff0a", "\uff20tenant\uff1a\uff5btheirs\uff5d", "\uff5c", "\u2223", "\uff3c", "\u2019", "\u201ca\u201d", "\u2010", "\u2212"),
    *("\ue000", "\U0010fe00", "\U0010fe80", "\U0010fe81", "\U0010ffff", "\U0010fe61", "\uffff", "x\U0010fe20", "mine\u0000", "m\u0131ne", "MINE", "ｍｉｎｅ"),
]
_LONG = ["a" * 4095, "a" * 4096, "a" * 4097, "a" * 4096 + "b", "ä" * 2047, "ä" * 2048, "ä" * 2048 + "b", "*" * 5000, "@a:{b} " * 700, "x y " * 3000, "(" * 2000]

HOSTILE: list[str] = list(
    dict.fromkeys([*_PLACED, *_CONTROL, *_BLANKS, *_QUERY, *_WORDS, *_PLACEHOLDERS, *_UNICODE, *_LONG, "", "mine", "theirs"])
)
"""The corpus, each string once."""
