"""The command `mall`. Each command only wires settings to what does the work, and loads that when it runs."""


def main() -> None:
    """Run the command line and end the process with its status."""
    import sys

    from cluster.cli.app import app
    from cluster.cli.noise import hush
    from cluster.cli.outcome import run

    hush()
    sys.exit(run(app))
