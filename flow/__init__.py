"""The vocabulary of the house: values, clock, lanes, seams and errors. Depends on numpy only."""
