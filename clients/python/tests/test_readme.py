"""Every snippet of the package's README and of the project's, in its order, against the server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent
READMES = [PACKAGE / "README.md", PACKAGE.parent.parent / "README.md"]
SNIPPET = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


@pytest.mark.parametrize("readme", READMES, ids=["package", "project"])
def test_snippets_run(
    readme: Path, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = readme.read_text("utf8").replace("127.0.0.1:50051", target)
    snippets = list(SNIPPET.finditer(text))
    assert len(snippets) == text.count("```python") > 0
    names: dict[str, object] = {}
    for snippet in snippets:
        # Blank lines before it, so that a traceback has the README's line.
        before = "\n" * text[: snippet.start(1)].count("\n")
        exec(compile(before + snippet[1], readme, "exec"), names)
    assert (tmp_path / "preview.png").exists() == (readme.parent == PACKAGE)
