"""Libraries talk to developers; the person at the terminal gets our own warnings and one line for a failure."""

import logging
import os
import sys
import warnings

_CHATTY = ("psycopg.pool", "ray", "urllib3", "botocore", "ultralytics")


def hush() -> None:
    """Keep libraries' chatter off stderr, for this process; `python -W` still shows their warnings."""
    logging.basicConfig(level=logging.WARNING, format="mall: %(levelname)s: %(message)s")
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    os.environ.setdefault("RAY_DATA_LOG_LEVEL", "ERROR")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
