"""The words people read, in Chinese and English: one table a language, the same keys in both.

Rooms that compute give facts; a page or a command names the sentence by its key and fills it here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

__all__ = [
    "BRACKETS",
    "CENTRES",
    "CENTRE_ENDINGS",
    "ENDINGS",
    "LANGUAGES",
    "TOWN_ENDINGS",
    "Words",
    "also_called",
    "both",
    "capital",
    "ended_so",
    "joined",
    "language",
    "parameter_words",
    "said",
    "say_in",
    "simple_pairs",
    "simplified",
    "word_table",
]  # fmt: skip

#: Language → its tag in HTML.
LANGUAGES: Mapping[str, str] = MappingProxyType({"zh": "zh-CN", "en": "en"})


class Words(NamedTuple):
    """The same words in Chinese and English."""

    zh: str
    en: str


#: The head of a table. A command needs a few tables of some dozens: only these are parsed.
_HEAD = re.compile(r"^\[(\w+)\][ \t]*(?:#.*)?$", re.MULTILINE)

#: A line of a table: no escape but those that JSON has too.
_LINE = re.compile(r'([\w-]+|"[^"\\]+") = ("(?:[^"\\\t]|\\["\\bfnrt]|\\u[0-9A-Fa-f]{4})*")')


@cache
def _parts(lang: str) -> Mapping[str, str]:
    """The text of each table of a language, by name."""
    text = (Path(__file__).parent / "words" / f"{lang}.toml").read_text("utf-8")
    heads = list(_HEAD.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return {head[1]: text[head.end() : end] for head, end in zip(heads, ends, strict=True)}


@cache
def _table(lang: str, name: str) -> Mapping[str, str]:
    text = _parts(lang)[name]
    lines = [_LINE.fullmatch(line) for line in text.splitlines() if line and not line.startswith("#")]
    if all(lines):
        # a key and a text in double quotes: JSON reads it as TOML does, and needs no parser written in Python
        return {line[1].strip('"'): json.loads(line[2]) for line in lines if line}
    import tomllib

    return tomllib.loads(text)


@cache
def word_table(name: str) -> Mapping[str, Words]:
    """Return one table of the words by key, both languages.

    Raises
    ------
    KeyError
        There is no such table.

    Examples
    --------
    >>> word_table("verdict")["inside"]
    Words(zh='达标', en='met')
    """
    zh, en = (_table(lang, name) for lang in LANGUAGES)
    return MappingProxyType({key: Words(text, en[key]) for key, text in zh.items()})


class _Counted:
    """A fact, and how a place of a sentence is filled with it."""

    def __init__(self, fact: object) -> None:
        self.fact = fact

    def __format__(self, spec: str) -> str:
        how, sign, words = spec.partition("!")
        text = format(self.fact, how)
        if not sign:
            return text
        one, _, many = words.partition("|")
        return f"{text} {one if text == '1' else many or one + 's'}"


def say_in(lang: str, key: str, /, **facts: object) -> str:
    """Return the sentence ``table.key`` in `lang`, its places filled; of :class:`Words` each its own.

    A place ``{count:!county|counties}`` is filled with a number and the word that goes with it; the plural of one word
    alone ends in s, and what stands before the sign is how the number is written: ``{people:,.0f!resident}``.

    Raises
    ------
    KeyError
        There is no such sentence, or a place in it is not filled.

    Examples
    --------
    >>> say_in("en", "explain.part", name=Words("候车", "wait"), minutes=4.0)
    'wait 4.0 min'
    >>> say_in("en", "answer.inside", places=1, minutes=60), say_in("en", "answer.inside", places=2, minutes=60)
    ('1 place in 60 min', '2 places in 60 min')
    """
    table, _, name = key.partition(".")
    i = list(LANGUAGES).index(lang)
    told = {fact: value[i] if isinstance(value, Words) else _Counted(value) for fact, value in facts.items()}
    sentence = _table(lang, table)[name]
    return sentence.format(**told) if told else sentence


def both(key: str, /, **facts: object) -> Words:
    """Return the sentence ``table.key`` in both languages; see :func:`say_in`."""
    return Words(*(say_in(lang, key, **facts) for lang in LANGUAGES))


def joined(parts: list[Words], separator: str = "list.comma") -> Words:
    """Return the words one after the other, between them the separator of each language."""
    between = both(separator)
    return Words(*(between[i].join(part[i] for part in parts) for i in range(len(LANGUAGES))))


def capital(words: Words) -> Words:
    """Return the words with a capital letter at the head of the English."""
    return Words(words.zh, words.en[:1].upper() + words.en[1:])


def parameter_words(name: str) -> Words:
    """Return what a parameter is called; one that has no words of its own is called by its name."""
    return word_table("parameter").get(name, Words(name, name))


def language(environment: Mapping[str, str] | None = None) -> str:
    """Return the language the environment asks for: ``zh`` by LC_ALL, LC_MESSAGES or LANG, else ``en``.

    Examples
    --------
    >>> language({"LANG": "zh_CN.UTF-8"}), language({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}), language({})
    ('zh', 'en', 'en')
    """
    known = os.environ if environment is None else environment
    asked = next((known[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if known.get(name)), "")
    return "zh" if asked.lower().startswith("zh") else "en"


@cache
def _simple() -> Mapping[int, str]:
    """Traditional characters and the simplified ones they stand for (OpenCC's table, one to one)."""
    lines = (Path(__file__).parent / "words" / "traditional.txt").read_text("utf-8").splitlines()
    return MappingProxyType({ord(sign): simple for sign, simple in zip(*lines, strict=True)})


def simplified(text: str) -> str:
    """Return `text` in simplified characters.

    Examples
    --------
    >>> simplified("廣東 · 陽江")
    '广东 · 阳江'
    """
    return text.translate(_simple())


def simple_pairs(texts: Iterable[str]) -> list[str]:
    """Return two texts of one length, traditional and simplified characters, for what `texts` may be typed as.

    Examples
    --------
    >>> simple_pairs(["阳江"])
    ['陽', '阳']
    """
    held = set("".join(map(simplified, texts)))
    pairs = [(chr(sign), simple) for sign, simple in _simple().items() if simple in held]
    return ["".join(pair[i] for pair in pairs) for i in (0, 1)]


#: What may be said or left out at the end of the name of a point of the network, by its kind.
ENDINGS = {
    "stop": ("站", "火车站", "高铁站", " Station", " Railway Station"),
    "airport": ("机场", "国际机场", " Airport", " International Airport"),
    "port": ("", "码头"),
    "junction": ("枢纽", "出口", "互通", "收费站"),
}
#: Junctions that stand for the middle of a city or county beyond the layer of places; those of towns are `town`. Who
#: says 番禺 or 虎门 means it, not the station.
CENTRES = ("city_centre", "district_centre", "county_seat")
CENTRE_ENDINGS = ("区", "市", "县", " District")
#: What may be said at the end of the name of a town, of a junction that stands for one or of a middle in one.
TOWN_ENDINGS = ("镇", "街道", " Town")
BRACKETS = r"[(（]([^)）]*)[)）]"


def said(level: str, name_zh: str, name_en: str, city: str) -> tuple[set[str], set[str]]:
    """Return the stems of a point's names, without what may be left out, and the stems with what may be added."""
    bare = [re.sub(BRACKETS, "", name) for name in (name_zh, name_en)]
    parts = [part.strip() for name in bare for part in (name, *name.split("/"))]
    endings = ENDINGS[level]
    stems = {name.removesuffix(ending) for name in parts for ending in ("", *endings)}
    if level in ("airport", "port"):
        stems |= {stem.removeprefix(city) for stem in stems}
    stems -= {""}
    return stems, {stem + ending for stem in stems for ending in endings}


def ended_so(stems: Iterable[str], endings: Iterable[str]) -> set[str]:
    """Return the stems with each of the endings in their writing."""
    return {stem + ending for stem in stems for ending in endings if stem.isascii() == ending.isascii()}


def also_called(layer: str, name_zh: str, name_en: str, city: str) -> tuple[str, ...]:
    """Return what a station, airport or port may also be called; nothing for features of other layers.

    Examples
    --------
    >>> also_called("stations", "珠海", "Zhuhai", "珠海")
    ('Zhuhai Railway Station', 'Zhuhai Station', '珠海火车站', '珠海站', '珠海高铁站')
    """
    level = {"stations": "stop", "airports": "airport", "ports": "port"}.get(layer)
    if level is None:
        return ()
    stems, _ = said(level, name_zh, name_en, city)
    endings = [ending for ending in ENDINGS[level] if ending]
    bare = [stem for stem in stems if not any(stem.endswith(ending.strip()) for ending in endings)]
    ended = ended_so(bare, endings)
    with_city = {city + name for name in ended if not name.isascii() and not name.startswith(city)}
    return tuple(sorted((ended | with_city) - {name_zh, name_en}))
