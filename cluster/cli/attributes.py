"""`mall attributes`: what may be told of people, and the decision about it."""

from typing import TYPE_CHECKING, Annotated

import typer

from models.world.errors import BadInput, MallError

if TYPE_CHECKING:
    from models.world.attributes import State

app = typer.Typer(help="What may be told of people.", no_args_is_help=True)
Key = Annotated[str, typer.Argument(metavar="KEY", help="Such as shirt.", show_default=False)]


@app.callback()
def attributes() -> None:
    """What may be told of people."""


@app.command("list")
def list_() -> None:
    """List every attribute that is defined, with its state and its values."""
    from models.world.attributes import REGISTRY

    rows = [("key", "state", "version", "values", "tells")]
    rows += [(one.key, one.state, str(one.version), _values(one.values), one.wording) for one in REGISTRY.values()]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        typer.echo("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]))


@app.command()
def show(key: Key) -> None:
    """Show one attribute: values, head, smallest person, version, state, and whether our weights can tell it."""
    from models.vision.describer import told_by
    from models.world.attributes import REGISTRY

    if key not in REGISTRY:
        raise BadInput(f"there is no attribute {key!r}; known: {', '.join(REGISTRY)}")
    one = REGISTRY[key]
    rows = "" if one.rows is None else f" (rows {one.rows[0]:g} to {one.rows[1]:g} of a crop)"
    told = told_by().get(key) == len(one.values)
    for name, value in (
        ("key", one.key),
        ("wording", one.wording),
        ("values", f"{', '.join(one.values)}, or unknown"),
        ("head", f"{one.head}{rows}"),
        ("smallest person", f"{one.min_height_px:g} px"),
        ("version", str(one.version)),
        ("state", one.state),
        ("weights", "tell it" if told else "do not tell it (mall train describer)"),
    ):
        typer.echo(f"{name + ':':<17}{value}")


@app.command()
def approve(key: Key) -> None:
    """Have an attribute stored and asked for from the next start on; blocked words cannot be approved."""
    from models.vision.describer import require, told_by
    from models.world.attributes import REGISTRY, refuse_blocked

    if key in REGISTRY:
        refuse_blocked(REGISTRY[key])
        require(told_by(), {key: REGISTRY[key].values})
    _decide(key, "approved")


@app.command()
def retire(key: Key) -> None:
    """Have an attribute neither stored nor asked for any more from the next start on."""
    _decide(key, "retired")


def _decide(key: str, state: "State") -> None:
    from models.world.attributes import FILE, with_state

    changed = with_state(FILE.read_text(encoding="utf-8"), key, state)
    try:
        FILE.write_text(changed, encoding="utf-8")
    except OSError as error:
        raise MallError(f"{FILE} cannot be written ({error.strerror}); change its state there, in the source") from None
    typer.echo(f"{key}: {state} in {FILE}; from the next start on (mall down, mall up)")


def _values(values: tuple[str, ...]) -> str:
    from models.world.attributes import COLOURS

    return "colours" if values == COLOURS else ", ".join(values)
