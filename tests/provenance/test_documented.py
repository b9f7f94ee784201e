"""Every reason has a sentence, and stands in docs/provenance.md."""

from __future__ import annotations

import re
from pathlib import Path

from gradstep.trace import reasons
from gradstep.views.why_texts import _WRITERS


def test_every_code_has_a_sentence_and_is_documented(root: Path) -> None:
    source = Path(reasons.__file__).read_text(encoding="utf-8")
    given = set(re.findall(r'(?:Reason|reason)\(\s*"(\w+)"', source))
    given |= set(re.findall(r'"(\w+)" if ended is None else "(\w+)"', source)[0])
    assert given == set(_WRITERS)
    page = (root / "docs" / "provenance.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`.*?) \|", page, re.M))))
    assert documented == given
