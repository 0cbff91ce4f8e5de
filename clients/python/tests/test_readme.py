"""Every snippet of the README, in its order, against the server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
SNIPPET = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


def test_snippets_run(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = README.read_text("utf8").replace("127.0.0.1:50051", target)
    snippets = list(SNIPPET.finditer(text))
    assert len(snippets) == text.count("```python")
    names: dict[str, object] = {}
    for snippet in snippets:
        # Blank lines before it, so that a traceback has the README's line.
        before = "\n" * text[: snippet.start(1)].count("\n")
        exec(compile(before + snippet[1], README, "exec"), names)
    assert (tmp_path / "preview.png").exists()
