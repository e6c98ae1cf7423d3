"""Scrapy's settings, each with its reason. Everything else is Scrapy's default."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("newsletter-archive")
except PackageNotFoundError:  # run from a checkout that is not installed
    VERSION = "0"

BOT_NAME = "newsletter-archive"
SPIDER_MODULES = ["crawler.spiders"]
USER_AGENT = f"newsletter-archive/{VERSION}"  # --contact adds who runs it

# A good guest. All of these are off, or at zero, by default.
ROBOTSTXT_USER_AGENT = "newsletter-archive"
DOWNLOAD_DELAY = 1.0  # seconds; AutoThrottle raises it where a host is slow
CONCURRENT_REQUESTS_PER_DOMAIN = 1
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1.0
COOKIES_ENABLED = False

# What is archived is what the host sent. A source may say verify_tls = false (crawler/downloads.py).
DOWNLOAD_VERIFY_CERTIFICATES = True

# Bounds.
CONCURRENT_REQUESTS = 32
DOWNLOAD_TIMEOUT = 30
DOWNLOAD_MAXSIZE = 10 * 1024 * 1024  # of what is no page of a source: robots.txt
DOWNLOAD_WARNSIZE = 0
CONCURRENT_ITEMS = 1  # a page gives one; Scrapy (2.19) makes so many tasks for each answer
RETRY_TIMES = 2
# Faults that pass. Not 429: a host that asks for less is not asked again at once.
RETRY_HTTP_CODES = [408, 500, 502, 503, 504, 522, 524]

# Bodies stay as they came over the wire: the workers unpack what they read from the WARC files.
COMPRESSION_ENABLED = False
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",
}

# None: the spider sees every answer, and what it finds on a page is no request but waits in the frontier.
SPIDER_MIDDLEWARES_BASE: dict[str, int] = {}
METAREFRESH_ENABLED = False  # parses every page in the event loop; consent walls use it most

DOWNLOADER_MIDDLEWARES = {
    "crawler.politeness.PolitenessMiddleware": 90,  # before robots.txt is asked for
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.robots.RobotsMiddleware": 100,
    "crawler.capture.CaptureMiddleware": 950,  # nearest to the downloader
}
TWISTED_DNS_RESOLVER = "crawler.resolver.Names"  # what was checked is what is connected to
DOWNLOAD_HANDLERS = {
    "http": "crawler.downloads.PoliteDownloads",
    "https": "crawler.downloads.PoliteDownloads",
}
ITEM_PIPELINES = {"crawler.pipeline.ArchivePipeline": 300}

# No others: Scrapy's own would run code for whoever connects (telnet console, remote control).
EXTENSIONS_BASE: dict[str, int] = {}
EXTENSIONS = {"scrapy.extensions.throttle.AutoThrottle": 0}
LOG_LEVEL = "CRITICAL"  # what users need to know is in the report; --debug shows the rest
