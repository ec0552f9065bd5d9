"""The verbs for projects, members, grants, users and tokens, as one actor may use them."""
