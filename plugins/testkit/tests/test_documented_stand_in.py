"""The test module that docs/plugins.md shows is complete: it tests a destination with pages by position."""

import re
from pathlib import Path
from typing import Any

from plugins.testkit.tests.ledger import PLUGIN, SCHEMAS

GUIDE = Path(__file__).parents[3] / "docs" / "plugins.md"
IMPORT = "from gleanin_sync_example import PLUGIN, SCHEMAS\n"


def documented() -> dict[str, Any]:
    """Return what the module defines, with another plug-in in the place of the reader's."""
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    (code,) = (block for block in blocks if block.startswith(IMPORT))
    module: dict[str, Any] = {"PLUGIN": PLUGIN, "SCHEMAS": SCHEMAS, "__name__": __name__}
    exec(compile(code.removeprefix(IMPORT), GUIDE, "exec"), module)  # noqa: S102 - our own
    return module


TestExample = documented()["TestExample"]
