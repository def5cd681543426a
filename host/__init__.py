"""The running show: command line, show files, supervision, the loop."""
