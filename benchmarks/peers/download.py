"""Plain Scrapy that only downloads, with the settings of `scrapy startproject`: python download.py SITEMAP…"""

import sys

from scrapy.crawler import CrawlerProcess
from scrapy.spiders import SitemapSpider


class Download(SitemapSpider):
    name = "download"

    def parse(self, response):
        return None


process = CrawlerProcess({"ROBOTSTXT_OBEY": True, "LOG_LEVEL": "ERROR"})
process.crawl(Download, sitemap_urls=sys.argv[1:])
process.start()
