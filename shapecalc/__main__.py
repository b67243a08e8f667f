"""``python -m shapecalc``, for where the command is not on the path."""

from shapecalc.cli import main

if __name__ == "__main__":
    main(prog_name="python -m shapecalc")
