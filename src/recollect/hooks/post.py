"""The file a hook's command names; it is compiled anew at every start, so all it does is to find the rest."""

import sys

sys.path.append(__file__.replace("\\", "/").rsplit("/", 3)[0] or "/")

from recollect.hooks.run import main

if __name__ == "__main__":
    main(sys.argv[1:])
