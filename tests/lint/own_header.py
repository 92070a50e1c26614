"""foo.cpp includes its own foo.h first: so compiling foo.cpp proves that foo.h compiles alone.

The headers without a .cpp of their own are compiled by the target headers_alone (tests/lint/CMakeLists.txt).
"""
from source import Finding


def check(source, paths):
    """`paths`: every path of the tree, to know whether a .cpp has a header of its own."""
    if source.path.endswith(".h"):
        if "#pragma once" not in source.without_comments:
            return [Finding(source.path, 1, "pragma-once", "the header has no #pragma once", "put it after the head comment")]
        return []
    own = source.path[: -len(".cpp")] + ".h"
    if own not in paths:
        return []
    includes = source.includes()
    if includes and includes[0].path == own:
        return []
    line = includes[0].line if includes else 1
    return [Finding(source.path, line, "own-header", f'the first include is not "{own}"',
                    "include the file's own header first: it then proves that the header compiles alone")]
