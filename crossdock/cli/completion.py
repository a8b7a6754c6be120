"""`crossdock completion`: the script with which a shell completes commands and options."""

import click
from click.shell_completion import get_completion_class

_SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_CROSSDOCK_COMPLETE"  # the variable click derives from the program's name


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS), help="Shell that the script is for.")
def completion(shell: str) -> None:
    """Print the script that makes a shell complete crossdock's commands and options.

    In bash: eval "$(crossdock completion bash)", for good in ~/.bashrc. In zsh the same with zsh, in ~/.zshrc. In fish:
    crossdock completion fish > ~/.config/fish/completions/crossdock.fish
    """
    from crossdock.cli import program

    kind = get_completion_class(shell)
    assert kind is not None, shell
    click.echo(kind(program, {}, "crossdock", _VARIABLE).source())
