"""Built-in hosts, stages and takes, each made by a script of ours; LICENCES.toml names every file."""
