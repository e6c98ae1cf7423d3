"""Scrapy, trafilatura in its pipeline, a row per insert with sqlite-utils: the way everybody begins.

python beginner.py DATABASE SITEMAP…
"""

import sys

import sqlite_utils
import trafilatura
from scrapy.crawler import CrawlerProcess
from scrapy.spiders import SitemapSpider


class Articles(SitemapSpider):
    name = "articles"

    def parse(self, response):
        yield {"url": response.url, "html": response.text}


class Pipeline:
    def open_spider(self):
        self.articles = sqlite_utils.Database(DATABASE)["articles"]

    def process_item(self, item):
        found = trafilatura.bare_extraction(item["html"], url=item["url"], with_metadata=True)
        if found:
            self.articles.insert(
                {
                    "url": item["url"],
                    "title": found.title,
                    "author": found.author,
                    "date": found.date,
                    "description": found.description,
                    "text": found.text,
                },
                pk="url",
                replace=True,
            )
        return item


if __name__ == "__main__":
    DATABASE = sys.argv[1]
    settings = {"ROBOTSTXT_OBEY": True, "LOG_LEVEL": "ERROR", "ITEM_PIPELINES": {Pipeline: 300}}
    process = CrawlerProcess(settings)
    process.crawl(Articles, sitemap_urls=sys.argv[2:])
    process.start()
