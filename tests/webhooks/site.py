"""The site as it is served, with a bundled trainer that reports its runs.

`python -m tests.webhooks.site --port P`.
"""

from tests.webhooks.hooked import enable

enable()

if __name__ == "__main__":
    from theway.server import main

    main()
