"""The cache of compiled code is reused, never outdated, and not required."""

import importlib.util
import sys
import tempfile

import pytest

from tiekd.synth import jit as jit_module
from tiekd.synth.jit import inline, jit, source_digest

CALLER = "def caller(x):\n    return helper(x)\n"


def plus_one(x):
    return x + 1


def plus_two(x):
    return x + 2


@pytest.fixture
def compile_caller(tmp_path, monkeypatch):
    """Compile the function of CALLER as a new process would, with `helper` as the function it calls."""
    path = tmp_path / "caller_module.py"
    path.write_text(CALLER)

    def load(helper):
        spec = importlib.util.spec_from_file_location("caller_module", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        monkeypatch.setitem(sys.modules, "caller_module", module)  # cached code is looked up by module
        module.helper = inline(helper)
        return jit(module.caller)

    return load


def cache_files(tmp_path):
    return sorted(path.name for path in tmp_path.rglob("*.nb[ic]"))


def test_machine_code_is_used_again(compile_caller, tmp_path):
    assert compile_caller(plus_one)(4) == 5
    files = cache_files(tmp_path)
    again = compile_caller(plus_one)
    assert again(4) == 5
    assert sum(again.stats.cache_hits.values()) == 1
    assert cache_files(tmp_path) == files != []


def test_a_change_in_another_source_compiles_anew(compile_caller, monkeypatch):
    assert compile_caller(plus_one)(4) == 5
    monkeypatch.setattr(jit_module, "_SOURCES", "another")
    assert compile_caller(plus_two)(4) == 6


def test_without_a_writable_folder_code_is_compiled_but_not_kept(compile_caller, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError("read-only")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    compiled = compile_caller(plus_one)
    assert compiled(4) == 5
    assert compiled.stats.cache_path is None
    assert cache_files(tmp_path) == []


def test_names_stay_as_they_were_written(compile_caller):
    assert compile_caller(plus_one).py_func.__qualname__ == "caller"


def test_the_digest_follows_names_and_contents(tmp_path):
    source = tmp_path / "a.py"
    source.write_text("x = 1\n")
    first = source_digest(tmp_path)
    (tmp_path / "notes.txt").write_text("no source")
    assert source_digest(tmp_path) == first
    source.write_text("x = 2\n")
    second = source_digest(tmp_path)
    assert second != first
    source.rename(tmp_path / "b.py")
    assert source_digest(tmp_path) not in (first, second)
