"""``mirrorstage bench``: what every stage costs on this machine, measured on the running parts."""
