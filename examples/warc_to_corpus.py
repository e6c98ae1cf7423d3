r"""WARC files to a deduplicated corpus in Parquet, on this machine, with Ray or with Slurm.

    python examples/warc_to_corpus.py warc/ work/ --workers 2
    python examples/warc_to_corpus.py s3://commoncrawl/crawl-data/CC-NEWS/2026/10/ s3://mine/work/ \
        --tasks 500 --workers 100 --executor ray
    python examples/warc_to_corpus.py warc/ work/ --tasks 500 --workers 100 \
        --executor slurm --partition cpu --time 12:00:00

The corpus is in work/corpus/. Started again after whatever ended it, it goes on where it was: see
docs/datatrove.md.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from datatrove.executor import LocalPipelineExecutor, RayPipelineExecutor, SlurmPipelineExecutor
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import JsonlWriter, ParquetWriter
from datatrove.utils.hashing import HashConfig

from crawler.datatrove import (
    ROBOTS_SCHEMA,
    Articles,
    CountRepeated,
    RemoveRepeated,
    Robots,
    Words,
    schema,
)

EXECUTORS = {
    "local": LocalPipelineExecutor,
    "ray": RayPipelineExecutor,
    "slurm": SlurmPipelineExecutor,
}
# Texts that share 72 % of their runs of five words are found in half of all cases, at 80 % in 92 %.
MINHASH = MinhashConfig(
    n_grams=5, num_buckets=14, hashes_per_bucket=8, hash_config=HashConfig(hash_fc="sha1")
)


def stages(warc: str, work: str, tasks: int) -> list[tuple[str, int, list[Any]]]:
    """The pipelines one after the other: name, number of tasks, blocks."""

    def parquet(folder: str, columns: Any) -> ParquetWriter:
        return ParquetWriter(
            f"{work}/{folder}", schema=columns, expand_metadata=True, compression="zstd"
        )

    failures = JsonlWriter(f"{work}/failures", expand_metadata=True)
    texts = ParquetReader(f"{work}/cleaned", id_key="record_id", read_metadata=False)
    return [
        # What robots.txt reserves. Left out where the files hold none, as those of CC-NEWS.
        ("robots", tasks, [Robots(warc), parquet("robots", ROBOTS_SCHEMA)]),
        (
            "articles",
            tasks,
            [
                Articles(warc, robots=f"{work}/robots", exclusion_writer=failures),
                parquet("articles", schema(blocks=True)),
            ],
        ),
        # What repeats on a site, over all files.
        ("counts", tasks, [CountRepeated(f"{work}/articles", f"{work}/counts")]),
        (
            "cleaned",
            tasks,
            [
                ParquetReader(f"{work}/articles"),
                RemoveRepeated(f"{work}/counts"),
                parquet("cleaned", schema(blocks=True)),
            ],
        ),
        # Near-duplicates: datatrove's four steps.
        (
            "signatures",
            tasks,
            [texts, MinhashDedupSignature(f"{work}/signatures", MINHASH, Words())],
        ),
        (
            "pairs",
            MINHASH.num_buckets,
            [MinhashDedupBuckets(f"{work}/signatures", f"{work}/pairs", config=MINHASH)],
        ),
        ("clusters", 1, [MinhashDedupCluster(f"{work}/pairs", f"{work}/clusters", config=MINHASH)]),
        (
            "corpus",
            tasks,
            [
                ParquetReader(f"{work}/cleaned"),
                MinhashDedupFilter(f"{work}/clusters"),
                parquet("corpus", schema()),
            ],
        ),
    ]


def run(warc: str, work: str, tasks: int, executor: str = "local", **options: Any) -> None:
    """Run the stages; what was done before is not done again. `options` are the executor's own."""
    if executor == "ray":
        import ray

        ray.init(ignore_reinit_error=True)  # the cluster of RAY_ADDRESS, else one of this machine
    last = None
    for name, count, pipeline in stages(warc, work, tasks):
        last = EXECUTORS[executor](
            pipeline=pipeline,
            tasks=count,
            logging_dir=f"{work}/logs/{name}",
            depends=last,
            **options,
        )
    last.run()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("warc", help="folder of WARC files, or an fsspec address of one")
    parser.add_argument("work", help="folder for what is made of them")
    parser.add_argument(
        "--tasks", type=int, default=8, help="parts of the work; at most one a file"
    )
    parser.add_argument("--workers", type=int, default=2, help="parts done at the same time")
    parser.add_argument("--executor", choices=EXECUTORS, default="local")
    parser.add_argument("--partition", help="of Slurm")
    parser.add_argument("--time", help="of Slurm: the most that a task may take, as 12:00:00")
    given = parser.parse_args()
    slurm = {
        "partition": given.partition,
        "time": given.time,
        "venv_path": f"{sys.prefix}/bin/activate",
    }
    run(
        given.warc.rstrip("/"),
        given.work.rstrip("/"),
        given.tasks,
        given.executor,
        workers=given.workers,
        **(slurm if given.executor == "slurm" else {}),
    )
