"""The command `mall`. Each command only wires settings to what does the work, and loads that when it runs."""


def main() -> None:
    """Run the command line and end the process with its status."""
    import sys

    from cluster.cli.app import app
    from cluster.cli.outcome import run

    sys.exit(run(app))
