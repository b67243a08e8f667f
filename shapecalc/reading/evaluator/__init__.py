"""Python as networks are written in it: syntax made into functions, which do things with values."""
