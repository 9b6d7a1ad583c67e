"""Keys of `screening generate`."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from screening.configuration.base import CommandConfig
from screening.errors import RequestError
from screening.settings import setting, settings_class


@settings_class
class GenerateConfig(CommandConfig):
    """Make candidates by substitution: the chosen elements on the sites of known structure types, cells from radii.

    Writes rows that `screening rank candidates=FILE` reads. A role of the prototypes takes the elements listed for it;
    elements.ROLE=[] leaves out the prototypes that need it. With x, there are solid solutions as well.

    Examples:
      screening generate output=candidates.jsonl.gz
      screening generate output=nd.jsonl.gz prototypes=[Nd2Fe14B,ThMn12N] elements.rare_earth=[Nd,Pr]
      screening generate output=alloys.jsonl.gz prototypes=[Nd2Fe14B] x=[0.1,0.2,0.3]
      screening generate output=free.jsonl.gz elements=rare_earth_free max_candidates=1000
    """

    command: ClassVar[str] = "generate"

    output: str = setting(help="file to write, FILE.jsonl.gz or FILE.jsonl", path=True)
    prototypes: list[str] | None = setting(default=None, help="structure types, as in datasets/prototypes; null: all")
    max_candidates: int | None = setting(
        default=None, help="keep only that many, spread evenly over all that can be made; null: all", minimum=1
    )
    x: list[float] | None = setting(
        default=None, help="also solid solutions of compounds that differ in one role, at these shares; null: none"
    )
    elements: dict[str, Any] = setting(default={}, help="elements or ions that may stand on the sites of each role")

    def finish(self) -> Self:
        if not self.output.endswith((".jsonl", ".jsonl.gz")):
            raise RequestError(f"output={self.output}: expected a file name that ends in .jsonl.gz or .jsonl")
        return self
