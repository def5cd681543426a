"""The show files that ``mirrorstage new`` starts from."""
