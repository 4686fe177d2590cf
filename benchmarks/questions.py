"""Questions about Python's standard library as developers ask them, each with the passages that answer it.

The names are those of `examples/stdlib_corpus` on Python 3.11. Written by hand: no question names what it looks for,
and none quotes its docstring. Some share words with it, others none. Where several passages answer equally well, all
count; private helpers do not.

    python benchmarks/questions.py      checks each of these claims against the corpus
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

MOST_WORDS_SHARED = 4
"""How many words on end a question may share with an answer by chance."""

QUESTIONS: list[tuple[str, tuple[str, ...]]] = [
    # Files and folders
    ("how do I get the extension of a file name?", ("pathlib.PurePath.suffix", "genericpath._splitext")),
    (
        "search all subfolders for files that fit a wildcard",
        ("pathlib.Path.rglob", "pathlib.Path.glob", "glob.glob", "glob.iglob"),
    ),
    ("read a whole text file into a string and have it closed for me", ("pathlib.Path.read_text",)),
    (
        "my path has .. and symlinks in it, what does it really point to?",
        ("pathlib.Path.resolve", "posixpath.realpath"),
    ),
    (
        "make a directory along with those above it that are missing",
        ("os.makedirs", "pathlib.Path.mkdir", "distutils.dir_util.mkpath"),
    ),
    ("visit every folder under a root, from the top down", ("os.walk", "os.fwalk")),
    ("read an environment variable, with a default when it isn't set", ("os.getenv",)),
    (
        "how many processor cores does this machine have?",
        ("os.cpu_count", "multiprocessing.context.BaseContext.cpu_count"),
    ),
    ("rename a file to a name that may be taken already", ("os.replace", "pathlib.Path.replace", "shutil.move")),
    ("how do I delete a whole directory tree?", ("shutil.rmtree", "distutils.dir_util.remove_tree")),
    ("how much free space is left on a disk?", ("shutil.disk_usage",)),
    ("where on the PATH is this program?", ("shutil.which", "distutils.spawn.find_executable")),
    ("recursively duplicate a directory", ("shutil.copytree", "distutils.dir_util.copy_tree")),
    ("I need a temporary directory that is removed when I'm done", ("tempfile.TemporaryDirectory",)),
    ("a temporary file that stays in memory until it gets too large", ("tempfile.SpooledTemporaryFile",)),
    ("extract every member of a zip archive to a directory", ("zipfile.ZipFile.extractall", "shutil.unpack_archive")),
    (
        "bundle a directory into a zip or tarball in one call",
        ("shutil.make_archive", "distutils.archive_util.make_archive"),
    ),
    ("read a gzip-compressed log as text", ("gzip.open",)),
    (
        "treat several files given on the command line as one stream of lines",
        ("fileinput", "fileinput.input", "fileinput.FileInput"),
    ),
    # Data formats
    (
        "serialize a Python object as JSON",
        ("json.dumps", "json.dump", "json.encoder.JSONEncoder", "json.encoder.JSONEncoder.encode"),
    ),
    ("format JSON nicely from the terminal", ("json.tool",)),
    ("read the rows of a comma separated file", ("csv.reader", "csv")),
    (
        "find out the delimiter and quote character of a CSV sample",
        ("csv.Sniffer.sniff", "csv.Sniffer"),
    ),
    (
        "parse a configuration file with sections and options",
        (
            "configparser",
            "configparser.ConfigParser",
            "configparser.RawConfigParser.read",
            "configparser.RawConfigParser.read_file",
        ),
    ),
    ("read pyproject.toml", ("tomllib._parser.load", "tomllib._parser.loads")),
    ("replace &, < and > so that text can be shown on a web page", ("html.escape", "xml.sax.saxutils.escape")),
    ("pull the links out of a web page", ("html.parser.HTMLParser", "html.parser")),
    ("load an XML document into a tree", ("xml.etree.ElementTree.parse", "xml.etree.ElementTree.ElementTree.parse")),
    ("parse XML incrementally and see elements as they come", ("xml.etree.ElementTree.iterparse",)),
    (
        "put binary data into an ASCII form that survives e-mail",
        ("base64.b64encode", "base64.standard_b64encode", "base64.encodebytes"),
    ),
    ("lay out integers and floats as bytes, the way C does", ("struct.pack", "struct")),
    ("store Python objects on disk and get them back later", ("pickle", "pickle._Pickler.dump", "shelve")),
    ("guess the content type from a filename", ("mimetypes.guess_type", "mimetypes.MimeTypes.guess_type")),
    # Text
    ("replace all occurrences of a regex pattern in a string", ("re.sub", "re.Pattern.sub", "re.subn")),
    ("treat special characters in user input literally inside a pattern", ("re.escape",)),
    ("cut a string into a list wherever a pattern occurs", ("re.split", "re.Pattern.split")),
    ("string with $-placeholders to be substituted", ("string.Template",)),
    (
        "break a long paragraph into lines of at most 70 characters",
        (
            "textwrap.wrap",
            "textwrap.fill",
            "textwrap.TextWrapper",
            "textwrap.TextWrapper.wrap",
            "textwrap.TextWrapper.fill",
        ),
    ),
    ("remove the indentation that all lines of a string have in common", ("textwrap.dedent", "inspect.cleandoc")),
    ("cut a long text to a width and end it with dots", ("textwrap.shorten",)),
    ("find the best matches for a misspelled word", ("difflib.get_close_matches",)),
    (
        "show the differences between two lists of lines",
        ("difflib.unified_diff", "difflib.context_diff", "difflib.ndiff", "difflib.Differ", "difflib.Differ.compare"),
    ),
    ("bring a Unicode string into its normal form", ("unicodedata.normalize", "unicodedata.UCD.normalize")),
    (
        "write a number with grouping as in the user's locale",
        ("locale.format_string", "locale.localize"),
    ),
    ("take a command line apart using shell-like syntax", ("shlex.split", "shlex.shlex", "shlex")),
    # Collections and iteration
    ("Cartesian pairs of several iterables, as nested for-loops would give", ("itertools.product",)),
    ("iterate over several iterables one after the other", ("itertools.chain", "itertools.chain.from_iterable")),
    ("running sums of an iterable", ("itertools.accumulate",)),
    ("overlapping pairs of neighbours from an iterator", ("itertools.pairwise",)),
    ("all orders in which things can be arranged", ("itertools.permutations",)),
    ("group consecutive items that have the same key", ("itertools.groupby",)),
    (
        "count hashable items and list the most common ones",
        ("collections.Counter", "collections.Counter.most_common", "collections.Counter.__init__"),
    ),
    ("a dict that calls a factory for missing keys", ("collections.defaultdict",)),
    ("append and pop quickly at both ends", ("collections.deque",)),
    ("look a key up in multiple dicts as if they were one mapping", ("collections.ChainMap",)),
    ("make a tuple class with named fields", ("collections.namedtuple", "typing.NamedTuple")),
    ("the three biggest elements without sorting everything", ("heapq.nlargest",)),
    ("join several sorted streams into one that is sorted too", ("heapq.merge",)),
    (
        "at which index do I insert an item so that a list stays sorted?",
        ("bisect.bisect_right", "bisect.bisect_left", "bisect.insort_right", "bisect.insort_left"),
    ),
    ("duplicate a nested structure so that the two share nothing", ("copy.deepcopy",)),
    ("sort dictionaries by one of their keys", ("operator.itemgetter",)),
    (
        "sort a graph of nodes so that each comes after those it depends on",
        ("graphlib.TopologicalSorter", "graphlib.TopologicalSorter.static_order"),
    ),
    # Numbers
    ("put a list into random order", ("random.Random.shuffle",)),
    ("random selection with weights, the same element may come twice", ("random.Random.choices",)),
    ("choose some elements at random without taking one twice", ("random.Random.sample",)),
    ("a secure random string that can stand in a URL", ("secrets.token_urlsafe", "secrets.token_hex")),
    (
        "the middle value of a series of measurements",
        ("statistics.median", "statistics.median_low", "statistics.median_high"),
    ),
    (
        "what is the standard deviation of my data?",
        ("statistics.stdev", "statistics.pstdev", "statistics.variance", "statistics.pvariance"),
    ),
    ("slope and intercept of a line through data points", ("statistics.linear_regression",)),
    (
        "round a decimal to two places",
        ("decimal.Decimal.quantize", "_pydecimal.Decimal.quantize"),
    ),
    ("closest fraction with a denominator below a limit", ("fractions.Fraction.limit_denominator",)),
    ("are two floating point numbers nearly the same?", ("math.isclose", "cmath.isclose")),
    ("greatest divisor that two integers have in common", ("math.gcd",)),
    # Dates and times
    (
        "parse a date from text in a format of my own",
        ("datetime.datetime.strptime", "time.strptime", "_strptime._strptime_datetime"),
    ),
    ("is 2100 a leap year?", ("calendar.isleap",)),
    ("how many days does February have this year?", ("calendar.monthrange",)),
    (
        "performance counter for benchmarking",
        ("time.perf_counter", "time.perf_counter_ns", "timeit.timeit", "timeit.Timer.timeit", "timeit"),
    ),
    ("a clock that never goes backwards", ("time.monotonic", "time.monotonic_ns")),
    ("delay execution for some seconds", ("time.sleep",)),
    ("write a date and time in ISO format", ("datetime.datetime.isoformat", "datetime.date.isoformat")),
    # Concurrency
    (
        "run several coroutines and collect their results",
        ("asyncio.tasks.gather", "asyncio.taskgroups.TaskGroup"),
    ),
    (
        "wait for a coroutine, but at most a few seconds",
        ("asyncio.tasks.wait_for", "asyncio.timeouts.timeout", "asyncio.timeouts.Timeout"),
    ),
    ("call blocking code from a coroutine without stalling the event loop", ("asyncio.threads.to_thread",)),
    ("execute a coroutine from synchronous code", ("asyncio.runners.run", "asyncio.runners.Runner.run")),
    (
        "limit how many coroutines enter at the same time, with a counter",
        ("asyncio.locks.Semaphore", "asyncio.locks.BoundedSemaphore"),
    ),
    ("protect a future from being cancelled", ("asyncio.tasks.shield",)),
    ("call a function later, after some seconds, in another thread", ("threading.Timer",)),
    ("let a group of threads block until all of them are there", ("threading.Barrier", "threading.Barrier.wait")),
    (
        "tell waiting threads that something has happened",
        ("threading.Event", "threading.Event.set", "threading.Condition.notify_all"),
    ),
    ("a variable with a separate value in each thread", ("_threading_local",)),
    (
        "execute another program and get what it printed",
        ("subprocess.run", "subprocess.check_output", "subprocess.getoutput", "subprocess.getstatusoutput"),
    ),
    (
        "apply a function to each element in parallel with a pool of processes",
        (
            "multiprocessing.pool.Pool.map",
            "concurrent.futures.process.ProcessPoolExecutor.map",
            "multiprocessing.pool.Pool.imap",
        ),
    ),
    (
        "let two processes see the same memory without sending it",
        ("multiprocessing.shared_memory.SharedMemory", "multiprocessing.shared_memory"),
    ),
    (
        "iterate over futures as they finish",
        ("concurrent.futures._base.as_completed", "asyncio.tasks.as_completed"),
    ),
    ("retrieve entries from a queue by priority", ("queue.PriorityQueue",)),
    # Functions, classes, context managers
    ("memoize a function, and forget what was least recently used", ("functools.lru_cache", "functools.cache")),
    ("fix some arguments of a function in advance", ("functools.partial",)),
    (
        "write a decorator that keeps the name and docstring of what it decorates",
        ("functools.wraps", "functools.update_wrapper"),
    ),
    ("fold a list into one value, left to right", ("functools.reduce",)),
    (
        "generic function with an implementation for each type",
        ("functools.singledispatch", "functools.singledispatchmethod"),
    ),
    ("write something for the with statement as a generator", ("contextlib.contextmanager",)),
    ("ignore specified exceptions in a with block", ("contextlib.suppress",)),
    ("manage a variable number of with-blocks and exit callbacks", ("contextlib.ExitStack",)),
    ("temporarily send stdout to a file", ("contextlib.redirect_stdout",)),
    ("make a dict out of a dataclass instance", ("dataclasses.asdict",)),
    ("generate __init__, __repr__ and __eq__ for a class with fields", ("dataclasses.dataclass",)),
    ("copy of an object with new values for some fields", ("dataclasses.replace",)),
    ("resolve the forward references in a function's type annotations", ("typing.get_type_hints",)),
    ("duck typing that a static type checker understands", ("typing.Protocol",)),
    ("integer-based flags", ("enum.IntFlag",)),
    ("forbid two names for the same value in an enumeration", ("enum.unique", "enum.verify")),
    # Looking inside a running program
    (
        "the names and defaults of a function's parameters",
        ("inspect.signature", "inspect.getfullargspec", "inspect.Signature"),
    ),
    ("see the code of a function as it was written", ("inspect.getsource", "inspect.getsourcelines")),
    ("exception and stack trace as a list of strings", ("traceback.format_exception",)),
    ("which objects refer directly to this one?", ("gc.get_referrers",)),
    ("run a garbage collection by hand", ("gc.collect",)),
    ("a cache whose entries disappear when nobody else uses them", ("weakref.WeakValueDictionary", "weakref")),
    ("call a function when an object is garbage collected", ("weakref.finalize",)),
    (
        "which lines allocate the most memory?",
        ("tracemalloc.Snapshot.statistics", "tracemalloc.take_snapshot", "tracemalloc.Snapshot"),
    ),
    ("size of an object in bytes", ("sys.getsizeof",)),
    ("raise the limit on how deep recursive calls may go", ("sys.setrecursionlimit",)),
    ("end the program with an error code", ("sys.exit",)),
    (
        "am I on Linux, on a Mac or on Windows?",
        ("platform.system", "platform.platform", "platform.uname", "os.uname", "sysconfig.get_platform"),
    ),
    ("safely evaluate a string containing a Python literal", ("ast.literal_eval",)),
    ("import a module programmatically, given its name", ("importlib.import_module",)),
    # Programs and their users
    (
        "parse the options and arguments of a command line",
        ("argparse", "argparse.ArgumentParser", "optparse", "getopt", "getopt.getopt"),
    ),
    ("add the default values to the help text of each argument", ("argparse.ArgumentDefaultsHelpFormatter",)),
    (
        "begin a new log file when the old one gets too big",
        ("logging.handlers.RotatingFileHandler", "logging.handlers.RotatingFileHandler.__init__"),
    ),
    ("begin a new log file each midnight", ("logging.handlers.TimedRotatingFileHandler",)),
    ("basic configuration for logging", ("logging.basicConfig",)),
    ("log an error along with its traceback", ("logging.exception", "logging.Logger.exception")),
    ("prompt for a password without echo", ("getpass.unix_getpass", "getpass.win_getpass", "getpass")),
    (
        "print a deeply nested dict so that a human can read it",
        ("pprint.pprint", "pprint.pformat", "pprint.pp", "pprint"),
    ),
    # Tests
    ("replace an attribute with a mock during a test", ("unittest.mock.patch", "unittest.mock._patch_object")),
    (
        "check in a test that an exception is raised",
        ("unittest.case.TestCase.assertRaises", "unittest.case.TestCase.assertRaisesRegex"),
    ),
    ("prepare the test fixture before each test", ("unittest.case.TestCase.setUp",)),
    ("leave a test out on Windows", ("unittest.case.skipIf", "unittest.case.skipUnless")),
    # Databases and networks
    ("insert many rows with one SQL statement", ("sqlite3.Connection.executemany", "sqlite3.Cursor.executemany")),
    ("add a user-defined function to SQLite", ("sqlite3.Connection.create_function",)),
    ("undo pending changes of a database transaction", ("sqlite3.Connection.rollback",)),
    ("parse a URL into its components", ("urllib.parse.urlparse", "urllib.parse.urlsplit")),
    ("encode a dict as a query string for a URL", ("urllib.parse.urlencode",)),
    ("make an absolute URL from a base and a relative one", ("urllib.parse.urljoin",)),
    ("download a web page", ("urllib.request.urlopen", "urllib.request.urlretrieve", "urllib.request")),
    ("share the files of a folder with a browser", ("http.server.SimpleHTTPRequestHandler", "http.server")),
    ("remember cookies from one request to the next", ("http.cookiejar.CookieJar", "http.cookiejar")),
    ("talk TCP to a host and port", ("socket.create_connection", "asyncio.streams.open_connection")),
    (
        "which IP address belongs to a host name?",
        ("socket.gethostbyname", "socket.gethostbyname_ex", "socket.getaddrinfo"),
    ),
    (
        "handle each request of a server in a new thread",
        ("socketserver.ThreadingMixIn", "socketserver.ThreadingMixIn.process_request"),
    ),
    ("parse an e-mail address into real name and address", ("email.utils.parseaddr",)),
    ("send mail through a server", ("smtplib.SMTP.sendmail", "smtplib.SMTP.send_message", "smtplib.SMTP")),
    ("digest of the contents of a large file", ("hashlib.file_digest",)),
    ("keyed hash to authenticate a message", ("hmac", "hmac.new", "hmac.HMAC", "hmac.digest")),
    ("generate a random UUID", ("uuid.uuid4",)),
    (
        "is this IP address from a private network?",
        ("ipaddress.IPv4Address.is_private", "ipaddress._BaseNetwork.is_private"),
    ),
]
"""Each question with the qualified names of the passages that answer it, any of which counts."""


def main() -> None:
    """Check the questions against the corpus of the running Python.

    Raises:
        SystemExit: A name is unknown, or a question names or quotes what it looks for; each is listed.
    """
    sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))
    from stdlib_corpus import read_stdlib  # noqa: PLC0415  (found by the line above)

    texts = {passage.qualname: passage.text for passage in read_stdlib()}
    faults = [f"{question}: {fault}" for question, names in QUESTIONS for fault in _faults(question, names, texts)]
    if len({question for question, _ in QUESTIONS}) < len(QUESTIONS):
        faults.append("a question is asked twice")
    if faults:
        sys.exit("\n".join(faults))
    modules = {name.partition(".")[0].lstrip("_") for _, names in QUESTIONS for name in names}
    print(f"{len(QUESTIONS)} questions on {len(modules)} modules; all answers are among {len(texts):,} passages")


def _faults(question: str, names: tuple[str, ...], texts: dict[str, str]) -> Iterator[str]:
    words = _words(question)
    for name in names:
        if name not in texts:
            yield f"{name} is not in the corpus"
            continue
        if name.rpartition(".")[2].casefold() in words:
            yield f"{name} is named"
        answer = " ".join(_words(texts[name]))
        for start in range(len(words) - MOST_WORDS_SHARED):
            if (run := " ".join(words[start : start + MOST_WORDS_SHARED + 1])) in answer:
                yield f"{name} is quoted: {run}"


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


if __name__ == "__main__":
    main()
