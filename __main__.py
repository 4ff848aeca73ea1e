"""`python -m fourfold`: the command line, also under torchrun."""

from fourfold.core.cli import main

if __name__ == "__main__":
    main()
