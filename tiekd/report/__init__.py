"""Reports: tables of methods and metrics, made from runs and evaluations.

A result is one evaluation (the JSON of `tiekd eval`). For a run folder without evaluations it is the best
validation of the run. Results with the same protocol and fingerprint go into one table. In a table, results
count as seeds of one method, and are averaged, if they have the same name and their recipes differ only in
seed, paths and resources.
"""

from tiekd.report.collect import Collected, Result, collect
from tiekd.report.pages import Report, build_report
from tiekd.report.table import Row, Table, tabulate

__all__ = ["Collected", "Report", "Result", "Row", "Table", "build_report", "collect", "tabulate"]
