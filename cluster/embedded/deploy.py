"""Puts the HTTP application and the request handler on a Ray cluster, or lets them finish and takes them off again.

Run as a short-lived process: `python -m cluster.embedded.deploy PORT`, or `.. drain`. The arguments of both applications
come as JSON on standard input, because they hold passwords. What is deployed lives on in Ray when this process has ended.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import ray
from pydantic import BaseModel
from ray import serve as ray_serve
from ray.serve import RunTarget
from ray.serve.config import HTTPOptions

from cluster import handler
from cluster.handler import HandlerArgs
from serve import app
from serve.app import ServeArgs

DRAIN = "drain"
QUESTIONS, HANDLER = "mall", "handler"
"""The applications by the names that Ray Serve knows them by."""


class Arguments(BaseModel):
    """Those of both applications."""

    questions: ServeArgs
    handler: HandlerArgs


def main() -> None:
    """Deploy or drain, and leave; Ray's address and token come from the environment."""
    ray.init(address="auto", log_to_driver=False, namespace="serve")
    if sys.argv[1] == DRAIN:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(ray_serve.delete, (HANDLER, QUESTIONS)))
        return
    args = Arguments.model_validate_json(sys.stdin.read())
    ray_serve.start(http_options=HTTPOptions(host="127.0.0.1", port=int(sys.argv[1])))
    handling = RunTarget(handler.build(args.handler), name=HANDLER, route_prefix=None)
    answering = RunTarget(app.build(args.questions), name=QUESTIONS, route_prefix="/")
    ray_serve.run_many([handling, answering])


if __name__ == "__main__":
    main()
