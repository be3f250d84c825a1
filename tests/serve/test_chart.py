"""Articles a day as a small chart."""

from datetime import date, timedelta

from aggregator.serve.chart import DAYS, chart

TODAY = date(2026, 11, 24)


def test_each_day_is_a_bar_as_high_as_its_share_of_the_best() -> None:
    drawn = chart({TODAY: 4, TODAY - timedelta(days=1): 1, TODAY - timedelta(days=DAYS - 1): 2}, TODAY)
    assert drawn is not None
    assert drawn.path == "M0 10v-5h.8v5zM26 10v-2.5h.8v2.5zM27 10v-10h.8v10z"
    assert (drawn.mean, drawn.maximum) == ("0.2", 4)


def test_days_outside_are_left_out_and_nothing_is_no_chart() -> None:
    assert chart({TODAY - timedelta(days=DAYS): 3, TODAY + timedelta(days=1): 3}, TODAY) is None
    assert chart({}, TODAY) is None
