"""Globs match S3 keys like paths, case-sensitively, and in bounded time."""

import re

from hypothesis import given
from hypothesis import strategies as st

from resizer.settings.rules import glob_matches
from tests.support.rule_files import GLOBS

MATCHED = [
    ("avatars/**", ["avatars/7.jpg", "avatars/a/b.jpg", "avatars/", "avatars//x", "avatars/../x", "avatars/.x"]),
    ("users/*/photo.*", ["users/7/photo.jpg", "users//photo.", "users/../photo.png"]),
    ("**", ["x", "/", "a/b", "a\nb", "x\n"]),
    ("**/a.jpg", ["a.jpg", "/a.jpg", "x/y/a.jpg", "..//a.jpg"]),
    ("a/**/b", ["a/b", "a//b", "a/x/y/b", "a/b/b"]),
    ("**/b/**/c", ["b/c", "b/x/b/c", "a/b/c/c"]),
    ("*", [".hidden", "a\nb", "été.jpg"]),
    ("*.jpg", ["a.jpg", ".jpg", "a\n.jpg"]),
    ("/a/*", ["/a/x", "/a/"]),
    ("a//b", ["a//b"]),
    ("[ab]?.jpg", ["a1.jpg", "bb.jpg"]),
    ("[!a]x", ["bx"]),
    ("{a,b}", ["{a,b}"]),
    ("[*]", ["*"]),
    ("!x", ["!x"]),
]
NOT_MATCHED = [
    ("avatars/**", ["avatars", "avatar/x", "Avatars/x", "x/avatars/7", "/avatars/x"]),
    ("users/*/photo.*", ["users/7/8/photo.jpg", "users/7/photo", "users/7/photo.d/x", "users/photo.jpg"]),
    ("*", ["a/b", "/a", "a/"]),
    ("*.jpg", ["a.JPG", "a.jpg\n", "a/b.jpg", "a.jpg/"]),
    ("**/a.jpg", ["xa.jpg", "a.jpg/x"]),
    ("a/*", ["a//b", "a", "/a/b"]),
    ("a/**/b", ["a/xb", "ab", "a/b/c"]),
    ("a//b", ["a/b"]),
    ("été", ["e\u0301te\u0301"]),
    ("a", ["a ", "A"]),
]


def test_keys_that_match() -> None:
    """`*` matches within a folder, `**` across folders; a folder can have any name, or an empty one."""
    for glob, key in [(glob, key) for glob, keys in MATCHED for key in keys]:
        assert glob_matches(glob, key)


def test_keys_that_do_not_match() -> None:
    """Case and slashes matter, and a glob must match the whole key."""
    for glob, key in [(glob, key) for glob, keys in NOT_MATCHED for key in keys]:
        assert not glob_matches(glob, key)


@given(GLOBS, st.text("ab/x.\n", min_size=1, max_size=12))
def test_a_glob_matches_like_its_regular_expression(glob: str, key: str) -> None:
    """For any glob and key the result is that of the equivalent regular expression."""
    words = {"*": "[^/]*", "x*": "x[^/]*", "*.jpg": r"[^/]*\.jpg", "?": "[^/]", "[ab]": "[ab]", "..": r"\.\."}
    *first, last = glob.split("/")
    expression = "".join("(?:[^/]*/)*" if part == "**" else words.get(part, part) + "/" for part in first)
    expression += "(?:[^/]*/)*[^/]*" if last == "**" else words.get(last, last)
    assert glob_matches(glob, key) == bool(re.fullmatch(expression, key, re.DOTALL))


def test_no_key_takes_exponential_time() -> None:
    """A key that almost matches in very many ways takes a bounded number of steps."""
    assert not glob_matches("/".join(["**", "*a*a*a*b"] * 12), "/".join(["a" * 20] * 48) + "/c")
