"""Our VRM runtime held against others: one motion, one format of results, their differences."""
