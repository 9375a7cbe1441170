"""How the shipped models and the study of docs/study.md were made. Not part of the installed package."""
