"""`auth-flow chart`: the state machine as a diagram."""

from __future__ import annotations

import shutil
import subprocess
from typing import Literal

import click

from auth_flow.states import _diagram as diagram


@click.command(help="Print the diagram of all states and transitions.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "dot", "svg"]),
    default="mermaid",
    show_default=True,
    help="mermaid for Markdown, dot for Graphviz, or svg, which needs Graphviz.",
)
def chart(form: Literal["mermaid", "dot", "svg"]) -> None:
    match form:
        case "mermaid":
            click.echo(diagram.mermaid(), nl=False)
        case "dot":
            click.echo(diagram.dot(), nl=False)
        case "svg":
            click.echo(_svg(), nl=False)


def _svg() -> str:
    program = shutil.which("dot")
    if program is None:
        raise click.ClickException(
            "SVG needs Graphviz, and its program `dot` is not on the PATH. Install it, or use "
            "--format dot."
        )
    drawn = subprocess.run(  # noqa: S603
        [program, "-Tsvg"], input=diagram.dot(), capture_output=True, text=True, check=True
    )
    return drawn.stdout
