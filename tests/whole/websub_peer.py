"""flask-websub as a program: a publisher, its hub and a subscriber on one loopback port, which it prints.

    GET  /topic                 the publisher's document: what stands in the file of the first argument
    POST /changed               tells the hub that /topic changed
    GET  /subscribers?url=…     how many callbacks the hub has for that topic
    POST /subscribe?url=…       has the subscriber discover and subscribe to that feed
    GET  /received              what the subscriber was sent: a JSON list of [topic, seconds since 1970, text]

The library leaves its tasks to Celery; threads do here. Run by `tests/whole/test_flask_websub.py`.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask, Response, request, url_for
from flask_websub.hub import Hub, SQLite3HubStorage
from flask_websub.publisher import init_publisher, publisher
from flask_websub.subscriber import (
    SQLite3SubscriberStorage,
    SQLite3TempSubscriberStorage,
    Subscriber,
    discover,
)
from werkzeug.serving import make_server


class Threads:
    """What the library needs of Celery: tasks that are called by `delay`, retried as they ask for."""

    def task(self, bind: bool = False, max_retries: int = 0) -> Callable[[Callable[..., Any]], Any]:
        def made(function: Callable[..., Any]) -> Any:
            def delay(*arguments: Any) -> None:
                threading.Thread(target=run, args=arguments, daemon=True).start()

            def run(*arguments: Any, retries: int = 0) -> None:
                def retry(countdown: float) -> None:
                    if retries < max_retries:
                        threading.Timer(countdown, run, arguments, {"retries": retries + 1}).start()

                this = SimpleNamespace(request=SimpleNamespace(retries=retries), retry=retry)
                function(*((this, *arguments) if bind else arguments))

            return SimpleNamespace(delay=delay)

        return made


def application(folder: Path) -> Flask:
    app = Flask(__name__)
    app.config["PUBLISH_SUPPORTED"] = True
    hub = Hub(SQLite3HubStorage(str(folder / "hub.db")), Threads(), REQUEST_TIMEOUT=60)
    app.register_blueprint(hub.build_blueprint(url_prefix="/hub"))
    storages = (
        SQLite3SubscriberStorage(str(folder / "subscriber.db")),
        SQLite3TempSubscriberStorage(str(folder / "asking.db")),
    )
    subscriber = Subscriber(*storages, REQUEST_TIMEOUT=60)
    app.register_blueprint(subscriber.build_blueprint(url_prefix="/callbacks"))
    init_publisher(app)
    received: list[tuple[str, float, str]] = []
    subscriber.add_listener(lambda topic, _callback, body: received.append((topic, time.time(), body.decode())))

    @app.route("/topic")
    @publisher()  # type: ignore[untyped-decorator]  # it ships no types
    def topic() -> Response:
        return Response((folder / "topic.xml").read_bytes(), mimetype="application/rss+xml")

    @app.route("/changed", methods=["POST"])
    def changed() -> str:
        hub.send_change_notification.delay(url_for("topic", _external=True))
        return "told"

    @app.route("/subscribe", methods=["POST"])
    def subscribe() -> str:
        return str(subscriber.subscribe(**discover(request.args["url"], timeout=60)))

    @app.route("/subscribers")
    def subscribers() -> str:
        return str(len(list(hub.storage.get_callbacks(request.args["url"]))))

    @app.route("/received")
    def heard() -> str:
        return json.dumps(received)

    return app


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, application(Path(sys.argv[1])), threaded=True)
    print(server.server_port, flush=True)
    server.serve_forever()
