"""Puts the HTTP application on a Ray cluster; run as a short-lived process: `python -m cluster.embedded.deploy PORT`.

The arguments of the application come as JSON on standard input, because they hold a password. What is deployed
lives on in Ray when this process has ended.
"""

import sys

import ray
from ray import serve as ray_serve
from ray.serve.config import HTTPOptions

from serve.app import ServeArgs, build


def main() -> None:
    """Deploy and leave; Ray's address and token come from the environment."""
    port, args = int(sys.argv[1]), ServeArgs.model_validate_json(sys.stdin.read())
    ray.init(address="auto", log_to_driver=False, namespace="serve")
    ray_serve.start(http_options=HTTPOptions(host="127.0.0.1", port=port))
    ray_serve.run(build(args), name="mall", route_prefix="/")


if __name__ == "__main__":
    main()
