"""Reports: runs and evaluations side by side, as the method x metric table people compare by.

Rules. A result is one evaluation (the JSON of `tiekd eval`) or, for a run folder without one, the best row of
its validation. Results go into one table if they share protocol and fingerprint. In a table, results of one
name whose recipes agree but for the seed, paths and resources are seeds of one method and are averaged.
"""

from tiekd.report.collect import Collected, Result, collect
from tiekd.report.pages import Report, build_report
from tiekd.report.table import Row, Table, tabulate

__all__ = ["Collected", "Report", "Result", "Row", "Table", "build_report", "collect", "tabulate"]
