"""Near-equal entries of one document cost in proportion to their number, where each used to be compared with all."""

import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from tests.newsroom import item, newsroom, prose, rss
from tests.servers import Server

FEW = 120


def calls_of_a_poll(folder: Path, server: Server, number: int) -> int:
    """The number of calls of functions that recording and publishing so many near-equal entries takes."""
    folder.mkdir()
    server.put("/feed", rss(*(item(each, description=f"{prose(1, 150)} edition{each}") for each in range(number))))
    room = newsroom(folder, [{"name": "one", "url": server.url("/feed"), "language": "en"}], feeds={"limit": 10})
    count = 0

    def profile(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(profile)
    threading.setprofile(profile)  # of the thread that writes to the database
    try:
        cycle = room.once()
    finally:
        sys.setprofile(before)
        threading.setprofile(None)
    assert cycle.new == number
    return count


def test_near_equal_entries_cost_in_proportion_to_their_number(tmp_path: Path, server: Server) -> None:
    calls_of_a_poll(tmp_path / "first", server, 3)  # which imports
    few = calls_of_a_poll(tmp_path / "few", server, FEW)
    many = calls_of_a_poll(tmp_path / "many", server, 3 * FEW)
    assert many < 4 * few
