"""What a crawl costs a site, as `python -m benchmarks.requests` measures it."""

from __future__ import annotations

from benchmarks.requests import MOST_REQUESTS, NEW_SHARE, measure, table


def test_a_crawl_without_news_asks_for_lists_alone() -> None:
    first, second, third = costs = list(measure(30, delay=0))
    assert (first.new, second.new, third.new) == (30, 0, round(30 * NEW_SHARE))
    assert second.requests <= MOST_REQUESTS * second.articles
    # The lists and robots.txt; each article once, when it is new.
    assert first.requests - first.new == third.requests - third.new == second.requests == 3
    assert second.statuses[304] == 2
    assert sum("unchanged" in line for line in table(costs)) == 1
