import subprocess
import sys

HEAVY = ("torch", "cv2", "ultralytics", "openvino", "matplotlib", "scipy", "pipelines", "cluster")


def modules_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return set(done.stdout.split())


def test_serving_never_loads_what_only_extraction_needs() -> None:
    loaded = modules_after("import serve.replica, serve.api, serve.logic.records, serve.client")
    assert not loaded & set(HEAVY)
    assert {"ray", "fastapi", "psycopg"} <= loaded


def test_the_wiring_loads_nothing_before_it_is_used() -> None:
    assert not modules_after("import serve.app") & {*HEAVY, "pandas", "ray", "fastapi", "psycopg"}


def test_the_client_loads_neither_the_server_nor_the_database() -> None:
    assert not modules_after("import serve.client") & {*HEAVY, "pandas", "ray", "fastapi", "psycopg", "sqlalchemy"}
